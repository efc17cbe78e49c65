package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"github.com/jobscan/jobscan/fixtures"
)

// starts measures how long programs take that have next to nothing to do, in
// turn: a difference of a millisecond shows only over many runs.
func starts(o options, stdout, stderr io.Writer) error {
	job := filepath.Join(o.dir, "bench.job")
	if err := os.WriteFile(job, fixtures.Job{}.Bytes(), 0o644); err != nil {
		return err
	}
	defer os.Remove(job)
	list := startPrograms(o, job, stderr)
	runs := make([][]measurement, len(list))
	for range o.starts {
		for i, args := range list {
			m, err := start(args)
			if err != nil {
				return err
			}
			runs[i] = append(runs[i], m)
		}
	}
	fmt.Fprintf(stdout, "%d runs of each; load %s\n\n", o.starts, load())
	fmt.Fprint(stdout, "| program | wall ms, median | wall ms, least | CPU ms, median |\n|---|---:|---:|---:|\n")
	for i, args := range list {
		s := series{runs: runs[i]}
		name := filepath.Base(args[0])
		if len(args) > 1 {
			name += " " + args[1]
		}
		fmt.Fprintf(stdout, "| `%s` | %.1f | %.1f | %.1f |\n", name, ms(median(s.walls())), ms(least(s.walls())), ms(median(s.cpus())))
	}
	return nil
}

// startPrograms lists those that are there: true, a Go program that does nothing,
// and jobscan with its two smallest tasks.
func startPrograms(o options, job string, stderr io.Writer) (list [][]string) {
	for _, args := range [][]string{{"true"}, {o.empty}, {o.jobscan, "version"}, {o.jobscan, "job", job}} {
		if args[0] == "" {
			continue
		}
		path, err := exec.LookPath(args[0])
		if err != nil {
			fmt.Fprintf(stderr, "bench: %s is left out: %v\n", args[0], err)
			continue
		}
		list = append(list, append([]string{path}, args[1:]...))
	}
	return list
}

// start runs a program whose output nobody wants.
func start(args []string) (measurement, error) {
	cmd := exec.Command(args[0], args[1:]...)
	began := time.Now()
	err := cmd.Run()
	wall := time.Since(began)
	if err != nil {
		return measurement{}, fmt.Errorf("%s: %w", args[0], err)
	}
	return measurement{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime()}, nil
}

func ms(d time.Duration) float64 { return d.Seconds() * 1000 }
