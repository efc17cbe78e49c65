package jobfile

import (
	"encoding/binary"

	"github.com/jobscan/jobscan/internal/parse"
)

// The end of a job outlives its head where a FILE record or cluster was used
// again by something shorter. It is recognised by its reserved data and the
// first trigger behind it; from there the strings are followed backwards.

const (
	endAnchor    = 2 + 8 + 2 + 4 + 1 // from the size of the reserved data to the second byte of the first trigger's begin year
	endYear      = 0x07              // that byte, in the years 1792 to 2047
	tailMinimum  = 2 + 8 + 2 + triggerSize
	tailMaxUnits = 2048 // of a string that is looked for backwards
)

// isTail recognises reserved data of 8 bytes without task flags, then a trigger
// count and a first trigger that makes sense. The start error is free: it is 0
// after a good start, and an HRESULT where the scheduler could not log on.
func isTail(b []byte) bool {
	if len(b) < tailMinimum {
		return false
	}
	le := binary.LittleEndian
	if le.Uint16(b) != 8 || le.Uint32(b[6:]) != 0 || le.Uint16(b[10:]) == 0 || le.Uint32(b[12:]) != triggerSize {
		return false
	}
	t := readTrigger(parse.NewCursor(b[12:], "trigger"), 0)
	return t.Begin.Valid() && t.Begin.Year >= 1980 && t.Hour < 24 && t.Minute < 60 && t.Type <= lastTriggerType
}

// parseTail decodes the end of a job whose reserved data has its size at
// reserved; nothing before low belongs to it. start is where the first string
// that was found begins. Offsets in the Job count from start.
func parseTail(b []byte, reserved, low int) (j *Job, start int) {
	j = &Job{}
	start = reserved
	fields := []*String{&j.Comment, &j.Author, &j.WorkingDirectory, &j.Parameters, &j.ApplicationSequential}
	if at := reserved - 2; at >= low && binary.LittleEndian.Uint16(b[at:]) == 0 { // no user data
		start = at
		end := at
		for _, f := range fields {
			s, ok := stringBefore(b, low, end)
			if !ok {
				break
			}
			// A count of 0 may as well be the NUL of a string whose beginning
			// is lost: it counts only if a string is found before it.
			if *f = newString(b[s+2:end], s); f.Present {
				start = s
			}
			end = s
		}
	}
	for _, f := range fields {
		if f.Offset -= start; !f.Present {
			*f = String{}
		}
	}
	j.Application = j.ApplicationSequential
	d := decoder{b: b[start:], off: reserved - start, j: j}
	if d.off > 0 {
		j.UserDataOffset = d.off
	}
	d.readReserved()
	d.readTriggers()
	if d.err == nil {
		if s := signatureOf(d.b, d.off); s.State == SignatureZero || s.State == SignaturePresent && entropy(s.Value) >= 4 {
			j.Signature = s
			d.off += signatureSize
		}
	}
	j.Size = d.off
	j.Err = &parse.Error{Structure: "fixed section", Field: "product version", Err: parse.ErrTruncated,
		Detail: "the beginning of the job is gone, its end was found"}
	f := &findings{j: j, b: d.b, out: []Anomaly{}}
	f.add("head_lost", 0, "Only the end of the job was found: what stood before it is overwritten.")
	f.triggers()
	f.triage()
	j.Anomalies = f.out
	return j, start
}

// stringBefore finds the counted string that ends at end: the longest that has
// its count before it, a NUL at its end and no other, or else a count of 0.
func stringBefore(b []byte, low, end int) (start int, ok bool) {
	unit := func(at int) uint16 { return binary.LittleEndian.Uint16(b[at:]) }
	if end-2 < low || unit(end-2) != 0 {
		return 0, false
	}
	start = end - 2
	for n := 1; n <= tailMaxUnits; n++ {
		at := end - 2 - 2*n
		if at < low || n > 1 && unit(at+2) == 0 {
			break
		}
		if int(unit(at)) == n {
			start = at
		}
	}
	return start, true
}
