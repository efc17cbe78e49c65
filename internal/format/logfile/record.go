package logfile

import (
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

// RecordType says what a log record's client data is.
type RecordType uint32

// The record types of LFS.
const (
	ClientRecord  RecordType = 1 // an operation
	ClientRestart RecordType = 2 // a checkpoint of the client
)

// Flags of a log record's header. The last two are set by Windows 10, where the
// operation states lengths of data that it did not write.
const (
	FlagMultiPage uint16 = 0x1 // LOG_RECORD_MULTI_PAGE
	FlagNoRedo    uint16 = 0x2
	FlagNoUndo    uint16 = 0x4
)

// maxClientData bounds a record: tables of a busy server take some megabytes.
const maxClientData = 16 << 20

// clientHeader is the fixed part of an NTFS log record, before the LCNs.
const clientHeader = 0x20

// Record is one log record: the header that LFS gives it, and the operation
// that it logs. Data and what is cut from it are valid until the next record
// is asked for; clone what is to be kept.
type Record struct {
	LSN         uint64
	PreviousLSN uint64 // of the same client
	UndoNextLSN uint64
	Offset      int64 // bytes in the log where the record's header lies
	Type        RecordType
	Transaction uint32
	Client      uint32
	Flags       uint16

	// Missing is the number of bytes at the end of Data that could not be
	// found: the record goes on in a page that was lost or written anew.
	Missing int
	// Torn: part of the record lies in a sector that was not written with its page.
	Torn bool
	// Stale marks a record of another lap than its page, as remain where a page
	// was used again, and one in a page whose header is lost. Such records are
	// out of order.
	Stale bool

	Data []byte // client data, as far as it was found

	// The rest is of records of type ClientRecord.
	Redo, Undo         Operation
	RedoData, UndoData []byte // cut short where bytes are missing
	// The lengths that the operations state: where FlagNoRedo or FlagNoUndo is
	// set the data is not there, and means zeros or whatever was there.
	RedoLength, UndoLength int
	TargetAttribute        uint16 // key of the open attribute table; 0 for none
	RecordOffset           uint16 // bytes in the FILE record or index record
	AttributeOffset        uint16 // bytes in the attribute, or in the index
	ClusterBlockOffset     uint16 // in units of 512 bytes from TargetVCN
	TargetVCN              uint64 // in the target attribute; for FILE records in $MFT
	LCNCount               uint16
}

// LCN gives the i-th of LCNCount logical clusters that the target lies in; zero
// where it is missing.
func (r *Record) LCN(i int) uint64 {
	at := clientHeader + 8*i
	if i < 0 || i >= int(r.LCNCount) || at+8 > len(r.Data) {
		return 0
	}
	return binary.LittleEndian.Uint64(r.Data[at:])
}

// TargetOffset is where in the target attribute, in bytes, the changed
// structure begins, for a given cluster size.
func (r *Record) TargetOffset(clusterSize int64) (offset int64, ok bool) {
	if clusterSize <= 0 || r.TargetVCN > uint64(1<<62/clusterSize) {
		return 0, false
	}
	return int64(r.TargetVCN)*clusterSize + int64(r.ClusterBlockOffset)*512, true
}

// recordHeader is what the header of a log record says.
type recordHeader struct {
	lsn, previous, undoNext uint64
	length                  uint32
	client, kind, txn       uint32
	flags                   uint16
}

// decodeHeader reads the header at the start of b, which holds one.
func decodeHeader(b []byte) recordHeader {
	le := binary.LittleEndian
	return recordHeader{
		lsn: le.Uint64(b), previous: le.Uint64(b[8:]), undoNext: le.Uint64(b[16:]),
		length: le.Uint32(b[24:]), client: le.Uint32(b[28:]), kind: le.Uint32(b[32:]),
		txn: le.Uint32(b[36:]), flags: le.Uint16(b[40:]),
	}
}

// plausible: nothing in the header contradicts a record of a log of this size.
func (h *recordHeader) plausible(size int64) bool {
	return h.lsn != 0 && h.length > 0 && h.length <= maxClientData && int64(h.length) < size &&
		(h.kind == uint32(ClientRecord) || h.kind == uint32(ClientRestart)) && h.previous < h.lsn
}

// fill makes a record of the header, which lies at an offset in the log.
func (h *recordHeader) fill(r *Record, offset int64) {
	*r = Record{
		LSN: h.lsn, PreviousLSN: h.previous, UndoNextLSN: h.undoNext, Offset: offset,
		Type: RecordType(h.kind), Transaction: h.txn, Client: h.client, Flags: h.flags,
	}
}

// decodeClient reads the NTFS part of a record from r.Data.
func (r *Record) decodeClient() error {
	if r.Type != ClientRecord {
		return nil
	}
	if len(r.Data) < clientHeader {
		return cutClientHeader(r.Data)
	}
	le, b := binary.LittleEndian, r.Data[:clientHeader]
	r.Redo, r.Undo = Operation(le.Uint16(b)), Operation(le.Uint16(b[0x02:]))
	redoOffset, redoLength := int(le.Uint16(b[0x04:])), int(le.Uint16(b[0x06:]))
	undoOffset, undoLength := int(le.Uint16(b[0x08:])), int(le.Uint16(b[0x0A:]))
	r.TargetAttribute = le.Uint16(b[0x0C:])
	r.LCNCount = le.Uint16(b[0x0E:])
	r.RecordOffset = le.Uint16(b[0x10:])
	r.AttributeOffset = le.Uint16(b[0x12:])
	r.ClusterBlockOffset = le.Uint16(b[0x14:])
	r.TargetVCN = le.Uint64(b[0x18:])
	r.RedoLength, r.UndoLength = redoLength, undoLength
	if r.Flags&FlagNoRedo != 0 {
		redoLength = 0
	}
	if r.Flags&FlagNoUndo != 0 || r.Undo == CompensationLogRecord && undoOffset >= len(r.Data) {
		// For the latter Windows states 8 bytes and writes none.
		undoLength = 0
	}
	var err error
	if r.RedoData, err = r.part("redo offset", 4, redoOffset, redoLength); err != nil {
		return err
	}
	r.UndoData, err = r.part("undo offset", 8, undoOffset, undoLength)
	return err
}

// cutClientHeader tells which field a client header of too few bytes lacks.
func cutClientHeader(b []byte) error {
	c := parse.NewCursor(b, "log record")
	for _, field := range []string{
		"redo operation", "undo operation", "redo offset", "redo length", "undo offset", "undo length",
		"target attribute", "LCNs to follow", "record offset", "attribute offset", "cluster block offset", "reserved",
	} {
		c.Skip(2, field)
	}
	c.Skip(8, "target VCN")
	return c.Err()
}

// part cuts redo or undo data out of the client data; field stands at offset at.
func (r *Record) part(field string, at, offset, length int) ([]byte, error) {
	if length == 0 {
		return nil, nil
	}
	if offset < clientHeader || offset+length > len(r.Data)+r.Missing {
		return nil, &parse.Error{
			Structure: "log record", Field: field, Offset: int64(at), Err: parse.ErrRange,
			Detail: fmt.Sprintf("%d bytes at %#x of %#x", length, offset, len(r.Data)+r.Missing),
		}
	}
	end := min(offset+length, len(r.Data))
	if offset >= end {
		return nil, nil
	}
	return r.Data[offset:end:end], nil
}
