// Command bench measures jobscan side by side with other readers of NTFS, on a
// volume that package fixtures builds the same way every time, and how the time
// grows with the volume. It knows programs by their command lines and what they
// print; of the project it uses the fixtures, and package ntfs to find the bytes
// that the floor reads. It prints no ratio between programs that disagree about
// what is on the volume.
package main

import (
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strconv"
	"strings"
)

func main() { os.Exit(run(os.Args[1:], os.Stdout, os.Stderr)) }

// options are those of the command line.
type options struct {
	jobscan          string
	empty, floor     string
	dir              string
	records, journal int64
	rounds           int
	slow, keep, cold bool
	containers       bool
	growth           string
	plot             string
	starts           int
}

// run gives the exit code: 0, 1 where programs disagree, 2 for other failures.
func run(args []string, stdout, stderr io.Writer) int {
	if len(args) > 1 {
		if child, ok := children[args[0]]; ok {
			if err := child(args[1:], stdout); err != nil {
				fmt.Fprintf(stderr, "bench %s: %v\n", args[0], err)
				return 2
			}
			return 0
		}
	}
	o, err := parseFlags(args, stderr)
	switch {
	case err != nil:
	case o.starts > 0:
		err = starts(o, stdout, stderr)
	case o.containers:
		err = onVolume(o, func(_ string, v volume) error { return compareContainers(o, v, stdout, stderr) })
	case o.growth != "":
		err = growth(o, stdout, stderr)
	default:
		err = onVolume(o, func(self string, v volume) error { return compare(o, self, v, stdout, stderr) })
	}
	switch {
	case errors.Is(err, flag.ErrHelp):
		return 0
	case errors.Is(err, errDisagree):
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 1
	case err != nil:
		fmt.Fprintf(stderr, "bench: %v\n", err)
		return 2
	}
	return 0
}

// children are what runs as a process of its own, in this program.
var children = map[string]func(args []string, w io.Writer) error{
	"build":   buildChild,
	"go-ntfs": goNTFSChild,
}

func parseFlags(args []string, stderr io.Writer) (options, error) {
	var o options
	fs := flag.NewFlagSet("bench", flag.ContinueOnError)
	fs.SetOutput(stderr)
	fs.StringVar(&o.jobscan, "jobscan", "jobscan", "the program to measure")
	fs.StringVar(&o.empty, "empty", "", "a program that does nothing, for -starts")
	fs.StringVar(&o.floor, "floor", "floor", "the program that reads and looks at nothing")
	fs.StringVar(&o.dir, "dir", os.TempDir(), "folder for volumes and output")
	fs.Int64Var(&o.records, "records", 331354, "ordinary files of the volume")
	fs.Int64Var(&o.journal, "journal", 1000000, "records of its journal")
	fs.IntVar(&o.rounds, "rounds", 5, "rounds; each runs every program once")
	fs.BoolVar(&o.slow, "slow", false, "run fsntfsinfo over the journal too")
	fs.BoolVar(&o.keep, "keep", false, "leave the volume where it is")
	fs.BoolVar(&o.cold, "cold", false, "drop the volume from the page cache before each run")
	fs.BoolVar(&o.containers, "containers", false, "measure scans of the volume in containers, which qemu-img and ewfacquire make, beside the raw one")
	fs.StringVar(&o.growth, "growth", "", "measure jobscan and the floor alone on volumes of these `SIZES`, such as 100000,1000000")
	fs.IntVar(&o.starts, "starts", 0, "measure the start of programs alone, `N` times each")
	fs.StringVar(&o.plot, "plot", "", "write the growth to this `FILE`, as SVG")
	if err := fs.Parse(args); err != nil {
		return o, err
	}
	if fs.NArg() > 0 {
		return o, fmt.Errorf("unexpected argument %q", fs.Arg(0))
	}
	if o.rounds < 1 {
		return o, fmt.Errorf("-rounds %d: at least one is needed", o.rounds)
	}
	return o, nil
}

// sizes reads the list of -growth.
func sizes(list string) ([]int64, error) {
	var out []int64
	for s := range strings.SplitSeq(list, ",") {
		n, err := strconv.ParseInt(s, 10, 64)
		if err != nil || n < 1 {
			return nil, fmt.Errorf("-growth %q: expected numbers of records", list)
		}
		out = append(out, n)
	}
	return out, nil
}

// onVolume builds the volume of the options for do, and removes it after.
func onVolume(o options, do func(self string, v volume) error) error {
	self, err := os.Executable()
	if err != nil {
		return err
	}
	v, err := build(self, o.dir, o.records, o.journal)
	if err != nil {
		return err
	}
	if !o.keep {
		defer os.Remove(v.Path)
	}
	return do(self, v)
}

// compare runs every program over one volume, in rounds.
func compare(o options, self string, v volume, stdout, stderr io.Writer) error {
	ranges, err := floorRanges(v.Path)
	if err != nil {
		return err
	}
	tools := installed(tools(o, self, ranges), stderr)
	out := filepath.Join(o.dir, "bench.out")
	defer os.Remove(out)
	runs, err := rounds(tools, v.Path, out, o, stderr)
	if err != nil {
		return err
	}
	return writeTable(stdout, v, tools, runs, o)
}
