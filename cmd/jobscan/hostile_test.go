package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"regexp"
	"runtime"
	"runtime/metrics"
	"slices"
	"strconv"
	"testing"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/jobscan/jobscan/fixtures"
)

// Bounds of one command on an image of a few megabytes, whatever is in it.
const (
	hostileTime = 60 * time.Second
	hostileHeap = 512 << 20 // bytes in live and not yet collected objects
)

// TestHostileImages damages images of scenarios and holds what the program says
// of them against what any report must be. Every case follows from its number
// alone. JOBSCAN_HOSTILE asks for another number of cases.
func TestHostileImages(t *testing.T) {
	cases := 200
	if testing.Short() {
		cases = 40
	}
	if n, err := strconv.Atoi(os.Getenv("JOBSCAN_HOSTILE")); err == nil {
		cases = n
	}
	targets := hostileTargets(t)
	name := filepath.Join(t.TempDir(), "hostile.img")
	for i := range cases {
		r := rand.New(rand.NewPCG(uint64(i), 0x6A6F62))
		target := &targets[r.IntN(len(targets))]
		kind := &hostileDamages[i%len(hostileDamages)]
		t.Run(fmt.Sprintf("%d-%s-%s", i, kind.name, target.name), func(t *testing.T) {
			m := target.image.Clone()
			kind.apply(target, m, r)
			writeOver(t, name, m)
			for _, args := range hostileCommands(i) {
				checkHostile(t, append(args, name))
			}
		})
	}
}

// hostileCommands are the command lines for a case, over all cases every format.
func hostileCommands(i int) [][]string {
	second := [][]string{
		{"timeline", "--format", "jsonl", "--all-events"},
		{"scan", "--format", "table"},
		{"scan", "--format", "csv"},
		{"info"},
		{"scan", "--format", "jsonl", "--no-mft"},
		{"timeline", "--format", "table", "--no-usn"},
	}
	return [][]string{{"scan", "--format", "jsonl"}, second[i/len(hostileDamages)%len(second)]}
}

func writeOver(t *testing.T, name string, m *fixtures.Image) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(m.Size()); err != nil {
		t.Fatal(err)
	}
	if err := m.WriteSparse(f); err != nil {
		t.Fatal(err)
	}
}

// checkHostile runs one command line within its bounds and checks what came out.
func checkHostile(t *testing.T, args []string) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	var code int
	var fault any
	done := make(chan struct{})
	heap := watchHeap(done)
	ctx, cancel := context.WithTimeout(context.Background(), 2*hostileTime)
	defer cancel()
	go func() {
		defer close(done)
		defer func() { fault = recover() }()
		code = run(ctx, args, nil, &stdout, &stderr)
	}()
	start := time.Now()
	select {
	case <-done:
	case <-time.After(3 * hostileTime):
		stacks := make([]byte, 1<<20)
		t.Fatalf("%v hangs, and does not mind its context:\n%s", args, stacks[:runtime.Stack(stacks, true)])
	}
	if fault != nil {
		t.Fatalf("%v panics: %v", args, fault)
	}
	if took := time.Since(start); took > hostileTime {
		t.Errorf("%v took %v", args, took)
	}
	if peak := <-heap; peak > hostileHeap {
		t.Errorf("%v: %d MiB of heap", args, peak>>20)
	}
	if code < exitClean || code > exitIncomplete {
		t.Errorf("%v: exit code %d", args, code)
	}
	checkPrintable(t, "standard error", stderr.Bytes())
	switch {
	case code == exitFailure:
		if stdout.Len() > 0 || stderr.Len() == 0 {
			t.Errorf("%v: exit code 2 with %d bytes of output and %q", args, stdout.Len(), stderr.String())
		}
	case slices.Contains(args, "jsonl"):
		checkReport(t, stdout.Bytes(), code)
	case !slices.Contains(args, "csv"):
		checkPrintable(t, "output", stdout.Bytes())
	}
}

// watchHeap gives, once done is closed, the largest heap that was seen.
func watchHeap(done <-chan struct{}) <-chan uint64 {
	out := make(chan uint64, 1)
	go func() {
		sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
		peak := uint64(0)
		for {
			metrics.Read(sample)
			peak = max(peak, sample[0].Value.Uint64())
			select {
			case <-done:
				out <- peak
				return
			case <-time.After(5 * time.Millisecond):
			}
		}
	}()
	return out
}

