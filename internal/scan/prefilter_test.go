package scan

import (
	"strings"
	"testing"

	"github.com/jobscan/jobscan/rule"
)

func utf16le(s string) []byte {
	var b []byte
	for _, r := range s {
		b = append(b, byte(r), byte(r>>8))
	}
	return b
}

func TestNameFilter(t *testing.T) {
	builtin := nameFilter(rule.Builtin())
	tests := []struct {
		name string
		want bool
	}{
		{"x.job", true},
		{"X.JOB", true},
		{".job", true},
		{"задача.Job", true},
		{"x.job.bak", false},
		{"xjob", false},
		{"x.jo", false},
		{"job", false},
		{"", false},
	}
	for _, tt := range tests {
		if got := builtin(utf16le(tt.name)); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.name, got, tt.want)
		}
	}
}

// TestSuffix holds the word's answer against that of the units one by one.
func TestSuffix(t *testing.T) {
	endings := []string{".job", ".js", ".c", ".kks", ".docx", ".résumé", ".s", ".k", ".1@[", "."}
	names := []string{"", "a", ".", "JOB", ".JOB", "x.Job", "x.joc", "x.\u012Aob", "x\u012E.job", "x\u012Ejob", "abc.JS", "abc.j\u017F", "a.\u212A\u212As", "a.kkS",
		"a.K", "a.k\x20", "long.DOCX", "long.eocx", ".docx", "ocx", "A.RÉSUMÉ", "a.résumè", "a.1@[", "a.1\x60{", "a\x0Ejob", "abcdefgh"}
	for _, e := range endings {
		x := newSuffix(e)
		ends := x.test()
		for _, n := range append(names, e, "prefix"+e, e+"x") {
			name := utf16le(n)
			if got, want := ends(name), hasSuffix(name, x.units); got != want {
				t.Errorf("%q ends in %q: got %v, want %v", n, e, got, want)
			}
			odd := append(name, 'j')
			if got, want := ends(odd), hasSuffix(odd, x.units); got != want {
				t.Errorf("%q and half a unit ends in %q: got %v, want %v", n, e, got, want)
			}
		}
	}
}

func TestOrNamed(t *testing.T) {
	want := orNamed(nameFilter(rule.Builtin()), "SchedLgU.txt", "Tasks")
	for _, tt := range []struct {
		name string
		want bool
	}{
		{"tasks", true}, {"TASKS", true}, {"SCHEDLGU.TXT", true}, {"x.job", true},
		{"Task", false}, {"Tasks2", false}, {"tazks", false}, {"SchedLgU.tx_", false}, {"", false},
		{strings.Repeat("a", 64+5), false}, {strings.Repeat("a", 251) + ".job", true},
	} {
		if got := want(utf16le(tt.name)); got != tt.want {
			t.Errorf("%q: got %v, want %v", tt.name, got, tt.want)
		}
	}
	if want(append(utf16le("Tasks"), 0)) {
		t.Error("Tasks and half a unit: got true, want false")
	}
}

func BenchmarkNameFilter(b *testing.B) {
	want := nameFilter(rule.Builtin())
	name := utf16le("document number 12345 of many.docx")
	b.ReportAllocs()
	for b.Loop() {
		if want(name) {
			b.Fatal("it is no job")
		}
	}
}

func TestFoldUnitFollowsSimpleFolding(t *testing.T) {
	tests := []struct{ a, b rune }{{'K', '\u212A'}, {'s', '\u017F'}, {'Ü', 'ü'}, {'Σ', 'ς'}}
	for _, tt := range tests {
		if foldUnit(uint16(tt.a)) != foldUnit(uint16(tt.b)) {
			t.Errorf("%q and %q fold apart", tt.a, tt.b)
		}
	}
	if foldUnit('j') == foldUnit('k') {
		t.Error("j and k fold together")
	}
}
