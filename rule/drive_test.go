package rule

import (
	"fmt"
	"testing"

	"github.com/jobscan/jobscan/rule/eql"
)

// driveQueries touch the drive letter in each way that a query can.
var driveQueries = []struct {
	name, query string
	letters     int // how many letters must stand for all
}{
	{"wildcard letter", `file where file.path : "?:\\Windows\\Tasks\\*"`, 1},
	{"one letter", `file where file.path : "C:\\Windows\\*"`, 2},
	{"two letters", `file where file.path : ("c:\\Windows\\*", "D:\\Windows\\*")`, 3},
	{"behind a star", `file where file.path : "*C:\\Windows\\*"`, 2},
	{"behind two stars", `file where file.path : "**d*:\\Win*"`, 2},
	{"star and question mark", `file where file.path : "*?C:\\Windows\\*"`, 1},
	{"star alone", `file where file.path : "*"`, 1},
	{"equal", `file where file.path == "E:\\Windows\\Tasks\\x.job"`, 2},
	{"not equal", `file where file.path != "E:\\Windows\\Tasks\\x.job"`, 2},
	{"in", `file where file.path in ("E:\\Windows\\Tasks\\x.job", "F:\\x")`, 3},
	{"in, folded", `file where file.path in~ ("e:\\windows\\tasks\\X.JOB")`, 2},
	{"Kelvin sign", "file where file.path : \"\u212A:\\\\windows\\\\*\"", 2},
	{"letter field", `file where file.drive_letter == "C"`, 2},
	{"letter field excluded", `file where not file.drive_letter : ("c", "d")`, 3},
	{"prefix", `file where startsWith~(file.path, "g:\\win")`, 2},
	{"suffix", `file where endsWith(file.path, "H:\\Windows\\Tasks\\x.job")`, 2},
	{"contains", `file where stringContains(file.path, "I:\\Windows")`, 2},
	{"null", `file where file.path != null`, 1},
	{"regex", `file where file.path regex "[A-M]:.*"`, 26},
	{"order", `file where file.path < "N"`, 26},
	{"expression", `file where substring(file.path, 0, 1) in ("A", "B")`, 26},
	{"concat", `file where concat(file.path, "") == "Q:\\Windows\\Tasks\\x.job"`, 26},
	{"two fields", `file where file.path == file.name or file.path : "Z:*"`, 26},
	{"other field", `file where process.executable : "C:\\*" and file.path : "?:\\*"`, 1},
	{"both truths", `file where file.path : "C:*" or not file.path : "C:*"`, 2},
	{"with unknown", `file where file.path : "C:*" and process.name == "x"`, 2},
	{"with exclusion", `file where file.path : "?:*" and not file.path : "C:*"`, 2},
}

// TestDriveLetters holds the evaluation on chosen letters against that on all 26.
func TestDriveLetters(t *testing.T) {
	for _, tt := range driveQueries {
		r, err := FromQuery(tt.query, eql.Options{})
		if err != nil {
			t.Errorf("%s: %v", tt.name, err)
			continue
		}
		if len(r.letters) != tt.letters {
			t.Errorf("%s: letters %s, want %d of them", tt.name, r.letters, tt.letters)
		}
		for _, path := range []string{`C:\Windows\Tasks\x.job`, `C:\Windows\Tasks\CC:\Windows\y`, `C:`} {
			e := newScriptEvent(tt.name)
			e.set("path", path)
			e.set("file.drive_letter", "C")
			e.set("drive", "?")
			s := e.subject()
			want := r.outcome(s.WithDrive('A'))
			for l := byte('B'); l <= 'Z'; l++ {
				want = merge(want, r.outcome(s.WithDrive(l)))
			}
			if got := r.Outcome(s); got != want {
				t.Errorf("%s: %s: got %v, want %v", tt.name, path, got, want)
			}
			if v := r.Evaluate(s); v.Outcome != want || v.Outcome == Undecided && len(v.Missing) == 0 {
				t.Errorf("%s: %s: %+v, want %v", tt.name, path, v, want)
			}
		}
	}
}

func TestDriveBecause(t *testing.T) {
	tests := []struct{ name, query, missing, because string }{
		{"one letter matches", `file where file.path : "C:\\*"`, "[file.drive_letter]",
			"match only if the drive letter, which is not known, is C"},
		{"two letters do not", `file where not file.path : ("C:\\*", "d:\\*")`, "[file.drive_letter]",
			"match unless the drive letter, which is not known, is C or D"},
		{"letter and process", `file where file.path : "C:\\*" and not process.name : "x"`, "[file.drive_letter process.name]",
			"match unless written by x; it also depends on the drive letter, which is not known"},
	}
	for _, tt := range tests {
		r, err := FromQuery(tt.query, eql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		e := newScriptEvent(tt.name)
		e.set("path", `C:\Windows\Tasks\x.job`)
		e.set("drive", "?")
		v := r.Evaluate(e.subject())
		if v.Outcome != Undecided || fmt.Sprint(v.Missing) != tt.missing || v.Because != tt.because {
			t.Errorf("%s: got %v %v %q, want undecided %s %q", tt.name, v.Outcome, v.Missing, v.Because, tt.missing, tt.because)
		}
	}
}
