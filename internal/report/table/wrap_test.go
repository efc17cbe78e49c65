package table

import (
	"slices"
	"strings"
	"testing"
)

func TestWrap(t *testing.T) {
	tests := []struct {
		name, text string
		width      int
		want       []string
	}{
		{"empty", "", 5, []string{""}},
		{"fits", "abc", 3, []string{"abc"}},
		{"at a blank", "aaa bbb", 5, []string{"aaa", "bbb"}},
		{"at a blank behind the line", "aaaaa bbb", 5, []string{"aaaaa", "bbb"}},
		{"at a backslash", `C:\Windows\Tasks\x.job`, 12, []string{`C:\Windows\`, `Tasks\x.job`}},
		{"anywhere", "abcdefgh", 3, []string{"abc", "def", "gh"}},
		{"escape stays whole", `ab\u202ecd`, 5, []string{"ab", `\u202`, "ecd"}},
		{"wide characters", "日本語", 4, []string{"日本", "語"}},
		{"wider than the line", "日本", 1, []string{"日", "本"}},
		{"only blanks", "      ", 2, []string{"", "", "  "}},
	}
	for _, tt := range tests {
		if got := wrap(tt.text, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestWrapTime(t *testing.T) {
	const utc, berlin = "2024-05-01 12:00:00.1234567", "2024-05-01 14:00:00.1234567+02:00"
	tests := []struct {
		text  string
		width int
		want  []string
	}{
		{utc, 27, []string{utc}},
		{utc, 16, []string{"2024-05-01", "12:00:00.1234567"}},
		{utc, 10, []string{"2024-05-01", "12:00:00", ".1234567"}},
		{berlin, 16, []string{"2024-05-01", "14:00:00.1234567", "+02:00"}},
		{"unknown", 10, []string{"unknown"}},
		{"something long", 10, []string{"something", "long"}},
	}
	for _, tt := range tests {
		if got := wrapTime(tt.text, tt.width); !slices.Equal(got, tt.want) {
			t.Errorf("%q in %d: got %q, want %q", tt.text, tt.width, got, tt.want)
		}
	}
}

// A path that is too long keeps the end of its file name, in so many lines.
func TestCell(t *testing.T) {
	long := `C:\Windows\Tasks\` + strings.Repeat("folder ", 40) + `\the name of it.job`
	name := `C:\Windows\Tasks\` + strings.Repeat("n", 250) + ".job"
	tests := []struct {
		name, text string
		end        string
	}{
		{"long folders", long, `\the name of it.job`},
		{"long name", name, "nnnn.job"},
	}
	for _, tt := range tests {
		for width := 8; width < 60; width++ {
			lines, cut := cell(tt.text, width, 4, true)
			if len(lines) > 4 {
				t.Fatalf("%s, width %d: got %d lines, want at most 4", tt.name, width, len(lines))
			}
			text := strings.Join(lines, "")
			if cut != strings.Contains(text, ellipsis) {
				t.Errorf("%s, width %d: cut is %v in %q", tt.name, width, cut, text)
			}
			if got, want := squeeze(text), squeeze(tt.end); width > 11 && !strings.HasSuffix(got, want) {
				t.Errorf("%s, width %d: got %q, want it to end in %q", tt.name, width, got, want)
			}
			for _, line := range lines {
				if textWidth(line) > width {
					t.Errorf("%s, width %d: line %q is too wide", tt.name, width, line)
				}
			}
		}
	}
	if lines, cut := cell("short", 10, 1, false); cut || lines[0] != "short" {
		t.Errorf("short text: got %q, cut %v", lines, cut)
	}
}

// squeeze removes the blanks that wrapping may have taken.
func squeeze(s string) string { return strings.ReplaceAll(s, " ", "") }

func TestNewLayout(t *testing.T) {
	titles := []string{columnTime, columnVerdict, "ACTION", columnPath, "STATE", columnProcess, columnRuns, columnEvidence}
	natural := []int{27, 15, 12, 60, 11, 50, 300, 30}
	words := []int{16, 9, 12, 4, 11, 7, 4, 8}
	tests := []struct {
		width       int
		tight, list bool
	}{
		{0, false, false}, {1000, false, false}, {200, false, false}, {160, false, false},
		{120, true, false}, {80, true, false}, {60, false, true},
	}
	for _, tt := range tests {
		l := newLayout(titles, natural, words, tt.width)
		if l.tight != tt.tight || l.list != tt.list {
			t.Errorf("width %d: got tight %v, list %v, want %v, %v", tt.width, l.tight, l.list, tt.tight, tt.list)
		}
		if l.list {
			continue
		}
		total := 3*len(titles) - 1
		if l.tight {
			total = len(titles)
		}
		for i, w := range l.widths {
			total += w
			if w < 1 || w > natural[i] {
				t.Errorf("width %d: column %s got %d of %d", tt.width, titles[i], w, natural[i])
			}
		}
		if tt.width > 0 && total > tt.width {
			t.Errorf("width %d: the table takes %d", tt.width, total)
		}
	}
}
