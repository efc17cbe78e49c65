package rule

import (
	"testing"

	"github.com/jobscan/jobscan/rule/eql"
)

// fixedRecord is what a scan hands over: one creation, process unknown.
type fixedRecord struct{ path, name, extension string }

func (r *fixedRecord) Field(name string) eql.Value {
	switch name {
	case "event.category":
		return eql.Str("file")
	case "event.type":
		return eql.Str("creation")
	case "host.os.type":
		return eql.Str("windows")
	case "file.path":
		return eql.Str(r.path)
	case "file.name":
		return eql.Str(r.name)
	case "file.extension":
		return eql.Str(r.extension)
	}
	return eql.NotKnown()
}

var benchRecords = []struct {
	name   string
	record fixedRecord
	want   Outcome
}{
	{"match", fixedRecord{`C:\Windows\Tasks\At1.job`, "At1.job", "job"}, Match},
	{"undecided", fixedRecord{`C:\Windows\Tasks\CCleanerCrashReporting.job`, "CCleanerCrashReporting.job", "job"}, Undecided},
	{"other folder", fixedRecord{`C:\Windows\System32\x.job`, "x.job", "job"}, NoMatch},
	{"other extension", fixedRecord{`C:\Windows\System32\kernel32.dll`, "kernel32.dll", "dll"}, NoMatch},
}

func BenchmarkOutcome(b *testing.B) {
	r := Builtin()[0]
	for i := range benchRecords {
		c := &benchRecords[i]
		b.Run(c.name, func(b *testing.B) {
			b.ReportAllocs()
			s := Subject{Record: &c.record}
			for b.Loop() {
				if got := r.Outcome(s); got != c.want {
					b.Fatal(got)
				}
			}
		})
	}
}

func TestOutcomeAllocatesNothing(t *testing.T) {
	for _, r := range Builtin() {
		for i := range benchRecords {
			c := &benchRecords[i]
			s := Subject{Record: &c.record}
			if n := testing.AllocsPerRun(100, func() { r.Outcome(s) }); n != 0 {
				t.Errorf("%s: %s: %v allocations", r.Source, c.name, n)
			}
		}
	}
}
