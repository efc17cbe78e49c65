package html

import (
	"bytes"
	"crypto/sha256"
	"encoding/base64"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/report/reporttest"
)

func TestGolden(t *testing.T) {
	stream := reporttest.Stream(t)
	for _, tt := range []struct {
		name     string
		location *time.Location
	}{
		{"stream", nil},
		{"zone", time.FixedZone("Europe/Berlin", 7200)},
	} {
		t.Run(tt.name, func(t *testing.T) {
			reporttest.Golden(t, tt.name, reporttest.Render(t, stream, Format, report.Options{Location: tt.location}))
		})
	}
}

// mustParse reads a page and holds it against what a page may have.
func mustParse(t *testing.T, page []byte) parsed {
	t.Helper()
	p, err := parse(string(page))
	if err == nil {
		err = p.check()
	}
	if err != nil {
		t.Fatal(err)
	}
	for line := range bytes.Lines(page) {
		if text := strings.TrimSuffix(string(line), "\n"); text != report.Visible(text) {
			t.Fatalf("a line holds hidden characters: %q", text)
		}
	}
	return p
}

func TestStructure(t *testing.T) {
	page := reporttest.Render(t, reporttest.Stream(t), Format, report.Options{})
	p := mustParse(t, page)
	ids := map[string]bool{}
	for _, tag := range p.tags {
		if id := tag.attrs["id"]; id != "" {
			if ids[id] {
				t.Errorf("id %q comes twice", id)
			}
			ids[id] = true
		}
		if _, scoped := tag.attrs["scope"]; tag.name == "th" && !scoped {
			t.Errorf("a heading of a table has no scope: %v", tag.attrs)
		}
	}
	for _, tag := range p.tags {
		for _, name := range []string{"href", "aria-labelledby"} {
			for _, target := range strings.Fields(tag.attrs[name]) {
				if !ids[strings.TrimPrefix(target, "#")] {
					t.Errorf("%s %s=%q leads nowhere", tag.name, name, target)
				}
			}
		}
	}
	if again := reporttest.Render(t, reporttest.Stream(t), Format, report.Options{}); !bytes.Equal(page, again) {
		t.Error("the second rendering is another")
	}
}

// The policy admits the script and the style of the page by their hashes, and
// nothing from anywhere.
func TestPolicy(t *testing.T) {
	p := mustParse(t, reporttest.Render(t, reporttest.Stream(t), Format, report.Options{}))
	sum := func(text string) string {
		h := sha256.Sum256([]byte(text))
		return "'sha256-" + base64.StdEncoding.EncodeToString(h[:]) + "'"
	}
	want := "default-src 'none'; script-src " + sum(p.script[0]) + "; style-src " + sum(p.style[0]) + "; base-uri 'none'; form-action 'none'"
	for i, tag := range p.tags {
		if tag.attrs["http-equiv"] == "Content-Security-Policy" {
			if got := tag.attrs["content"]; got != want {
				t.Errorf("got policy\n%s, want\n%s", got, want)
			}
			if i > 4 {
				t.Errorf("the policy is tag %d: what stands before it is not bound by it", i)
			}
			return
		}
	}
	t.Error("no policy")
}

// Everything that the report says is on the page, coverage before the rows.
func TestAllFields(t *testing.T) {
	p := mustParse(t, reporttest.Render(t, reporttest.Stream(t), Format, report.Options{}))
	z := zone{time.UTC}
	for line := range bytes.Lines(reporttest.Stream(t)) {
		d, err := report.ReadDocument(line)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range flatten(d, nil) {
			text := f.Value
			if at := z.stamp(text); at.Machine != "" {
				text = at.Text
			}
			for word := range strings.SplitSeq(text, "; ") {
				if f.Name != "type" && !strings.Contains(p.text, word) {
					t.Errorf("%s of a %s is not on the page: %q", f.Name, d.Type(), word)
				}
			}
		}
	}
	order := []string{"Incomplete.", "A creation would have been seen from 2024-04-20 06:00:00 UTC", "to 2024-05-31 17:19:59 UTC",
		"16 bytes of the journal could not be decoded", "No change journal was found. Only files that still have a FILE record",
		"1 FILE record could not be read: which file it describes is not known.",
		"The report does not say what was read of this volume.", "3 problems (2 errors, 1 warning)", "covered by the change journal",
		"A .job file was created and no exclusion can apply", "every day at 03:00", "About this report"}
	at := 0
	text := strings.ReplaceAll(p.text, "\n", "")
	for _, want := range order {
		next := strings.Index(text[at:], want)
		if next < 0 {
			t.Fatalf("%q is not on the page, or not in its place", want)
		}
		at += next
	}
}

