// Package logtest writes logs in the layout of $LogFile, for tests of what
// reads them. It shares no code with the decoder.
package logtest

import "encoding/binary"

const (
	headerLength = 0x30
	stride       = 512
	copies11     = 2
	copies20     = 32
)

// Record is a log record to be written.
type Record struct {
	Type                      uint32 // 0 means 1, an operation
	Flags                     uint16
	Redo, Undo                uint16
	RedoData, UndoData        []byte
	Target, At, Inside, Block uint16 // open attribute, record offset, attribute offset, cluster block offset
	VCN                       uint64
	LCNs                      []uint64
	OmitData                  bool   // state lengths, write no data
	Raw                       []byte // client data as it is, instead of all above
}

// Log is a log that is being written.
type Log struct {
	major, pageSize, dataOffset int
	bits                        uint
	b                           []byte // fixups not yet applied
	page, off                   int    // where the next record goes
	lap                         uint64
	lastLSN                     uint64
	count                       map[int]bool // pages in use
	copied                      map[int]bool // copies, whose first LSN field is spoken for
}

// New begins a log of size bytes in version 1.1 or 2.0, in lap 1, at the
// start of the ring.
func New(major, size, pageSize int) *Log {
	l := &Log{major: major, pageSize: pageSize, b: make([]byte, size), lap: 1, count: map[int]bool{}, copied: map[int]bool{}}
	for i := range l.b {
		l.b[i] = 0xFF
	}
	offsetBits := 0
	for n := size; n > 0; n >>= 1 {
		offsetBits++
	}
	l.bits = uint(64 - (offsetBits - 3))
	// The header, one word and one more for each stretch, to a multiple of 8.
	l.dataOffset = (0x28 + 2 + 2*(pageSize/stride) + 7) &^ 7
	if l.dataOffset < 0x40 {
		l.dataOffset = 0x40
	}
	l.page = l.RingStart()
	l.off = l.dataOffset
	return l
}

// RingStart is the offset of the ring's first page in bytes.
func (l *Log) RingStart() int {
	if l.major >= 2 {
		return (2 + copies20) * l.pageSize
	}
	return (2 + copies11) * l.pageSize
}

// Place is where the next record goes, in bytes from the start of the log.
func (l *Log) Place() int { return l.page + l.off }

// LeavePage goes on in the next page.
func (l *Log) LeavePage() {
	l.off = l.dataOffset
	l.page += l.pageSize
	if l.page+l.pageSize > len(l.b) {
		l.page = l.RingStart()
		l.lap++
	}
}

// Append writes a record and returns its LSN.
func (l *Log) Append(r Record) uint64 {
	data := r.Raw
	if data == nil {
		data = r.clientData()
	}
	if l.off+headerLength > l.pageSize {
		l.LeavePage()
	}
	lsn := l.lap<<(64-l.bits) | uint64(l.Place())>>3
	le := binary.LittleEndian
	h := make([]byte, headerLength)
	le.PutUint64(h, lsn)
	le.PutUint64(h[8:], l.lastLSN)
	le.PutUint32(h[24:], uint32(len(data)))
	kind := r.Type
	if kind == 0 {
		kind = 1
	}
	le.PutUint32(h[32:], kind)
	le.PutUint32(h[36:], 0x18)
	flags := r.Flags
	if l.off+headerLength+len(data) > l.pageSize {
		flags |= 1
	}
	le.PutUint16(h[40:], flags)
	l.header(lsn)
	l.put(h)
	for len(data) > 0 {
		if l.off >= l.pageSize {
			l.LeavePage()
			l.header(lsn)
		}
		n := min(len(data), l.pageSize-l.off)
		l.put(data[:n])
		data = data[n:]
	}
	l.off = (l.off + 7) &^ 7
	p := l.b[l.page:]
	le.PutUint64(p[0x20:], lsn) // ends here
	le.PutUint16(p[0x18:], uint16(l.off))
	le.PutUint32(p[0x10:], 1)
	l.lastLSN = lsn
	return lsn
}

func (l *Log) put(b []byte) {
	copy(l.b[l.page+l.off:], b)
	l.off += len(b)
}

