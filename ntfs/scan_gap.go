package ntfs

import (
	"errors"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

// gap is a range of unreadable records, lost in the same way, that a scan has not
// reported yet. There is none where err is nil.
type gap struct {
	from, to uint64 // to exclusive
	kind     gapKind
	err      error // of record from
}

// gapKind says how a record was lost. What was in use, and what may be read from a
// better copy of the evidence, must not stand as "the same" behind another loss.
type gapKind uint8

const (
	gapSignature      gapKind = iota // no FILE record, and not in use as far as $BITMAP tells
	gapSignatureInUse                // no FILE record, and in use by $BITMAP
	gapMissing                       // not in the evidence
	gapUnread                        // an error of the reader
)

// gapOf tells how a record was lost that could not be read because of err.
func gapOf(err error) gapKind {
	if errors.Is(err, parse.ErrTruncated) {
		return gapMissing
	}
	return gapUnread
}

// takes: record n, lost in the way of kind, goes on with the gap.
func (g *gap) takes(n uint64, kind gapKind) bool { return g.err != nil && g.to == n && g.kind == kind }

// problem is the error of the first record, with the number of the others.
func (g *gap) problem() error {
	if n := g.to - g.from; n > 1 {
		return fmt.Errorf("%w; the same for the %d records after it", g.err, n-1)
	}
	return g.err
}
