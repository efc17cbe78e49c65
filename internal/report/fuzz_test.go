package report

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/wtf8"
)

func FuzzReadDocument(f *testing.F) {
	for _, line := range streamLines(f) {
		f.Add(line)
	}
	f.Add([]byte(`{"a":"\ud83d\ude00\ud83d","n":-0.5e-7,"l":[[],{}]}`))
	f.Fuzz(func(t *testing.T, line []byte) { checkDocument(t, line) })
}

func FuzzVisible(f *testing.F) {
	for _, s := range []string{"x\x1b[0m", "\u202e", "\xed\xa0\xbd", "\U000e0041", "\xff", `C:\x`} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		got := Visible(s)
		if !utf8.ValidString(got) {
			t.Fatalf("%q: %q is not valid UTF-8", s, got)
		}
		for _, r := range got {
			if unicode.Is(unicode.Cc, r) || unicode.Is(unicode.Bidi_Control, r) || unicode.In(r, unicode.Zl, unicode.Zp) ||
				r >= 0x200B && r <= 0x200F || r >= 0xE0000 && r <= 0xE007F {
				t.Fatalf("%q: %q holds %#x", s, got, r)
			}
		}
		if again := Visible(got); again != got {
			t.Fatalf("%q: %q changes again to %q", s, got, again)
		}
		if cell := CSVCell(s); cell != "" && strings.ContainsRune("=+-@\t\r\n", rune(cell[0])) {
			t.Fatalf("%q: cell %q is a formula", s, cell)
		}
	})
}

func FuzzWriteJSONLine(f *testing.F) {
	f.Add("name", "text\x1b\xed\xa0\xbd\xed\xb8\x80\xff", uint64(1)<<63, 0.1)
	f.Fuzz(func(t *testing.T, name, text string, n uint64, x float64) {
		d := dict("list", []any{text, n, nil}, "inner", dict(name, text), "n", n)
		if x-x == 0 { // neither NaN nor infinite
			d.Set("x", x)
		}
		var b bytes.Buffer
		if err := WriteJSONLine(&b, d); err != nil {
			t.Fatal(err)
		}
		line := b.Bytes()
		if !json.Valid(line) || !utf8.Valid(line) || bytes.IndexByte(line, '\n') != len(line)-1 {
			t.Fatalf("%q is not one line of JSON", line)
		}
		back, err := ReadDocument(line)
		if err != nil {
			t.Fatal(err)
		}
		if got, want := back.Text("n"), jsonText(n); got != want {
			t.Fatalf("number: got %s, want %s", got, want)
		}
		got := back.List("inner")[0].Items()[0]
		if want := canonical(text); got.Value != want || got.Key != canonical(name) {
			t.Fatalf("got %q: %q, want %q: %q", got.Key, got.Value, canonical(name), want)
		}
	})
}

// canonical is the text with paired surrogates joined and other invalid bytes
// as U+FFFD: what a JSON string can carry.
func canonical(s string) string { return wtf8.FromUnits(wtf8.ToUnits(s)) }
