package evt

import (
	"testing"

	"github.com/jobscan/jobscan/fixtures"
)

func FuzzRecords(f *testing.F) {
	f.Add(fixtures.OldEventLog(fixtures.OldLogOptions{Size: 1640}, events(9)...))
	f.Add(fixtures.OldEventLog(fixtures.OldLogOptions{Size: 1640, Dirty: true}, events(9)...))
	f.Add(fixtures.OldEventLog(fixtures.OldLogOptions{Size: 1200}, events(1)...))
	f.Fuzz(func(t *testing.T, b []byte) { checkRecords(t, b) })
}
