package html

import (
	"fmt"
	"math"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/jobscan/jobscan/internal/report"
)

func document(t testing.TB, line string) report.Document {
	t.Helper()
	d, err := report.ReadDocument([]byte(line))
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func TestStamp(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zone database")
	}
	tests := []struct {
		name, in string
		location *time.Location
		want     stamp
	}{
		{"UTC", "2024-05-01T12:00:00.1234567Z", time.UTC, stamp{"2024-05-01T12:00:00.1234567Z", "2024-05-01 12:00:00", ".1234567"}},
		{"no fraction", "2024-05-01T12:00:00Z", time.UTC, stamp{"2024-05-01T12:00:00.0000000Z", "2024-05-01 12:00:00", ".0000000"}},
		{"summer", "2024-05-01T12:00:00.1234567Z", berlin, stamp{"2024-05-01T12:00:00.1234567Z", "2024-05-01 14:00:00", ".1234567+02:00"}},
		{"winter", "2024-12-31T23:30:00Z", berlin, stamp{"2024-12-31T23:30:00.0000000Z", "2025-01-01 00:30:00", ".0000000+01:00"}},
		{"none", "", time.UTC, stamp{Text: "unknown"}},
		{"no time", "soon\x1b", time.UTC, stamp{Text: `soon\x1b`}},
		{"year beyond RFC 3339", "60056-05-28T05:36:10.9551615Z", time.UTC, stamp{Text: "60056-05-28T05:36:10.9551615Z"}},
	}
	for _, tt := range tests {
		if got := (zone{tt.location}).stamp(tt.in); got != tt.want {
			t.Errorf("%s: got %+v, want %+v", tt.name, got, tt.want)
		}
	}
	// A run is dated by a clock whose zone nobody knows: it stays as it is.
	run := document(t, `{"type":"event","@timestamp":"2024-05-01T12:00:00.0000000Z","jobscan":{"anomalies":[{"code":"local_time"}]}}`)
	if got := timeOf(run, zone{berlin}); got.Text != "2024-05-01 12:00:00" || got.Rest != ".0000000 local" {
		t.Errorf("local time: got %+v", got)
	}
}

func TestShorten(t *testing.T) {
	tests := []struct {
		name, in, want string
		cut            bool
	}{
		{"short", "abc", "abc", false},
		{"as long as it may be", strings.Repeat("é", 12), strings.Repeat("é", 12), false},
		{"longer", "0123456789abcdefghi", "01234567…fghi", true},
	}
	for _, tt := range tests {
		if got, cut := shorten(tt.in, 12); got != tt.want || cut != tt.cut {
			t.Errorf("%s: got %q, %t, want %q, %t", tt.name, got, cut, tt.want, tt.cut)
		}
	}
}