// header begins a page if it is not begun, and notes the LSN that begins in it
// or goes on.
func (l *Log) header(lsn uint64) {
	p := l.b[l.page : l.page+l.pageSize]
	if !l.count[l.page] || l.off == l.dataOffset {
		clear(p[:l.dataOffset])
		if !l.count[l.page] {
			clear(p)
		}
		l.count[l.page] = true
		copy(p, "RCRD")
		binary.LittleEndian.PutUint16(p[4:], 0x28)
		binary.LittleEndian.PutUint16(p[6:], uint16(l.pageSize/stride+1))
	}
	binary.LittleEndian.PutUint64(p[8:], lsn)
}

func (r *Record) clientData() []byte {
	le := binary.LittleEndian
	n := max(len(r.LCNs), 1)
	b := make([]byte, 0x20+8*n)
	le.PutUint16(b, r.Redo)
	le.PutUint16(b[2:], r.Undo)
	le.PutUint16(b[4:], uint16(len(b)))
	le.PutUint16(b[6:], uint16(len(r.RedoData)))
	undoAt := len(b) + (len(r.RedoData)+7)&^7
	le.PutUint16(b[8:], uint16(undoAt))
	le.PutUint16(b[10:], uint16(len(r.UndoData)))
	le.PutUint16(b[12:], r.Target)
	le.PutUint16(b[14:], uint16(len(r.LCNs)))
	le.PutUint16(b[16:], r.At)
	le.PutUint16(b[18:], r.Inside)
	le.PutUint16(b[20:], r.Block)
	le.PutUint64(b[24:], r.VCN)
	for i, lcn := range r.LCNs {
		le.PutUint64(b[0x20+8*i:], lcn)
	}
	if r.OmitData {
		return b
	}
	b = append(b, r.RedoData...)
	b = append(b, make([]byte, undoAt-len(b))...)
	b = append(b, r.UndoData...)
	return append(b, make([]byte, -len(b)&7)...)
}

// Copy puts a copy of the ring's page at offset from into the n-th place for
// copies, as it is now.
func (l *Log) Copy(from, n int) {
	at := (2 + n) * l.pageSize
	p := l.b[at : at+l.pageSize]
	copy(p, l.b[from:from+l.pageSize])
	l.count[at], l.copied[at] = true, true
	if l.major >= 2 {
		binary.LittleEndian.PutUint32(p[0x3C:], uint32(from))
		return
	}
	binary.LittleEndian.PutUint64(p[8:], uint64(from))
}

// Bytes finishes the log: restart pages are written and fixups applied.
func (l *Log) Bytes() []byte {
	b := append([]byte(nil), l.b...)
	for i := range 2 {
		l.restart(b[i*l.pageSize:(i+1)*l.pageSize], l.lastLSN-uint64(i))
		protect(b[i*l.pageSize:(i+1)*l.pageSize], uint16(7+i))
	}
	for at := range l.count {
		protect(b[at:at+l.pageSize], uint16(at/l.pageSize+100))
	}
	return b
}

func (l *Log) restart(p []byte, lsn uint64) {
	clear(p)
	le := binary.LittleEndian
	copy(p, "RSTR")
	le.PutUint16(p[4:], 0x1E)
	le.PutUint16(p[6:], uint16(l.pageSize/stride+1))
	le.PutUint32(p[0x10:], uint32(l.pageSize))
	le.PutUint32(p[0x14:], uint32(l.pageSize))
	area := (0x1E + 2 + 2*(l.pageSize/stride) + 7) &^ 7
	le.PutUint16(p[0x18:], uint16(area))
	le.PutUint16(p[0x1A:], uint16(map[bool]int{true: 1, false: 0}[l.major == 1]))
	le.PutUint16(p[0x1C:], uint16(l.major))
	a := p[area:]
	le.PutUint64(a, lsn)
	le.PutUint16(a[8:], 1)
	le.PutUint16(a[10:], 0xFFFF)
	le.PutUint32(a[16:], uint32(l.bits))
	le.PutUint16(a[20:], 0xE0)
	le.PutUint16(a[22:], 0x40)
	le.PutUint64(a[24:], uint64(len(l.b)))
	le.PutUint16(a[36:], headerLength)
	le.PutUint16(a[38:], uint16(l.dataOffset))
}

// protect puts the update sequence number at the end of each stretch.
func protect(p []byte, number uint16) {
	le := binary.LittleEndian
	at := int(le.Uint16(p[4:]))
	le.PutUint16(p[at:], number)
	for i := range len(p) / stride {
		end := p[(i+1)*stride-2:]
		copy(p[at+2+2*i:], end[:2])
		le.PutUint16(end, number)
	}
}
