package ntfs

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

// IndexEntry is one entry of a folder's $I30 index: a copy of a file's
// $FILE_NAME with its reference, in the state of the file's last close.
type IndexEntry struct {
	Reference FileReference
	FileName  FileName
	Offset    int // of the entry in the decoded bytes
}

// IndexNode is the list of entries of one node: of $INDEX_ROOT, or of one INDX
// record of $INDEX_ALLOCATION.
type IndexNode struct {
	VCN     uint64 // of an INDX record
	Entries []IndexEntry
	Torn    []int   // sectors of an INDX record whose fixup did not match
	Damage  []error // entries that could not be decoded
	Slack   []byte  // bytes after the last entry; older entries may remain there
	SlackAt int     // offset of Slack in the decoded bytes
}

const (
	indexEntryHeader   = 0x10
	indexRecordHeader  = 0x18
	indexEntryHasChild = 0x1
	indexEntryIsLast   = 0x2
)

// ParseIndexRoot decodes the value of an $INDEX_ROOT attribute that indexes
// $FILE_NAME (that of a folder, named $I30).
func ParseIndexRoot(b []byte) (IndexNode, error) {
	if len(b) < 0x20 {
		return IndexNode{}, indexError("$INDEX_ROOT", "header", 0, parse.ErrTruncated, fmt.Sprintf("expected 32 bytes, found %d", len(b)))
	}
	if t := AttributeType(binary.LittleEndian.Uint32(b)); t != TypeFileName {
		return IndexNode{}, indexError("$INDEX_ROOT", "indexed type", 0, parse.ErrUnsupported, t.String())
	}
	return parseIndexNode(b, 0x10, "$INDEX_ROOT")
}

// ParseIndexRecord decodes one INDX record of a folder's $INDEX_ALLOCATION.
// b, which is left unchanged, is as long as the volume's index record size.
func ParseIndexRecord(b []byte) (IndexNode, error) {
	if len(b) < fixupStride || len(b) > maxRecord {
		return IndexNode{}, indexError("INDX record", "record", 0, parse.ErrTruncated, fmt.Sprintf("expected %d to %d bytes, found %d", fixupStride, maxRecord, len(b)))
	}
	if string(b[:4]) != "INDX" {
		return IndexNode{}, indexError("INDX record", "signature", 0, parse.ErrSignature, fmt.Sprintf("expected \"INDX\", found %q", b[:4]))
	}
	data := bytes.Clone(b)
	torn, problem := undoFixups(data, indexRecordHeader)
	node, err := parseIndexNode(data, indexRecordHeader, "INDX record")
	if err != nil {
		return IndexNode{}, err
	}
	node.VCN = binary.LittleEndian.Uint64(data[0x10:])
	node.Torn = torn.list()
	if problem != "" {
		node.Damage = append(node.Damage, indexError("INDX record", problem, 4, parse.ErrRange, ""))
	}
	return node, nil
}

// parseIndexNode decodes the node whose header stands at head.
func parseIndexNode(b []byte, head int, structure string) (IndexNode, error) {
	le := binary.LittleEndian
	first := uint64(le.Uint32(b[head:])) + uint64(head)
	used := uint64(le.Uint32(b[head+4:])) + uint64(head)
	if first < uint64(head)+0x10 || first > uint64(len(b)) {
		return IndexNode{}, indexError(structure, "first entry offset", head, parse.ErrRange, fmt.Sprintf("found %d", first-uint64(head)))
	}
	var node IndexNode
	end := int(min(used, uint64(len(b))))
	off := int(first)
	for off+indexEntryHeader <= end {
		length, last := int(le.Uint16(b[off+8:])), le.Uint16(b[off+12:])&indexEntryIsLast != 0
		if length < indexEntryHeader || length&7 != 0 || off+length > end {
			node.Damage = append(node.Damage, indexError(structure, "entry length", off+8, parse.ErrRange, fmt.Sprintf("found %d", length)))
			break
		}
		if !last {
			e, err := parseIndexEntry(b[off : off+length])
			if err != nil {
				node.Damage = append(node.Damage, parse.At(err, int64(off)))
			}
			if e.FileName.Name != "" {
				e.Offset = off
				node.Entries = append(node.Entries, e)
			}
		}
		off += length
		if last {
			break
		}
	}
	node.Slack, node.SlackAt = b[off:], off
	return node, nil
}

// parseIndexEntry decodes one entry; a partial name comes with the error.
func parseIndexEntry(b []byte) (IndexEntry, error) {
	keyLength := int(binary.LittleEndian.Uint16(b[10:]))
	if keyLength > len(b)-indexEntryHeader {
		return IndexEntry{}, indexError("index entry", "key length", 10, parse.ErrRange, fmt.Sprintf("expected at most %d, found %d", len(b)-indexEntryHeader, keyLength))
	}
	n, err := decodeFileName(b[indexEntryHeader : indexEntryHeader+keyLength])
	return IndexEntry{Reference: FileReference(binary.LittleEndian.Uint64(b)), FileName: n}, parse.At(err, indexEntryHeader)
}

// CarveIndexEntries finds remains of $I30 entries in slack: of an INDX record,
// or of a FILE record whose index moved out of it. Entries start at multiples
// of 8 from the start of b. An entry is taken when its key's length is that of
// its name, its parent is the folder given and its times lie in 1990 to 2100;
// the reference is kept as found.
func CarveIndexEntries(b []byte, folder FileReference) []IndexEntry {
	var out []IndexEntry
	for off := 0; off+indexEntryHeader+fileNameAt < len(b); off += 8 {
		key := b[off+indexEntryHeader:]
		keyLength := int(binary.LittleEndian.Uint16(b[off+10:]))
		if FileReference(binary.LittleEndian.Uint64(key)) != folder || keyLength != fileNameAt+2*int(key[fileNameLengthAt]) || keyLength > len(key) {
			continue
		}
		n, err := ParseFileName(key[:keyLength])
		if err != nil || !plausibleTimes(n) {
			continue
		}
		out = append(out, IndexEntry{Reference: FileReference(binary.LittleEndian.Uint64(b[off:])), FileName: n, Offset: off})
	}
	return out
}

func plausibleTimes(n FileName) bool {
	const from, to = 122_755_392_000_000_000, 157_469_184_000_000_000 // 1990-01-01, 2100-01-01 UTC
	for _, t := range []uint64{uint64(n.Created), uint64(n.Modified), uint64(n.Changed), uint64(n.Accessed)} {
		if t < from || t >= to {
			return false
		}
	}
	return true
}

func indexError(structure, field string, offset int, cause error, detail string) error {
	return &parse.Error{Structure: structure, Field: field, Offset: int64(offset), Err: cause, Detail: detail}
}
