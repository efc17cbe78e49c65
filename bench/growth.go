package main

import (
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"
)

// point is the measurement of one size.
type point struct {
	records, bytes int64 // FILE records asked for; bytes of $MFT and $J
	jobscan, floor time.Duration
	cpu            time.Duration
	peak           int64 // bytes
}

// growth measures jobscan and the floor on volumes of several sizes, with three
// journal records for each file.
func growth(o options, stdout, stderr io.Writer) error {
	list, err := sizes(o.growth)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	var points []point
	for _, n := range list {
		fmt.Fprintf(stderr, "%d records\n", n)
		p, err := grown(o, self, n, stderr)
		if err != nil {
			return err
		}
		points = append(points, p)
	}
	writeGrowth(stdout, points)
	if o.plot == "" {
		return nil
	}
	return os.WriteFile(o.plot, plot(points), 0o644)
}

func grown(o options, self string, records int64, stderr io.Writer) (point, error) {
	v, err := build(self, o.dir, records, 3*records)
	if err != nil {
		return point{}, err
	}
	if !o.keep {
		defer os.Remove(v.Path)
	}
	ranges, err := floorRanges(v.Path)
	if err != nil {
		return point{}, err
	}
	var two []tool
	for _, t := range tools(o, self, ranges) {
		if t.name == nameFloor || t.name == nameJobscan {
			two = append(two, t)
		}
	}
	out := filepath.Join(o.dir, "bench.out")
	defer os.Remove(out)
	all, err := rounds(two, v.Path, out, o, stderr)
	if err != nil {
		return point{}, err
	}
	if want := uint64(3 * records); all[1].facts.Records < want {
		return point{}, fmt.Errorf("%d records: jobscan saw %d journal records, less than %d", records, all[1].facts.Records, want)
	}
	return point{
		records: records, bytes: v.MFT + v.Journal,
		floor: least(all[0].walls()), jobscan: least(all[1].walls()), cpu: least(all[1].cpus()), peak: all[1].peak(),
	}, nil
}

func writeGrowth(w io.Writer, points []point) {
	fmt.Fprint(w, "| FILE records | $MFT + $J, MiB | floor, wall s | jobscan scan, wall s | CPU s | CPU, ms per MiB | peak RSS, MiB |\n|---:|---:|---:|---:|---:|---:|---:|\n")
	for _, p := range points {
		fmt.Fprintf(w, "| %d | %.0f | %.3f | %.3f | %.3f | %.2f | %.1f |\n", p.records, mib(p.bytes), p.floor.Seconds(), p.jobscan.Seconds(),
			p.cpu.Seconds(), p.cpu.Seconds()*1000/mib(p.bytes), mib(p.peak))
	}
}
