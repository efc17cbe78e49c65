package carve

import (
	"bytes"
	"context"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"testing"
)

func noise(n int, seed uint64) []byte {
	b := make([]byte, n)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8)})
	r.Read(b)
	return b
}

// binaries reads at most n bytes of the machine's programs and libraries.
func binaries(n int) []byte {
	var out []byte
	for _, root := range []string{"/usr/lib", "/usr/bin"} {
		_ = filepath.WalkDir(root, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return nil
			}
			if len(out) >= n {
				return filepath.SkipAll
			}
			if b, err := os.ReadFile(name); err == nil {
				out = append(out, b[:min(len(b), n-len(out))]...)
				out = append(out, make([]byte, -len(out)&4095)...)
			}
			return nil
		})
	}
	return out
}

func BenchmarkRun(b *testing.B) {
	const size = 64 << 20
	for _, c := range []struct {
		name string
		data []byte
	}{
		{"zeros", make([]byte, size)},
		{"random", noise(size, 1)},
		{"programs", binaries(size)},
	} {
		b.Run(c.name, func(b *testing.B) {
			if len(c.data) == 0 {
				b.Skip("no programs on this machine")
			}
			b.SetBytes(int64(len(c.data)))
			b.ReportAllocs()
			r := bytes.NewReader(c.data)
			for b.Loop() {
				f := &Finder{}
				if _, err := f.run(context.Background(), r, int64(len(c.data)), nil); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
