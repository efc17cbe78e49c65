package main

import (
	"fmt"
	"io"
	"os"
	"runtime"
	"strings"
	"time"
)

// writeTable prints all medians, then the ratios, if the programs agree.
func writeTable(w io.Writer, v volume, list []tool, all []series, o options) error {
	cache := "warm"
	if o.cold {
		cache = "cold"
	}
	fmt.Fprintf(w, "%d ordinary files, %.0f MiB of $MFT; %d journal records, %.0f MiB of $J; page cache %s; %d rounds; %d cores, load %s\n\n",
		v.Records, mib(v.MFT), v.Entries, mib(v.Journal), cache, o.rounds, runtime.NumCPU(), load())
	fmt.Fprint(w, "| reads | program | wall s, median | wall s, least | CPU s, median | peak RSS, MiB |\n|---|---|---:|---:|---:|---:|\n")
	for i, t := range list {
		if t.untimed {
			continue
		}
		s := &all[i]
		fmt.Fprintf(w, "| %s | %s | %.3f | %.3f | %.3f | %.1f |\n", t.work, t.name,
			median(s.walls()).Seconds(), least(s.walls()).Seconds(), median(s.cpus()).Seconds(), mib(s.peak()))
		if loops := s.loops(); t.name == nameFloor {
			fmt.Fprintf(w, "| %s | %s | %.3f | %.3f | | |\n", t.work, nameLoop, median(loops).Seconds(), least(loops).Seconds())
		}
	}
	fmt.Fprintln(w)
	for i := range list {
		for j := range list[:i] {
			if err := all[i].facts.agree(all[j].facts); err != nil {
				return fmt.Errorf("no ratios: %s, %s: %w", list[i].name, list[j].name, err)
			}
		}
	}
	writeRatios(w, list, all)
	return nil
}

// ratio is a quotient of programs that are run one after the other.
type ratio struct {
	title       string
	above, over []string
}

func writeRatios(w io.Writer, list []tool, all []series) {
	byName := make(map[string]*series)
	for i, t := range list {
		byName[t.name] = &all[i]
		if t.name == nameFloor {
			byName[nameLoop] = loopAlone(&all[i])
		}
	}
	fmt.Fprint(w, "| ratio | of wall times, median of the rounds | of CPU times, median of the rounds |\n|---|---:|---:|\n")
	for _, r := range []ratio{
		{"jobscan / floor", []string{nameJobscan}, []string{nameFloor}},
		{"jobscan / floor without the start of its process", []string{nameJobscan}, []string{nameLoop}},
		{"go-ntfs / jobscan", []string{nameGoNTFS}, []string{nameJobscan}},
		{"go-ntfs with 64 KiB pages / jobscan", []string{nameGoNTFS + ", 64 KiB pages"}, []string{nameJobscan}},
		{"(fls + usnjls) / jobscan", []string{nameFls, nameUsnjls}, []string{nameJobscan}},
	} {
		above, ok1 := sums(byName, r.above)
		over, ok2 := sums(byName, r.over)
		if !ok1 || !ok2 {
			fmt.Fprintf(w, "| %s | not measured | |\n", r.title)
			continue
		}
		var walls, cpus []float64
		for i := range above {
			walls = append(walls, above[i].wall.Seconds()/over[i].wall.Seconds())
			if over[i].cpu > 0 {
				cpus = append(cpus, above[i].cpu.Seconds()/over[i].cpu.Seconds())
			}
		}
		if len(cpus) == 0 {
			fmt.Fprintf(w, "| %s | %.1f | |\n", r.title, median(walls))
			continue
		}
		fmt.Fprintf(w, "| %s | %.1f | %.1f |\n", r.title, median(walls), median(cpus))
	}
}

// loopAlone gives the runs of a program as it timed them itself.
func loopAlone(s *series) *series {
	out := &series{}
	for _, d := range s.loops() {
		out.runs = append(out.runs, measurement{wall: d})
	}
	return out
}

// sums adds up, round by round, the runs of the named programs.
func sums(byName map[string]*series, names []string) (out []measurement, ok bool) {
	for _, name := range names {
		s := byName[name]
		if s == nil {
			return nil, false
		}
		if out == nil {
			out = make([]measurement, len(s.runs))
		}
		for i, m := range s.runs {
			out[i].wall += m.wall
			out[i].cpu += m.cpu
		}
	}
	return out, len(out) > 0
}

func least(s []time.Duration) time.Duration {
	out := s[0]
	for _, d := range s {
		out = min(out, d)
	}
	return out
}

func mib(n int64) float64 { return float64(n) / (1 << 20) }

// load says what else the machine does, where the system tells.
func load() string {
	b, err := os.ReadFile("/proc/loadavg")
	if err != nil {
		return "unknown"
	}
	fields := strings.Fields(string(b))
	return fields[0]
}
