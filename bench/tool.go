package main

import (
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
)

// tool is one program with one task.
type tool struct {
	name string
	work string // what it reads: "$MFT", "$J" or both
	// command gives the command line; out is a file that it may write to.
	command func(image, out string) []string
	// writes says that the result goes to out itself, not to standard output.
	writes bool
	facts  func(output io.Reader) (facts, error)
	// untimed is run once, for its facts.
	untimed bool
}

const (
	nameJobscan = "jobscan scan"
	nameFloor   = "floor: read and look at nothing"
	nameLoop    = "floor, without the start of its process"
	nameGoNTFS  = "go-ntfs API, .job filter"
	nameFls     = "fls -r -p -m"
	nameUsnjls  = "usnjls"
)

// tools lists the programs in the order of the table; ranges are what the floor
// reads.
func tools(o options, self string, ranges []string) []tool {
	scan := func(more ...string) func(image, out string) []string {
		return func(image, out string) []string {
			return append([]string{o.jobscan, "scan", "--quiet", "--exit-zero", "--force", "--format", "jsonl", "--output", out, image}, more...)
		}
	}
	list := []tool{
		{name: nameFloor, work: "$MFT + $J", facts: ownFacts,
			command: func(image, _ string) []string { return append([]string{o.floor, image}, ranges...) }},
		{name: nameJobscan, work: "$MFT + $J", command: scan(), writes: true, facts: jobscanScanFacts},
		{name: "jobscan scan -j 1", work: "$MFT + $J", command: scan("-j", "1"), writes: true, facts: jobscanScanFacts},
		{name: "jobscan scan, every .job file", work: "$MFT + $J", writes: true, untimed: true, facts: jobscanFacts,
			command: scan("--rule", filepath.Join(o.dir, ruleFile))},
		{name: nameGoNTFS, work: "$MFT + $J", command: func(image, _ string) []string { return []string{self, "go-ntfs", image} }, facts: ownFacts},
		{name: nameGoNTFS + ", 64 KiB pages", work: "$MFT + $J", command: func(image, _ string) []string { return []string{self, "go-ntfs", image, strconv.Itoa(largePage)} }, facts: ownFacts},
		{name: nameFls, work: "$MFT", command: func(image, _ string) []string { return []string{"fls", "-r", "-p", "-m", "/", image} }, facts: bodyfileFacts},
		{name: nameUsnjls, work: "$J", command: func(image, _ string) []string { return []string{"usnjls", image} }, facts: usnjlsFacts},
		{name: "fsntfsinfo -H -B", work: "$MFT", command: func(image, out string) []string { return []string{"fsntfsinfo", "-H", "-B", out, image} }, writes: true, facts: bodyfileFacts},
	}
	if o.slow {
		list = append(list, tool{name: "fsntfsinfo -U", work: "$J", facts: fsntfsinfoJournalFacts,
			command: func(image, _ string) []string { return []string{"fsntfsinfo", "-U", image} }})
	}
	return list
}

// installed leaves out, with a word, the programs that are not there.
func installed(list []tool, stderr io.Writer) []tool {
	var out []tool
	for _, t := range list {
		program := t.command("", "")[0]
		if _, err := exec.LookPath(program); err != nil {
			fmt.Fprintf(stderr, "bench: %s is left out: %v\n", t.name, err)
			continue
		}
		out = append(out, t)
	}
	return out
}

const ruleFile = "bench-rule.toml"

// writeRule writes a rule that holds of every .job file, for the comparison of
// results.
func writeRule(dir string) error {
	return os.WriteFile(filepath.Join(dir, ruleFile), []byte(`[rule]
rule_id = "6b1f3f0e-4d0a-4b8e-9a53-0c5f7a1d2e10"
name = "Every job file"
type = "eql"
language = "eql"
query = '''file where file.extension : "job"'''
`), 0o644)
}