// Names that break out of HTML, script, style and URLs, or that hide.
var hostile = []string{
	`<script>alert(1)</script>`,
	`</script><script>alert(1)</script>`,
	`"><img src=x onerror=alert(1)>`,
	`' onmouseover='alert(1)`,
	`javascript:alert(1)`,
	`data:text/html,<script>alert(1)</script>`,
	`</style><style>*{background:url(http://x/)}`,
	`;background:url(http://x/);}@import "http://x/";`,
	`--><!--`, `]]>`, `<!--`, `&lt;b&gt;&#x202e;`, `{{.}}{{template "card"}}`,
	"a\u202egpj.boj", "nul\x00byte\x1b[2J\x07", "lone\xed\xa0\xbdsurrogate", "bad\xff\xfebytes", "tag\U000e0041",
	"</title></details></td></table>", "\u2028\u2029", "`${alert(1)}`",
	strings.Repeat("long<b>", 32<<10/7), strings.Repeat(`\`, 5000), "",
}

// fill gives every text in a value, names of fields excepted, the same text.
func fill(value any, text string) any {
	switch v := value.(type) {
	case string:
		return text
	case []any:
		for i := range v {
			v[i] = fill(v[i], text)
		}
	case *ordereddict.Dict:
		for _, item := range v.Items() {
			if item.Key != "type" || v.Len() < 3 {
				v.Update(item.Key, fill(item.Value, text))
			}
		}
	}
	return value
}

// Whatever stands in every field at once, times and verdicts included, the page
// has our elements alone, and shows it.
func TestHostile(t *testing.T) {
	for i, text := range hostile {
		var b bytes.Buffer
		w := Format.New(&b, report.Options{})
		for line := range bytes.Lines(reporttest.Stream(t)) {
			d, err := report.ReadDocument(line)
			if err != nil {
				t.Fatal(err)
			}
			fill(d.Dict, text)
			d.Update("unknown"+text, "field of a later version")
			if err := report.Dispatch(w, d); err != nil {
				t.Fatal(err)
			}
		}
		p := mustParse(t, b.Bytes())
		if !strings.Contains(p.text, report.Visible(text)) {
			t.Errorf("%d: %.40q is not shown", i, text)
		}
		if !strings.Contains(p.text, "unknown"+report.Visible(text)+": field of a later version") {
			t.Errorf("%d: a field named %.40q is not shown", i, text)
		}
	}
}

// A page may be asked for with documents that lack everything.
func TestEmptyDocuments(t *testing.T) {
	for _, stream := range []string{
		`{"type":"header"}` + "\n" + `{"type":"summary"}`,
		`{"type":"header","rules":1,"evidence":[1,"x",null],"options":[]}` + "\n" + `{"type":"finding"}` + "\n" + `{"type":"event"}` + "\n" +
			`{"type":"problem"}` + "\n" + `{"type":"summary","volumes":[{},{"usn":{"present":true}}]}`,
		`{"type":"header"}` + "\n" + `{"type":"finding","@timestamp":"0001-01-01T00:00:00Z","jobscan":1,"file":[]}` + "\n" +
			`{"type":"finding","@timestamp":"9999-12-31T23:59:59.9999999Z","jobscan":{"support":[{}],"events":[{}],"job":{"triggers":[{}]}}}` + "\n" +
			`{"type":"summary","volumes":[{"usn":{"present":true,"first_time":"9999-01-01T00:00:00Z","last_time":"0000-01-01T00:00:00Z"}}]}`,
	} {
		mustParse(t, reporttest.Render(t, []byte(stream), Format, report.Options{}))
	}
	var b bytes.Buffer
	if err := Format.New(&b, report.Options{}).Summary(report.Document{}); err != nil {
		t.Fatal(err)
	}
	if p := mustParse(t, b.Bytes()); !strings.Contains(p.text, "No .job file was found") || !strings.Contains(p.text, "Incomplete.") {
		t.Errorf("an empty report is not what it should be: %s", p.text)
	}
}

// A large report is a page with all rows, of which the first are laid out.
func TestManyRows(t *testing.T) {
	const rows = maxCards + 3000
	d, err := report.ReadDocument(bytes.SplitAfter(reporttest.Stream(t), []byte("\n"))[1])
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := Format.New(&b, report.Options{})
	start := time.Now()
	for i := range rows {
		report.Set(d.Dict, "file.inode", fmt.Sprintf("%d-7", 100000+i))
		if err := w.Finding(d); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Summary(report.NewDocument(report.TypeSummary)); err != nil {
		t.Fatal(err)
	}
	if took := time.Since(start); took > 2*time.Minute {
		t.Errorf("%d rows took %v", rows, took)
	}
	p := mustParse(t, b.Bytes())
	for _, i := range []int{0, maxCards - 1, maxCards, rows - 1} {
		if !bytes.Contains(b.Bytes(), fmt.Appendf(nil, "%d-7", 100000+i)) {
			t.Errorf("row %d is missing", i)
		}
	}
	n, cards := 0, 0
	for _, tag := range p.tags {
		if strings.HasPrefix(tag.attrs["id"], "row") && tag.name == "tbody" {
			n++
		}
		if tag.attrs["class"] == "card" {
			cards++
		}
	}
	if n != rows || cards != maxCards {
		t.Errorf("got %d rows and %d cards, want %d and %d", n, cards, rows, maxCards)
	}
	if !strings.Contains(p.text, "The last 3000 rows list their fields without layout.") {
		t.Error("the page does not say which rows have no card")
	}
}

type brokenWriter struct{ left int }

func (b *brokenWriter) Write(p []byte) (int, error) {
	if b.left -= len(p); b.left < 0 {
		return 0, io.ErrClosedPipe
	}
	return len(p), nil
}

func TestWriteError(t *testing.T) {
	stream := reporttest.Stream(t)
	size := len(reporttest.Render(t, stream, Format, report.Options{}))
	for left := 0; left < size; left += size/7 + 1 {
		err := report.Replay(bytes.NewReader(stream), Format.New(&brokenWriter{left}, report.Options{}))
		if err == nil || !strings.Contains(err.Error(), io.ErrClosedPipe.Error()) {
			t.Errorf("after %d bytes: got %v, want %v", left, err, io.ErrClosedPipe)
		}
	}
}

func BenchmarkRow(b *testing.B) {
	d, err := report.ReadDocument(bytes.SplitAfter(reporttest.Stream(b), []byte("\n"))[1])
	if err != nil {
		b.Fatal(err)
	}
	for _, rows := range []int{maxCards, 10 * maxCards} {
		b.Run(fmt.Sprint(rows), func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				w := Format.New(io.Discard, report.Options{})
				for range rows {
					if err := w.Finding(d); err != nil {
						b.Fatal(err)
					}
				}
				if err := w.Summary(report.NewDocument(report.TypeSummary)); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}
