// Command floor reads parts of a file and looks at none of them: what no scan of
// $MFT and $J can do without, as a process like the programs that it is held
// against. It knows nothing.
//
//	floor FILE OFFSET:LENGTH...
//
// It prints how many bytes it read, and the nanoseconds from before it opened the
// file until after the last byte, which leave out the start of the process.
package main

import (
	"fmt"
	"os"
	"time"
)

func main() {
	if len(os.Args) < 2 {
		fmt.Fprintln(os.Stderr, "floor: expected FILE OFFSET:LENGTH...")
		os.Exit(2)
	}
	if err := run(os.Args[1], os.Args[2:]); err != nil {
		fmt.Fprintln(os.Stderr, "floor:", err)
		os.Exit(2)
	}
}

func run(name string, ranges []string) error {
	start := time.Now()
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	total := int64(0)
	for _, r := range ranges {
		var offset, length int64
		if _, err := fmt.Sscanf(r, "%d:%d", &offset, &length); err != nil {
			return fmt.Errorf("range %q: %w", r, err)
		}
		for length > 0 {
			n, err := f.ReadAt(buf[:min(int64(len(buf)), length)], offset)
			if err != nil {
				return err
			}
			offset, length, total = offset+int64(n), length-int64(n), total+int64(n)
		}
	}
	fmt.Printf("{\"bytes\":%d,\"loop\":%d}\n", total, time.Since(start))
	return nil
}
