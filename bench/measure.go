package main

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"time"
)

// measurement is one run of a program.
type measurement struct {
	wall, cpu time.Duration
	loop      time.Duration // what the program says itself, without its start; 0 where it does not
	peak      int64         // resident set in bytes; 0 where it is not known
}

// series are the runs of one program.
type series struct {
	runs  []measurement
	facts facts
}

func median[T int64 | time.Duration | float64](s []T) T {
	if len(s) == 0 {
		return 0
	}
	s = slices.Sorted(slices.Values(s))
	if n := len(s); n%2 == 0 {
		return (s[n/2-1] + s[n/2]) / 2
	}
	return s[len(s)/2]
}

func (s *series) walls() (out []time.Duration) {
	for _, m := range s.runs {
		out = append(out, m.wall)
	}
	return out
}

func (s *series) cpus() (out []time.Duration) {
	for _, m := range s.runs {
		out = append(out, m.cpu)
	}
	return out
}

func (s *series) loops() (out []time.Duration) {
	for _, m := range s.runs {
		out = append(out, m.loop)
	}
	return out
}

func (s *series) peak() (out int64) {
	for _, m := range s.runs {
		out = max(out, m.peak)
	}
	return out
}

// rounds runs every tool once a round, so that what else the machine does hits
// all alike.
func rounds(list []tool, image, out string, o options, stderr io.Writer) ([]series, error) {
	if err := writeRule(o.dir); err != nil {
		return nil, err
	}
	all := make([]series, len(list))
	if !o.cold {
		if err := warm(image); err != nil {
			return nil, err
		}
	}
	for round := range o.rounds {
		fmt.Fprintf(stderr, "round %d of %d\n", round+1, o.rounds)
		for i, t := range list {
			if t.untimed && round > 0 {
				continue
			}
			if o.cold {
				if err := dropCache(image); err != nil {
					return nil, fmt.Errorf("cold runs: %w", err)
				}
			}
			m, f, err := once(t, image, out)
			if err != nil {
				return nil, fmt.Errorf("%s: %w", t.name, err)
			}
			m.loop = f.Loop
			all[i].runs = append(all[i].runs, m)
			all[i].facts = f
		}
	}
	return all, nil
}

// warm reads the image once.
func warm(image string) error {
	f, err := os.Open(image)
	if err != nil {
		return err
	}
	defer f.Close()
	buf := make([]byte, 1<<20)
	for {
		_, err := f.Read(buf)
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
	}
}

// once runs a tool and reads what it found, outside the time.
func once(t tool, image, out string) (measurement, facts, error) {
	if err := os.Remove(out); err != nil && !os.IsNotExist(err) { // fsntfsinfo does not overwrite
		return measurement{}, facts{}, err
	}
	args := t.command(image, out)
	cmd := exec.Command(args[0], args[1:]...)
	var complaint bytes.Buffer
	cmd.Stderr = &complaint
	if !t.writes {
		f, err := os.Create(out)
		if err != nil {
			return measurement{}, facts{}, err
		}
		defer f.Close()
		cmd.Stdout = f
	}
	start := time.Now()
	err := cmd.Run()
	wall := time.Since(start)
	if err != nil {
		return measurement{}, facts{}, fmt.Errorf("%w: %s", err, complaint.Bytes())
	}
	m := measurement{wall: wall, cpu: cmd.ProcessState.UserTime() + cmd.ProcessState.SystemTime(), peak: peak(cmd.ProcessState)}
	result, err := os.Open(out)
	if err != nil {
		return measurement{}, facts{}, err
	}
	defer result.Close()
	f, err := t.facts(result)
	return m, f, err
}