func TestPieces(t *testing.T) {
	for in, want := range map[string][]string{
		"":           {},
		`C:\a\b.exe`: {`C:\`, `a\`, "b.exe"},
		`\\`:         {`\`, `\`},
	} {
		if got := pieces(in); !slices.Equal(got, want) {
			t.Errorf("%q: got %q, want %q", in, got, want)
		}
	}
	if got := pieces(strings.Repeat(`\`, maxPieces+1)); len(got) != 1 {
		t.Errorf("a text of backslashes has %d pieces", len(got))
	}
}

func TestFieldShow(t *testing.T) {
	z := zone{time.UTC}
	tests := []struct {
		name string
		kind kind
		in   string
		want string
	}{
		{"bytes", asBytes, "318", "318 bytes"},
		{"one byte", asBytes, "1", "1 byte"},
		{"no number", asBytes, "many", "many"},
		{"days", asSpan, "259200000", "259200000 ms (3 days)"},
		{"one day", asSpan, "86400000", "86400000 ms (1 day)"},
		{"hours", asSpan, "5400000", "5400000 ms (1h30m0s)"},
		{"beyond a duration", asSpan, "9223372036854775807", "9223372036854775807"},
		{"negative", asSpan, "-1", "-1"},
		{"text", asText, "a\u202e", `a\u202e`},
	}
	for _, tt := range tests {
		if got := (field{kind: tt.kind}).show(tt.in, z); got.Text != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got.Text, tt.want)
		}
	}
}

func TestCoverage(t *testing.T) {
	z := zone{time.UTC}
	const times = `"first_time":"2024-04-20T06:00:00.0000000Z","last_time":"2024-05-31T17:19:59.9999999Z"`
	tests := []struct {
		name, in string
		options  map[string]string
		window   string
		doubts   []string
	}{
		{"journal", `{"usn":{"present":true,"records":9,` + times + `}}`, nil, "2024-04-20 06:00:00 UTC to 2024-05-31 17:19:59 UTC", nil},
		{"less than a second", `{"usn":{"present":true,"first_time":"2024-04-20T06:00:00.0000001Z","last_time":"2024-04-20T06:00:00.9000000Z"}}`, nil,
			"2024-04-20 06:00:00.0000001 UTC to 2024-04-20 06:00:00.9000000 UTC", nil},
		{"no journal", `{"usn":{"present":false}}`, nil, "No change journal was found. " + onlyRecords, nil},
		{"none to leave out", `{"usn":{"present":false}}`, map[string]string{"no-usn": "true"}, "No change journal was found. " + onlyRecords, nil},
		{"$MFT left out", `{"usn":{"present":false},"mft":{"present":false}}`, map[string]string{"no-mft": "true"}, "No change journal was found. " + onlyTraces,
			[]string{"$MFT was not looked for (--no-mft): what files are there now, and their contents, are not known."}},
		{"left out", `{"usn":{"present":true}}`, map[string]string{"no-usn": "true"}, "The change journal was left out by --no-usn. " + onlyRecords, nil},
		{"empty journal, no $MFT", `{"usn":{"present":true,"first_time":null},"mft":{"present":false}}`, nil,
			"The change journal holds no record that could be read. " + onlyTraces,
			[]string{"No $MFT was read: what files are there now, and their contents, are not known."}},
		{"doubts", `{"usn":{"present":true,` + times + `,"damaged_bytes":16,"gaps":1,"gap_bytes":4096,"clock_ran_backwards":1,"stale_records":2},"mft":{"present":true,"unreadable":1,"torn":3}}`,
			nil, "2024-04-20 06:00:00 UTC to 2024-05-31 17:19:59 UTC", []string{
				"16 bytes of the journal could not be decoded: what was recorded there is not known.",
				"1 stretch inside the journal holds no records (4096 bytes).",
				"The clock ran backwards 1 time within the journal: its times are not in the order of its records.",
				"2 records remain from an older journal; their neighbours are lost.",
				"1 FILE record could not be read: which file it describes is not known.",
				"3 FILE records were not written whole.",
			}},
	}
	for _, tt := range tests {
		v := newVolume(document(t, tt.in), z, tt.options)
		window := v.NoWindow
		if v.Window != nil {
			window += v.Window.From + " to " + v.Window.To
		}
		if window != tt.window {
			t.Errorf("%s: got %q, want %q", tt.name, window, tt.window)
		}
		if !slices.Equal(v.Doubts, tt.doubts) {
			t.Errorf("%s: got doubts\n%q, want\n%q", tt.name, v.Doubts, tt.doubts)
		}
	}
	if got := report.Limits(map[string]string{"from": "2024-05-01", "no-shadow": "true", "no-mft": "false", "hash": "true"}); !slices.Equal(got, []string{"--from 2024-05-01", "--no-shadow"}) {
		t.Errorf("limits: got %q", got)
	}
}

// The axis holds the journal and what is near it; one clock that is wrong by
// centuries does not press all else into a line.
func TestAxis(t *testing.T) {
	at := func(s string) int64 {
		u, err := time.Parse(time.DateTime, s)
		if err != nil {
			t.Fatal(err)
		}
		return u.Unix()
	}
	window := map[volumeKey]span{{}: {at("2024-05-01 00:00:00"), at("2024-05-31 00:00:00")}}
	tests := []struct {
		name          string
		windows       map[volumeKey]span
		times         []string
		from, to      string // without the margin
		before, after int
	}{
		{"journal alone", window, nil, "2024-05-01 00:00:00", "2024-05-31 00:00:00", 0, 0},
		{"older files", window, []string{"2024-05-03 00:00:00", "2023-01-01 00:00:00"}, "2023-01-01 00:00:00", "2024-05-31 00:00:00", 0, 0},
		{"wrong clocks", window, []string{"1601-01-01 00:00:00", "2024-05-03 00:00:00", "2107-01-01 00:00:00", "1980-01-01 00:00:00"},
			"2024-05-01 00:00:00", "2024-05-31 00:00:00", 2, 1},
		{"one event", nil, []string{"2024-05-03 12:00:00"}, "2024-05-03 12:00:00", "2024-05-03 12:00:00", 0, 0},
	}
	for _, tt := range tests {
		var m marks
		for _, s := range tt.times {
			m.list = append(m.list, mark{at: at(s)})
		}
		got := m.axis(tt.windows)
		margin := max((at(tt.to)-at(tt.from))/50, 60)
		if want := (span{at(tt.from) - margin, at(tt.to) + margin}); got != want {
			t.Errorf("%s: got %v, want %v", tt.name, got, want)
		}
		var p plot
		m.cells(got, &p)
		if p.Before != tt.before || p.After != tt.after {
			t.Errorf("%s: got %d before and %d after, want %d and %d", tt.name, p.Before, p.After, tt.before, tt.after)
		}
	}
}

func TestTicks(t *testing.T) {
	berlin, err := time.LoadLocation("Europe/Berlin")
	if err != nil {
		t.Skip("no zone database")
	}
	from := time.Date(2024, 3, 30, 21, 47, 3, 0, time.UTC)
	tests := []struct {
		length   time.Duration
		location *time.Location
		want     string
	}{
		{5 * time.Minute, time.UTC, "03-30 21:48 21:49 21:50 21:51 21:52"},
		{10 * time.Hour, time.UTC, "03-31 00:00 03:00 06:00"},
		{10 * time.Hour, berlin, "03-31 00:00 04:00 07:00"}, // the clocks go forward at 02:00
		{5 * 24 * time.Hour, time.UTC, "2024-03-31 2024-04-01 2024-04-02 2024-04-03 2024-04-04"},
		{200 * 24 * time.Hour, time.UTC, "2024-04 2024-05 2024-06 2024-07 2024-08 2024-09 2024-10"},
		{200 * 365 * 24 * time.Hour, time.UTC, "2050 2100 2150 2200"},
	}
	for _, tt := range tests {
		axis := span{from.Unix(), from.Add(tt.length).Unix()}
		var got []string
		last := -1.0
		for _, k := range ticks(axis, zone{tt.location}) {
			text := k.Text
			if day, clock, ok := strings.Cut(text, " "); ok && len(got) > 0 && strings.HasPrefix(got[0], day) {
				text = clock
			}
			got = append(got, text)
			if k.X <= last || k.X < plotLeft || k.X > plotRight {
				t.Errorf("%v: mark %q at %v", tt.length, k.Text, k.X)
			}
			last = k.X
		}
		if strings.Join(got, " ") != tt.want {
			t.Errorf("%v in %v: got %q, want %q", tt.length, tt.location, strings.Join(got, " "), tt.want)
		}
	}
	for length := int64(120); length < math.MaxInt64/4 && length < 400e9; length = length*5/4 + 1 {
		if n := len(ticks(span{0, length}, zone{time.UTC})); n == 0 || n > maxTicks+2 {
			t.Errorf("%d seconds: %d marks", length, n)
		}
	}
}

// A bin's title says the stretch that its rows fall into, and every row is drawn once.
func TestDots(t *testing.T) {
	var m marks
	for i := range 1000 {
		line := fmt.Sprintf(`{"@timestamp":%q}`, time.Unix(1714550000+int64(i*i), 0).UTC().Format(time.RFC3339))
		m.add(document(t, line), []string{"match", "other"}[i%2])
	}
	m.add(document(t, `{"@timestamp":"never"}`), "match")
	p := m.plot(nil, zone{time.UTC})
	drawn := p.Before + p.After
	for _, l := range p.Lanes {
		for _, r := range l.Rows {
			for _, d := range r.Dots {
				var n int
				if _, err := fmt.Sscanf(d.Title, "%d "+d.Class, &n); err != nil {
					t.Fatalf("%q: %v", d.Title, err)
				}
				drawn += n
			}
		}
	}
	if drawn != 1000 || p.Undated != 1 {
		t.Errorf("%d rows are drawn and %d undated, want 1000 and 1", drawn, p.Undated)
	}
}

// Volumes beyond the lanes share one; none of their rows is lost.
func TestManyVolumes(t *testing.T) {
	var m marks
	for i := range maxLanes + 5 {
		m.add(document(t, fmt.Sprintf(`{"@timestamp":"2024-05-01T12:00:00Z","jobscan":{"evidence":{"volume":%d}}}`, i)), "match")
	}
	p := m.plot(nil, zone{time.UTC})
	if len(p.Lanes) != maxLanes+1 {
		t.Fatalf("got %d lanes, want %d", len(p.Lanes), maxLanes+1)
	}
	last := p.Lanes[maxLanes]
	if last.Name != "further volumes" || !strings.HasPrefix(last.Rows[0].Dots[0].Title, "5 match") {
		t.Errorf("the last lane is %+v", last)
	}
}

func TestUnreadGroups(t *testing.T) {
	var u unread
	for i := range maxGroups + 10 {
		u.add(document(t, fmt.Sprintf(`{"type":"problem","severity":"error","volume":%d,"message":"m%d"}`, i, i)))
		u.add(document(t, fmt.Sprintf(`{"type":"problem","severity":"warning","volume":%d}`, i)))
	}
	if u.Errors != maxGroups+10 || u.Warnings != maxGroups+10 || len(u.Groups) != maxGroups || u.Beyond != 20 || len(u.First) != maxFirst {
		t.Errorf("got %d errors, %d warnings, %d groups, %d beyond, %d quoted", u.Errors, u.Warnings, len(u.Groups), u.Beyond, len(u.First))
	}
	if want := (group{"volume 3", "", 1, 1}); u.Groups[3] != want {
		t.Errorf("got %+v, want %+v", u.Groups[3], want)
	}
}

func TestOutlineAndFlatten(t *testing.T) {
	d := document(t, `{"a":{"b":"x\u202e","n":null,"e":"","l":[{"c":1},{"c":[2,"y"]}]},"m":[1,{"z":true}],"p.q":0,"empty":{},"none":[]}`)
	if got, want := outline(d), "a:\n  b: x\\u202e\n  l[0]:\n    c: 1\n  l[1]:\n    c: 2; y\nm: 1; {\"z\":true}\np.q: 0\nempty:\n"; got != want {
		t.Errorf("outline: got\n%s\nwant\n%s", got, want)
	}
	want := []pair{{"a.b", `x\u202e`}, {"a.l[0].c", "1"}, {"a.l[1].c", "2; y"}, {"m", `1; {"z":true}`}, {"p.q", "0"}}
	if got := flatten(d, nil); !slices.Equal(got, want) {
		t.Errorf("flatten: got %q, want %q", got, want)
	}
	if got := flatten(d, map[string]bool{"a.l": true, "m": true, "p.q": true}); !slices.Equal(got, want[:1]) {
		t.Errorf("flatten without some: got %q, want %q", got, want[:1])
	}
	deep := strings.Repeat(`{"d":`, 40) + "1" + strings.Repeat("}", 40)
	if got := flatten(document(t, deep), nil); len(got) != 1 || !strings.HasSuffix(got[0].Value, "1"+strings.Repeat("}", 40-maxDepth-1)) {
		t.Errorf("deep: got %q", got)
	}
}
