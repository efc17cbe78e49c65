package report

import "testing"

func TestVisible(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"path", `C:\Windows\Tasks\x.job`, `C:\Windows\Tasks\x.job`},
		{"text beyond ASCII", "Überwachung 日本語 😀 é", "Überwachung 日本語 😀 é"},
		{"combining accent", "e\u0301", "e\u0301"},
		{"escape sequence", "\x1b[31mred\x1b[0m", `\x1b[31mred\x1b[0m`},
		{"C0", "\x00\a\b\t\n\r", `\x00\x07\x08\x09\x0a\x0d`},
		{"DEL and C1", "\x7f\u0085\u009b", `\x7f\u0085\u009b`},
		{"bidi override", "exe\u202egpj", `exe\u202egpj`},
		{"bidi isolates and marks", "\u2066\u2069\u200e\u200f\u061c", `\u2066\u2069\u200e\u200f\u061c`},
		{"zero width", "a\u200b\u200c\u200d\ufeff\u2060\u00adb", `a\u200b\u200c\u200d\ufeff\u2060\u00adb`},
		{"separators", "\u2028\u2029", `\u2028\u2029`},
		{"tags", "\U000e0041\U000e007f", `\U000e0041\U000e007f`},
		{"variation selectors", "\ufe0f\U000e0100", `\ufe0f\U000e0100`},
		{"fillers", "\u3164\u115f\u034f", `\u3164\u115f\u034f`},
		{"noncharacters", "\ufdd0\uffff\U0010fffe", `\ufdd0\uffff\U0010fffe`},
		{"lone surrogate", "a\xed\xa0\xbdb", `a\ud83db`},
		{"invalid bytes", "\xff\xc3(", `\xff\xc3(`},
		{"replacement character", "\ufffd", "\ufffd"},
		{"number sign that shows", "\u0600", "\u0600"},
	}
	for _, tt := range tests {
		if got := Visible(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}

func TestCSVCell(t *testing.T) {
	tests := []struct{ name, in, want string }{
		{"empty", "", ""},
		{"plain", `C:\x, "y"`, `C:\x, "y"`},
		{"equals", "=1+1", "'=1+1"},
		{"plus", "+1", "'+1"},
		{"minus", "-1", "'-1"},
		{"at", "@SUM(A1)", "'@SUM(A1)"},
		{"tab", "\t=1", `'\x09=1`},
		{"CR", "\r=1", `'\x0d=1`},
		{"LF", "\n=1", `'\x0a=1`},
		{"wide equals", "＝1", "'＝1"},
		{"formula inside", "a=1", "a=1"},
		{"override before a formula", "\u202e=1", `\u202e=1`},
		{"escape", "\x1b", `\x1b`},
	}
	for _, tt := range tests {
		if got := CSVCell(tt.in); got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
}
