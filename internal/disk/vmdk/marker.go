package vmdk

import (
	"github.com/jobscan/jobscan/internal/parse"
)

// Types of markers whose size is 0.
const (
	markerEOS    = 0 // MARKER_EOS: end of stream
	markerGT     = 1 // MARKER_GT: a grain table follows
	markerGD     = 2 // MARKER_GD: a grain directory follows
	markerFooter = 3 // MARKER_FOOTER
)

// grainMarkerSize is what of a marker precedes the data of a compressed grain.
const grainMarkerSize = 12

// marker stands at a sector's begin in a stream-optimized extent and says what
// follows ("Virtual Disk Format 5.0", Markers). With a size it is a grain, whose
// data follow after twelve bytes; without, the rest of its sector is empty.
type marker struct {
	Value uint64 // of a grain, its first sector on the disk; else sectors that follow
	Size  uint32 // bytes of compressed data
	Type  uint32 // where Size is 0
}

func parseMarker(b []byte) (marker, error) {
	c := parse.NewCursor(b, "marker")
	m := marker{Value: c.U64("val"), Size: c.U32("size"), Type: c.U32("type")}
	if err := c.Err(); err != nil {
		return marker{}, err
	}
	return m, nil
}

// grainMarker is the marker of a compressed grain.
type grainMarker struct {
	LBA  uint64 // the grain's first sector within the extent
	Size uint32 // bytes of compressed data, which follow
}

func parseGrainMarker(b []byte) (grainMarker, error) {
	c := parse.NewCursor(b, "grain marker")
	m := grainMarker{LBA: c.U64("lba"), Size: c.U32("size")}
	if err := c.Err(); err != nil {
		return grainMarker{}, err
	}
	return m, nil
}
