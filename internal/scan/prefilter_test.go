package scan

import (
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
