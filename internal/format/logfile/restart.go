package logfile

import (
	"encoding/binary"
	"fmt"
	"math/bits"

	"github.com/jobscan/jobscan/internal/parse"
)

const (
	minPageSize = 1024
	maxPageSize = 65536

	restartSignature = "RSTR"
	restartHeader    = 0x1E // of the page, up to the update sequence
	restartAreaSize  = 0x2C // up to and with the revision number

	// What every version of Windows writes, for a log whose restart pages are lost.
	defaultPageSize     = 4096
	defaultHeaderLength = 0x30
	defaultDataOffset   = 0x40
)

// RestartPage is one of the two pages at the head of the log: its layout, and
// the restart area that says how far the log went.
type RestartPage struct {
	Major, Minor   uint16 // of LFS: 1.1 or 2.0
	SystemPageSize uint32 // bytes of a restart page
	LogPageSize    uint32 // bytes of a log record page
	CheckDiskLSN   uint64 // set by chkdsk alone

	CurrentLSN         uint64
	Flags              uint16 // 0x2: the volume was dismounted cleanly
	SequenceNumberBits uint32 // high bits of an LSN that count laps
	FileSize           uint64 // bytes of the log
	HeaderLength       uint16 // bytes of a log record's header
	DataOffset         uint16 // bytes in a log record page before the first record
	Torn               bool   // some sector of it was not written; its values are plausible all the same
}

// ParseRestartPage decodes the restart page at the start of b, which it leaves
// unchanged. b is as long as the page, or longer.
func ParseRestartPage(b []byte) (RestartPage, error) {
	if len(b) < minPageSize {
		return RestartPage{}, restartError("page", 0, parse.ErrTruncated, fmt.Sprintf("expected %d bytes, found %d", minPageSize, len(b)))
	}
	// CHKD is what chkdsk leaves.
	if s := string(b[:4]); s != restartSignature && s != "CHKD" {
		return RestartPage{}, restartError("signature", 0, parse.ErrSignature, fmt.Sprintf("expected %q, found %q", restartSignature, s))
	}
	size := binary.LittleEndian.Uint32(b[0x10:])
	if !validPageSize(size) || int(size) > len(b) {
		return RestartPage{}, restartError("system page size", 0x10, parse.ErrRange, fmt.Sprintf("found %d", size))
	}
	page := append(make([]byte, 0, size), b[:size]...)
	_, torn := undoFixups(page)
	c := parse.NewCursor(page, "restart page")
	c.Skip(8, "header")
	p := RestartPage{
		CheckDiskLSN:   c.U64("chkdsk LSN"),
		SystemPageSize: c.U32("system page size"),
		LogPageSize:    c.U32("log page size"),
		Torn:           torn > 0,
	}
	at := int(c.U16("restart offset"))
	p.Minor, p.Major = c.U16("minor version"), c.U16("major version")
	if err := p.checkPage(at, len(page)); err != nil {
		return RestartPage{}, err
	}
	if err := p.decodeArea(page[at:]); err != nil {
		return RestartPage{}, parse.At(err, int64(at))
	}
	return p, nil
}

func (p *RestartPage) checkPage(area, size int) error {
	if p.Major == 0 || p.Major > 3 {
		return restartError("version", 0x1A, parse.ErrUnsupported, fmt.Sprintf("found %d.%d", p.Major, p.Minor))
	}
	if !validPageSize(p.LogPageSize) {
		return restartError("log page size", 0x14, parse.ErrRange, fmt.Sprintf("found %d", p.LogPageSize))
	}
	if area < restartHeader || area+restartAreaSize > size {
		return restartError("restart offset", 0x18, parse.ErrRange, fmt.Sprintf("found %#x", area))
	}
	return nil
}

func (p *RestartPage) decodeArea(b []byte) error {
	c := parse.NewCursor(b, "restart area")
	p.CurrentLSN = c.U64("current LSN")
	c.Skip(6, "clients")
	p.Flags = c.U16("flags")
	p.SequenceNumberBits = c.U32("sequence number bits")
	c.Skip(4, "lengths")
	p.FileSize = c.U64("file size")
	c.Skip(4, "last LSN data length")
	p.HeaderLength = c.U16("record header length")
	p.DataOffset = c.U16("log page data offset")
	if err := c.Err(); err != nil {
		return err
	}
	if p.SequenceNumberBits < 24 || p.SequenceNumberBits > 54 {
		c.Fail("sequence number bits", 0x10, parse.ErrRange, fmt.Sprintf("expected 24 to 54, found %d", p.SequenceNumberBits))
	}
	if p.HeaderLength < defaultHeaderLength || p.HeaderLength > 256 || p.HeaderLength%8 != 0 {
		c.Fail("record header length", 0x24, parse.ErrRange, fmt.Sprintf("found %d", p.HeaderLength))
	}
	if p.DataOffset < pageHeader || p.DataOffset%8 != 0 || uint32(p.DataOffset)+uint32(p.HeaderLength) > p.LogPageSize {
		c.Fail("log page data offset", 0x26, parse.ErrRange, fmt.Sprintf("found %d", p.DataOffset))
	}
	return c.Err()
}

func validPageSize(n uint32) bool {
	return n >= minPageSize && n <= maxPageSize && n&(n-1) == 0
}

// assumedRestartPage stands in for restart pages that are lost: Windows has
// written one layout ever since, and the lap bits follow from the log's size.
func assumedRestartPage(size int64) RestartPage {
	return RestartPage{
		SystemPageSize: defaultPageSize, LogPageSize: defaultPageSize,
		SequenceNumberBits: lapBits(size), FileSize: uint64(size),
		HeaderLength: defaultHeaderLength, DataOffset: defaultDataOffset,
	}
}

// lapBits: LFS gives as many low bits of an LSN to the offset as the size of
// the log needs, less three, since records start at multiples of 8.
func lapBits(size int64) uint32 {
	offset := min(max(bits.Len64(uint64(max(size, 0))), 13)-3, 40)
	return uint32(64 - offset)
}

func restartError(field string, offset int, cause error, detail string) error {
	return &parse.Error{Structure: "restart page", Field: field, Offset: int64(offset), Err: cause, Detail: detail}
}
