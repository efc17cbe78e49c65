package qcow2

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/pages"
	"github.com/jobscan/jobscan/internal/parse"
)

const (
	// tableBytes bounds what is kept of tables, the L1 table included.
	tableBytes = 64 << 20
	// maxPiece is the length at which no further cluster is joined to a piece.
	maxPiece = 1 << 20
)

// tables leads from an offset on the disk to one in the file: the L1 table gives
// the L2 table, the L2 table the cluster.
type tables struct {
	header
	file   disk.Image
	l1     []byte // the entries in use; fewer where the file ends
	l2     *pages.Cache
	unpack *unpacker
}

func newTables(h header, file disk.Image) (*tables, error) {
	t := &tables{header: h, file: file, unpack: newUnpacker(file, h.compression)}
	wanted := h.l1Used() * 8
	t.l1 = make([]byte, max(0, min(wanted, file.Size()-h.l1Offset)))
	if wanted > 0 && len(t.l1) == 0 {
		return nil, headerError("l1_table_offset", 40, parse.ErrRange, "expected an offset in a file of %d bytes, found %#x", file.Size(), h.l1Offset)
	}
	if n, err := file.ReadAt(t.l1, h.l1Offset); n < len(t.l1) {
		return nil, failed("QCOW2 L1 table", "", h.l1Offset, err, "")
	}
	t.l2 = pages.New(file, h.clusterSize(), h.l1Used(), tableBytes-int64(len(t.l1)))
	return t, nil
}

// l1Flaw tells that the L1 table is cut off, or gives nil.
func (t *tables) l1Flaw() error {
	if wanted := t.l1Used() * 8; int64(len(t.l1)) < wanted {
		return failed("QCOW2 L1 table", "", t.l1Offset, parse.ErrTruncated, "expected %d bytes, found %d", wanted, len(t.l1))
	}
	return nil
}

// l2Table gives the offset of L2 table number index; 0: all its clusters are zero.
func (t *tables) l2Table(index int64) (int64, error) {
	at := t.l1Offset + index*8
	if index >= int64(len(t.l1)/8) {
		return 0, failed("QCOW2 L1 table", "entry", at, parse.ErrTruncated, "expected entry %d, found the end of the file", index)
	}
	v := binary.BigEndian.Uint64(t.l1[index*8:])
	if v == 0 {
		return 0, nil
	}
	table := int64(v & offsetMask)
	if reserved := v &^ (flagCopied | offsetMask); reserved != 0 {
		return 0, failed("QCOW2 L1 table", "entry", at, parse.ErrRange, "expected reserved bits of 0, found %#x", reserved)
	}
	if table%t.clusterSize() != 0 {
		return 0, failed("QCOW2 L1 table", "L2 table offset", at, parse.ErrRange, "expected a multiple of %d, found %#x", t.clusterSize(), table)
	}
	if what := t.metadata(table, t.clusterSize()); what != "" {
		return 0, failed("QCOW2 L1 table", "L2 table offset", at, parse.ErrRange, "expected an L2 table, found %#x in the %s", table, what)
	}
	return table, nil
}

// locate finds the clusters from off on that lie side by side.
func (t *tables) locate(off int64) (disk.Piece, error) {
	cluster := off >> t.clusterBits
	l1Index, index := cluster/t.l2Entries(), cluster%t.l2Entries()
	table, err := t.l2Table(l1Index)
	if err != nil {
		return disk.Piece{}, err
	}
	within := off & (t.clusterSize() - 1)
	if table == 0 {
		return disk.Piece{Length: (t.l2Entries()-index)<<t.clusterBits - within}, nil
	}
	b, err := t.l2.Get(l1Index, table)
	if err != nil {
		return disk.Piece{}, failed("QCOW2 L2 table", "", table, err, "")
	}
	e, err := t.l2Entry(b, table, index)
	if err != nil {
		return disk.Piece{}, err
	}
	if e.packed > 0 {
		return disk.Piece{Length: t.clusterSize() - within, At: within, Packed: t.packed(cluster, e)}, nil
	}
	return t.plain(b, table, index, e, within)
}

// plain joins the cluster e, from the byte within on, and those that follow it
// in its L2 table.
func (t *tables) plain(b []byte, table, index int64, e entry, within int64) (disk.Piece, error) {
	part := t.clusterSize() / subclusters
	first := within / part
	stored, count := e.run(first)
	p := disk.Piece{Length: count*part - within%part}
	if stored {
		p.From, p.At = t.file, e.host+within
	}
	for full := first+count == subclusters; full && p.Length < maxPiece; {
		index++
		if index == t.l2Entries() {
			break
		}
		next, err := t.l2Entry(b, table, index)
		if err != nil || next.packed > 0 || stored && next.host != p.At+p.Length {
			break // told or read when it is asked for
		}
		also, count := next.run(0)
		if also != stored {
			break
		}
		p.Length += count * part
		full = count == subclusters
	}
	if !stored {
		return p, nil
	}
	if left := t.file.Size() - p.At; left < p.Length {
		if left <= 0 {
			return disk.Piece{}, failed("QCOW2 cluster", "", p.At, parse.ErrTruncated, "expected %d bytes, found the end of the file at %#x", p.Length, t.file.Size())
		}
		p.Length = left
	}
	return p, nil
}

// run tells whether the subclusters from first on are stored, and how many of
// the same state there are, at least 1.
func (e entry) run(first int64) (stored bool, count int64) {
	rest := e.stored >> first
	if stored = rest&1 != 0; stored {
		rest = ^rest
	}
	return stored, min(int64(bits.TrailingZeros32(rest)), subclusters-first)
}

func (t *tables) packed(cluster int64, e entry) *disk.Packed {
	return &disk.Packed{Key: cluster, Size: int(t.clusterSize()), Unpack: func(dst []byte) error {
		if err := t.unpack.read(dst, e.host, e.packed); err != nil {
			return &parse.Error{Structure: "QCOW2 compressed cluster", Offset: e.host, Err: err,
				Detail: fmt.Sprintf("expected %d bytes in at most %d", len(dst), e.packed)}
		}
		return nil
	}}
}
