// Package carve goes over all bytes of a volume once and finds what no live
// structure leads to any more: FILE records outside the $MFT, INDX records, USN
// records and job files. It knows shapes and where they lay; it does not know
// what of it belongs together, and decides nothing about events.
package carve

import (
	"context"
	"io"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/usn"
)

// Finder says what to look for and where to put it. A callback that is nil is
// not called. Callbacks come from the goroutine that called Part, each kind by
// ascending offset. All offsets are bytes from the start of the volume.
type Finder struct {
	// Want judges a name in UTF-16LE, which is valid during the call only.
	// Nil wants every name. Jobs have no name and are found in any case.
	Want func(name []byte) bool
	// Record gets each name of a FILE record, if one of its names is wanted
	// (event.MFTCarved, with the content where that is in the record), and each
	// wanted name of an INDX record, of its entries as of its slack
	// (event.IndexSlack). Whether the FILE record or the index is a live one
	// that lies outside of the ranges given as live is for the caller to see.
	// The reference is 0 where it is overwritten or was never there.
	Record func(event.Trace)
	// USN gets each record with a wanted name, and each of a folder: paths are
	// made of those. Stale is always set.
	USN func(usn.Record, Plausibility)
	// AnyUSN gets every record, V4 included, before names are looked at. The
	// Raw is valid during the call only.
	AnyUSN func(usn.Raw)
	// Job gets each job and each end of a job whose head is lost. raw is the
	// number of bytes it takes; inRecord: it lies in a FILE record, an INDX
	// record or a page of $LogFile, whose update sequence was undone.
	Job func(offset int64, job *jobfile.Job, raw int, inRecord bool)
	// Problem gets what could not be read or decoded; the pass goes on.
	Problem func(offset int64, err error)

	// ClusterSize of the volume in bytes; 0 takes 512. It serves Plausibility.
	ClusterSize int64
}

// Range is a stretch of the volume: Start inclusive, End exclusive, in bytes.
type Range struct{ Start, End int64 }

// Stats counts what a pass did.
type Stats struct {
	Bytes      int64 // searched
	Live       int64 // passed over, as they belong to live ranges
	Unreadable int64 // of those searched: taken for zeros

	Records      int64 // FILE records, wanted or not
	IndexRecords int64 // INDX records, wanted or not
	USN          int64 // USN records, wanted or not
	Jobs         int64
}

// Sizes in bytes.
const (
	step     = 1 << 20 // of a window, and the grid on which windows begin
	partSize = 64 << 20
	lead     = jobfile.ScannerLead
	tail     = jobfile.ScannerTail
)

// Parts cuts a volume into parts, in order. Parts can be searched at the same
// moment, each with a Finder of its own; what they give, joined in order, is the
// same as of one Finder that goes over them.
func Parts(size int64) []Range {
	var out []Range
	for at := int64(0); at < size; at += partSize {
		out = append(out, Range{at, min(at+partSize, size)})
	}
	return out
}

// Part searches one of the Parts of a volume, which is the size bytes of r,
// outside the live ranges, which were read by other means: the extents of $MFT
// and of $J. A structure is found where its first byte lies outside of them. Live
// ranges may overlap and come in any order. What lies across the end of the part
// is read there; the window before it is looked at too, so that what began there
// is not found a second time. The error is that of ctx; the counts then are those
// so far.
func (f *Finder) Part(ctx context.Context, r io.ReaderAt, size int64, live []Range, part Range) (Stats, error) {
	p := &pass{f: f, r: r, size: size, jobs: jobfile.NewScanner(r, size)}
	part.Start, part.End = max(part.Start, 0), min(part.End, size)
	dead := gaps(live, Range{max(part.Start-step, 0), part.End})
	p.stats.Live = max(part.End-part.Start, 0)
	for _, d := range dead {
		for at := d.Start; at < d.End; {
			if err := ctx.Err(); err != nil {
				p.stats.Live = 0
				return p.stats, err
			}
			end := min((at/step+1)*step, d.End)
			if at < part.Start {
				end = min(end, part.Start)
			}
			p.quiet = at < part.Start
			p.window(at, end)
			at = end
		}
	}
	p.stats.Live -= p.stats.Bytes
	return p.stats, nil
}