// checkPrintable: nothing from evidence reaches a terminal unescaped.
func checkPrintable(t *testing.T, what string, b []byte) {
	t.Helper()
	if !utf8.Valid(b) {
		t.Errorf("%s is not UTF-8", what)
	}
	for _, c := range string(b) {
		if c != '\n' && (unicode.IsControl(c) || unicode.Is(unicode.Cf, c)) {
			t.Errorf("%s has %U", what, c)
			return
		}
	}
}

// hostileLine is what every line of a report is checked by.
type hostileLine struct {
	line
	Severity string `json:"severity"`
	Findings struct {
		Match, Undecided, Excluded int
	} `json:"findings"`
	Problems int  `json:"problems"`
	Events   *int `json:"events"`
}

var (
	reportTime  = regexp.MustCompile(`^(\d{4}|\+\d{5})-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{7}Z$`)
	reportInode = regexp.MustCompile(`^\d+-\d+$`)
	reportOrder = []string{"header", "finding", "event", "problem", "summary"}
)

// checkReport holds a JSON Lines report against what every report promises.
func checkReport(t *testing.T, report []byte, code int) {
	t.Helper()
	if len(report) == 0 || report[len(report)-1] != '\n' {
		t.Fatalf("report of %d bytes does not end with a line", len(report))
	}
	checkPrintable(t, "report", report)
	counts := map[string]int{}
	verdicts := map[string]int{}
	errs, last := 0, 0
	var end hostileLine
	for text := range bytes.Lines(report) {
		var l hostileLine
		if err := json.Unmarshal(text, &l); err != nil {
			t.Fatalf("%v: %s", err, text)
		}
		at := slices.Index(reportOrder, l.Type)
		if at < last {
			t.Errorf("%q after %q", l.Type, reportOrder[last])
		}
		last = max(at, last)
		counts[l.Type]++
		switch l.Type {
		case "finding", "event":
			verdicts[l.Jobscan.Verdict]++
			checkHostileFinding(t, &l)
		case "problem":
			checkHostileProblem(t, &l)
			if l.Severity == "error" {
				errs++
			}
		case "summary":
			end = l
		}
	}
	if counts["header"] != 1 || counts["summary"] != 1 {
		t.Errorf("%d headers and %d summaries", counts["header"], counts["summary"])
	}
	if end.Problems != counts["problem"] {
		t.Errorf("summary counts %d problems, there are %d", end.Problems, counts["problem"])
	}
	if end.Complete != (errs == 0) {
		t.Errorf("complete is %v with %d errors", end.Complete, errs)
	}
	got := []int{end.Findings.Match, end.Findings.Undecided, end.Findings.Excluded}
	if want := []int{verdicts["match"], verdicts["undecided"], verdicts["excluded"]}; !slices.Equal(got, want) {
		t.Errorf("summary counts %v of match, undecided and excluded, there are %v", got, want)
	}
	checkHostileCode(t, &end, code)
}

func checkHostileCode(t *testing.T, end *hostileLine, code int) {
	t.Helper()
	want := exitClean
	switch {
	case end.Findings.Match+end.Findings.Undecided > 0:
		want = exitFindings
	case !end.Complete:
		want = exitIncomplete
	}
	if code != want {
		t.Errorf("exit code %d, want %d", code, want)
	}
}

func checkHostileFinding(t *testing.T, l *hostileLine) {
	t.Helper()
	verdict := slices.Contains([]string{"match", "undecided", "excluded", "no_match"}, l.Jobscan.Verdict)
	state := slices.Contains([]string{"allocated", "deleted", "overwritten", "unknown"}, l.Jobscan.State)
	missing := l.Jobscan.Verdict == "undecided" == (len(l.Jobscan.Missing) > 0)
	if l.File.Path == "" || !reportInode.MatchString(l.File.Inode) || len(l.Jobscan.Support) == 0 ||
		!reportTime.MatchString(l.Timestamp) || l.Event.Action == "" || !verdict || !state || !missing {
		t.Errorf("finding lacks something: %+v", l.line)
	}
}

func checkHostileProblem(t *testing.T, l *hostileLine) {
	t.Helper()
	if l.Message == "" || l.Severity != "error" && l.Severity != "warning" {
		t.Errorf("problem lacks something: %+v", l)
	}
}
