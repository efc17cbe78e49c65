package table

import (
	"bytes"
	"strings"
	"testing"
	"time"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/report"
)

// render writes a report of one volume, with the options of its scan.
func render(t *testing.T, o report.Options, options *ordereddict.Dict, volume string, rows ...report.Document) string {
	t.Helper()
	header := report.NewDocument(report.TypeHeader)
	header.Set("options", options)
	coverage, err := report.ReadDocument([]byte(`{"type":"summary","complete":true,"volumes":[` + volume + `]}`))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := Format.New(&b, o)
	for _, d := range append(append([]report.Document{header}, rows...), coverage) {
		if err := report.Dispatch(w, d); err != nil {
			t.Fatal(err)
		}
	}
	return b.String()
}

// What the options of the scan left out is said as such.
func TestOptions(t *testing.T) {
	const (
		with    = `{"evidence":"x.img","volume":1,"mft":{"present":true,"records":"80"},"usn":{"present":true}}`
		without = `{"evidence":"x.img","volume":1,"mft":{"present":false,"records":"0"},"usn":{"present":false}}`
	)
	for _, tt := range []struct {
		name    string
		options *ordereddict.Dict
		volume  string
		want    []string
		not     string
	}{
		{"all", ordereddict.NewDict(), with, []string{"No .job file was found that the rules ask for"}, "Left out"},
		{"journal", ordereddict.NewDict().Set("no-usn", "true"), with,
			[]string{"Left out by options of the scan: --no-usn.", "journal left out by --no-usn, so only files that still have a FILE record can be seen"}, "no journal"},
		{"$MFT", ordereddict.NewDict().Set("no-mft", "true"), without, []string{"no journal, so only chance traces can be seen; $MFT not looked for (--no-mft)"}, "FILE record"},
		{"no journal to leave out", ordereddict.NewDict().Set("no-usn", "true"), without, []string{": no journal, so"}, "journal left out"},
		{"range", ordereddict.NewDict().Set("from", "2024-05-01").Set("to", "2024-06-01"), with,
			[]string{"No .job file was found in the asked range that the rules ask for", "--from 2024-05-01, --to 2024-06-01."}, ""},
		{"volume", ordereddict.NewDict().Set("volume", "2"), with, []string{"found in the asked volume", "--volume 2."}, ""},
	} {
		out := render(t, report.Options{}, tt.options, tt.volume)
		for _, want := range tt.want {
			if !strings.Contains(out, want) {
				t.Errorf("%s: no %q in\n%s", tt.name, want, out)
			}
		}
		if tt.not != "" && strings.Contains(out, tt.not) {
			t.Errorf("%s: %q in\n%s", tt.name, tt.not, out)
		}
	}
}

// A time of the machine's own clock is not shifted into the zone of the report.
func TestLocalTime(t *testing.T) {
	d, err := report.ReadDocument([]byte(`{"type":"event","@timestamp":"2024-01-15T17:45:00.0000000Z","event":{"action":"execution"},` +
		`"file":{"path":"C:\\Windows\\Tasks\\x.job"},"jobscan":{"verdict":"no_match","anomalies":[{"code":"local_time","detail":"its zone is not recorded"}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	berlin := time.FixedZone("Europe/Berlin", 3600)
	for width, want := range map[int]string{0: "2024-01-15 17:45:00.0000000 local", 60: "2024-01-15 17:45:00.0000000 local\n", 90: "17:45:00"} {
		out := render(t, report.Options{Location: berlin, Width: width}, ordereddict.NewDict(), "{}", d)
		if !strings.Contains(out, want) || !strings.Contains(out, "local") || strings.Contains(out, "18:45") || strings.Contains(out, "local Europe") {
			t.Errorf("width %d: got\n%s", width, out)
		}
	}
}
