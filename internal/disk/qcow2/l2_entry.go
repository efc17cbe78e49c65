package qcow2

import (
	"encoding/binary"

	"github.com/jobscan/jobscan/internal/parse"
)

// Bits of L1 and L2 entries.
const (
	flagCopied     = 1 << 63 // the cluster's refcount is exactly one
	flagCompressed = 1 << 62 // L2 only
	flagZero       = 1 << 0  // L2 only, from version 3 on, not in extended entries

	offsetMask = 1<<56 - 1<<9 // bits 9 to 55: offset of a host cluster
)

// subclusters is the number of parts of a cluster that have states of their own.
// Standard entries are taken as if they had them, all in one state.
const subclusters = 32

// entry says where a guest cluster is. The zero value reads as zeros.
type entry struct {
	host   int64  // offset in the file: of the host cluster, or of compressed data
	packed int64  // bytes of compressed data, to the end of its last sector; 0: not compressed
	stored uint32 // a bit for each subcluster that lies in the host cluster
}

// l2Entry decodes entry number index of an L2 table that lies at offset table of
// the file, big-endian. b are the table's bytes. A host cluster is checked against
// the header and the tables that lead to it, not against the file's size.
// Source: QEMU, docs/interop/qcow2, "L2 table entry", "Extended L2 Entries".
func (h *header) l2Entry(b []byte, table, index int64) (entry, error) {
	at := index * h.l2EntrySize()
	if int64(len(b)) < at+h.l2EntrySize() {
		return entry{}, failed("QCOW2 L2 table", "entry", table+at, parse.ErrTruncated, "expected entry %d, found the end of the file", index)
	}
	v := binary.BigEndian.Uint64(b[at:])
	var bitmap uint64
	if h.extended() {
		bitmap = binary.BigEndian.Uint64(b[at+8:])
	}
	if v&flagCompressed != 0 {
		return h.compressedEntry(v, bitmap, table+at)
	}
	return h.standardEntry(v, bitmap, table, table+at)
}

// standardEntry decodes the entry v with its subcluster bitmap. at is its offset.
func (h *header) standardEntry(v, bitmap uint64, table, at int64) (entry, error) {
	zero := v&flagZero != 0
	reserved := v &^ (flagCopied | offsetMask | flagZero)
	if zero && (h.version < 3 || h.extended()) {
		reserved |= flagZero
	}
	if reserved != 0 {
		return entry{}, failed("QCOW2 L2 table", "entry", at, parse.ErrRange, "expected reserved bits of 0, found %#x", reserved)
	}
	e := entry{host: int64(v & offsetMask)}
	switch {
	case h.extended():
		zeros := uint32(bitmap >> 32)
		e.stored = uint32(bitmap)
		if e.stored&zeros != 0 {
			return entry{}, failed("QCOW2 L2 table", "subcluster bitmap", at+8, parse.ErrRange,
				"expected subclusters that are stored or zero, found both for %#x", e.stored&zeros)
		}
	case !zero && e.host != 0:
		e.stored = 1<<subclusters - 1
	}
	if e.host == 0 && (e.stored != 0 || v&flagCopied != 0 && !zero) {
		return entry{}, failed("QCOW2 L2 table", "host cluster offset", at, parse.ErrRange, "expected an offset for a cluster in use, found 0")
	}
	if e.stored == 0 {
		return entry{}, nil
	}
	if e.host%h.clusterSize() != 0 {
		return entry{}, failed("QCOW2 L2 table", "host cluster offset", at, parse.ErrRange, "expected a multiple of %d, found %#x", h.clusterSize(), e.host)
	}
	if what := h.metadata(e.host, h.clusterSize()); what != "" {
		return entry{}, failed("QCOW2 L2 table", "host cluster offset", at, parse.ErrRange, "expected a data cluster, found %#x in the %s", e.host, what)
	}
	if e.host == table {
		return entry{}, failed("QCOW2 L2 table", "host cluster offset", at, parse.ErrRange, "expected a data cluster, found the table itself")
	}
	return e, nil
}

// compressedEntry decodes the descriptor of a compressed cluster: the offset of
// its data has 62 - (cluster_bits - 8) bits, what follows counts the sectors of
// 512 bytes that the data takes beyond its first.
func (h *header) compressedEntry(v, bitmap uint64, at int64) (entry, error) {
	if bitmap != 0 {
		return entry{}, failed("QCOW2 L2 table", "subcluster bitmap", at+8, parse.ErrRange, "expected 0 for a compressed cluster, found %#x", bitmap)
	}
	if v&flagCopied != 0 {
		return entry{}, failed("QCOW2 L2 table", "entry", at, parse.ErrRange, "expected no copied flag for a compressed cluster")
	}
	bits := 62 - (h.clusterBits - 8)
	host := int64(v & (1<<bits - 1))
	sectors := int64(v&(flagCompressed-1)) >> bits
	e := entry{host: host, packed: (sectors+1)*512 - host%512}
	if what := h.metadata(host, 1); what != "" {
		return entry{}, failed("QCOW2 L2 table", "compressed cluster offset", at, parse.ErrRange, "expected compressed data, found %#x in the %s", host, what)
	}
	return e, nil
}

// metadata names the structure that bytes of the file belong to, of those whose
// place the header gives.
func (h *header) metadata(at, length int64) string {
	switch {
	case at < h.clusterSize():
		return "header"
	case at < h.l1Offset+h.l1Entries*8 && at+length > h.l1Offset:
		return "L1 table"
	}
	return ""
}
