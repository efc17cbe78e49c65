package rule

import (
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/rule/eql"
)

var prefilterQueries = []struct {
	name, query string
	want        string // extensions, or "none"
}{
	{"extension equal", `file where file.extension == "JOB"`, "job"},
	{"extension pattern", `file where file.extension : ("job", "Dat")`, "dat job"},
	{"extension in", `any where file.extension in~ ("job")`, "job"},
	{"name", `file where file.name : "*.job"`, "job"},
	{"path", `file where file.path : "?:\\Windows\\Tasks\\*.job"`, "job"},
	{"path equal", `file where file.path == "C:\\x.y.Exe"`, "exe"},
	{"suffix", `file where endsWith~(file.name, ".job")`, "job"},
	{"suffix without dot", `file where endsWith(file.name, "job")`, "none"},
	{"dot in a folder", `file where file.path : "*.d\\job"`, "none"},
	{"wildcard behind the dot", `file where file.name : "*.j?b"`, "none"},
	{"one of the list open", `file where file.name : ("*.job", "x*")`, "none"},
	{"conjunction", `file where file.path : "C:*" and file.extension : "job" and process.name == "x"`, "job"},
	{"smaller of two", `file where file.extension : ("a", "b") and file.name : "*.a"`, "a"},
	{"alternatives", `file where file.extension : "job" or file.name : "*.xml"`, "job xml"},
	{"one alternative open", `file where file.extension : "job" or process.name == "x"`, "none"},
	{"negated", `file where not file.extension : "job"`, "none"},
	{"negated twice", `file where not file.extension != "job" or false`, "job"},
	{"exclusion in disguise", `file where not (file.extension != "job" or false)`, "none"},
	{"exclusion alone", `file where file.extension : "job" and not file.name : "*.xml"`, "job"},
	{"no constraint", `file where true`, "none"},
	{"never", `file where false and file.name == "x"`, ""},
	{"other category", `process where process.name == "x"`, ""},
	{"long s", `file where file.extension : "sys"`, "sys syſ ſys ſyſ"},
	{"k", `file where file.extension == "key"`, "key"},
	{"Kelvin sign", `file where file.extension : "key"`, "key \u212Aey"},
	{"many spellings", `file where file.extension : "ssssssssss"`, "none"},
	{"null", `file where file.extension == null`, "none"},
}

func TestPrefilter(t *testing.T) {
	for _, tt := range prefilterQueries {
		r, err := FromQuery(tt.query, eql.Options{})
		if err != nil {
			t.Fatalf("%s: %v", tt.name, err)
		}
		list, ok := Prefilter([]*Rule{r})
		got := strings.Join(list, " ")
		if !ok {
			got = "none"
		}
		if got != tt.want {
			t.Errorf("%s: got %q, want %q", tt.name, got, tt.want)
		}
	}
	if list, ok := Prefilter(Builtin()); !ok || !slices.Equal(list, []string{"job"}) {
		t.Errorf("built-in rules: got %q %v, want job", list, ok)
	}
}

// TestPrefilterSound asks the rules about files that the prefilter drops: each
// must be NoMatch, whatever else is known.
func TestPrefilterSound(t *testing.T) {
	names := []string{`x.job`, `x.JOB`, `x.a`, `x.b`, `x.xml`, `x.ſYs`, `x`, `x.`, `.job`, `job`, "y.\u212AEY", `x.y.exe`, `x.dat`}
	for _, tt := range prefilterQueries {
		r, err := FromQuery(tt.query, eql.Options{})
		if err != nil {
			t.Fatal(err)
		}
		list, ok := Prefilter([]*Rule{r})
		if !ok {
			continue
		}
		for _, name := range names {
			extension := name[strings.LastIndexByte(name, '.')+1:]
			if extension == name {
				extension = ""
			}
			if slices.Contains(list, strings.Map(lowerASCII, extension)) {
				continue
			}
			for _, path := range []string{`C:\Windows\Tasks\` + name, `C:\` + name, `C:\a.d\` + name} {
				for _, unknown := range []string{"process.name", "file.path"} {
					if strings.Contains(tt.query, unknown) {
						continue // the evaluator does not see that the name decides about an unknown path
					}
					e := newScriptEvent(name)
					e.set("path", path)
					e.set(unknown, "?")
					if got := r.Outcome(e.subject()); got != NoMatch {
						t.Errorf("%s: %s with %s unknown is dropped, but %v", tt.name, path, unknown, got)
					}
				}
			}
		}
	}
}

func lowerASCII(r rune) rune {
	if r >= 'A' && r <= 'Z' {
		r += 'a' - 'A'
	}
	return r
}
