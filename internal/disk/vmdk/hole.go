package vmdk

import (
	"fmt"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// maxTableMarkers bounds the markers between two grains of a stream: a table for
// each run of grains, the directory, the footer.
const maxTableMarkers = 16

// hole is the piece of holes from grain g on. A stream has one copy of its tables
// alone, without a checksum; so what follows the last grain before the hole must be
// no grain that the tables do not know, or zeros would stand for its data.
func (x *sparseExtent) hole(g, in int64) (disk.Piece, error) {
	length := x.run(g, maxHoleRun, func(int64, uint32) bool { return false })
	if x.header.Flags&flagMarkers != 0 {
		if err := x.checkHole(g); err != nil {
			return disk.Piece{}, err
		}
	}
	return disk.Piece{Length: length - in}, nil
}

func (x *sparseExtent) checkHole(g int64) error {
	at, err := x.endBefore(g)
	if err != nil {
		return err
	}
	var b [grainMarkerSize + 4]byte
	for range maxTableMarkers {
		if n, _ := x.file.ReadAt(b[:], at); n < len(b) {
			return nil // the end of the file: tables and footer are checked at open
		}
		m, err := parseMarker(b[:])
		if err != nil {
			return nil
		}
		if m.Size == 0 {
			if m.Type == markerEOS || m.Type > markerFooter || m.Value > uint64(x.size/sectorSize) {
				return nil
			}
			at += int64(1+m.Value) * sectorSize
			continue
		}
		if m.Value%x.header.GrainSize != 0 || m.Value >= x.header.Capacity {
			return nil
		}
		hidden := int64(m.Value / x.header.GrainSize)
		if sector, err := x.entry(hidden); err != nil || sector != grainHole {
			return err
		}
		return &parse.Error{Structure: "grain table", Field: fmt.Sprintf("entry %d of table %d", hidden%gtesPerGT, hidden/gtesPerGT), Offset: int64(x.leading().tables[hidden/gtesPerGT]) * sectorSize, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected sector %d, where the grain of lba %d lies, found a hole; the holes around it are in doubt", at/sectorSize, m.Value)}
	}
	return nil
}

// endBefore is where the last grain before g ends in the file, or where the first
// of all begins.
func (x *sparseExtent) endBefore(g int64) (int64, error) {
	for g > 0 {
		t, err := x.table(int((g - 1) / gtesPerGT))
		if err != nil {
			return 0, err
		}
		if t.entries == nil {
			g = (g - 1) / gtesPerGT * gtesPerGT
			continue
		}
		g--
		sector := t.at(int(g % gtesPerGT))
		if sector == grainHole {
			continue
		}
		if sector == grainDamaged {
			return x.size, nil // told when that grain is read
		}
		var head [grainMarkerSize]byte
		at := int64(sector) * sectorSize
		if n, _ := x.file.ReadAt(head[:], at); n < len(head) {
			return x.size, nil
		}
		m, err := parseGrainMarker(head[:])
		return at + (grainMarkerSize+int64(m.Size)+sectorSize-1)/sectorSize*sectorSize, err
	}
	return int64(min(x.header.OverHead, uint64(x.size/sectorSize))) * sectorSize, nil
}
