package vhdx

import (
	"errors"
	"fmt"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

const headerSize = 4096

// headerOffsets are where the two headers lie, in bytes.
var headerOffsets = [2]int64{64 << 10, 128 << 10}

// Header is [MS-VHDX] 2.2.2. There are two, which are written in turn.
type Header struct {
	SequenceNumber uint64
	FileWriteGUID  guid.GUID
	DataWriteGUID  guid.GUID
	LogGUID        guid.GUID // zero: the log is empty
	LogVersion     uint16
	Version        uint16
	LogLength      uint32 // bytes
	LogOffset      uint64 // bytes from the file's beginning
}

// ParseHeader reads a header of 4096 bytes, whose checksum has to fit. Errors are
// *parse.Error.
func ParseHeader(b []byte) (Header, error) {
	const structure = "VHDX header"
	c := parse.NewCursor(b, structure)
	whole := c.Bytes(headerSize, "")
	if err := c.Err(); err != nil {
		return Header{}, err
	}
	if err := signed(whole, "head", structure); err != nil {
		return Header{}, err
	}
	if err := verify(whole, structure); err != nil {
		return Header{}, err
	}
	c = parse.NewCursor(whole, structure)
	c.Skip(8, "signature and checksum")
	return Header{
		SequenceNumber: c.U64("sequence number"),
		FileWriteGUID:  guid.GUID(c.Bytes(16, "file write GUID")),
		DataWriteGUID:  guid.GUID(c.Bytes(16, "data write GUID")),
		LogGUID:        guid.GUID(c.Bytes(16, "log GUID")),
		LogVersion:     c.U16("log version"),
		Version:        c.U16("version"),
		LogLength:      c.U32("log length"),
		LogOffset:      c.U64("log offset"),
	}, nil
}

// readHeaders finds the current header: the sound one with the higher sequence
// number.
func (c *container) readHeaders() error {
	var headers [2]Header
	var errs [2]error
	for i, at := range headerOffsets {
		b, err := readWhole(c.file, at, headerSize, "VHDX header")
		if err == nil {
			headers[i], err = ParseHeader(b)
			err = parse.At(err, at)
		}
		errs[i] = err
	}
	current := 0
	switch a, b := headers[0], headers[1]; {
	case errs[0] != nil && errs[1] != nil:
		return errors.Join(errs[0], errs[1])
	case errs[0] != nil:
		current = 1
		c.flaw(true, fmt.Errorf("first header is damaged, the second is used: %w", errs[0]))
	case errs[1] != nil:
		c.flaw(true, fmt.Errorf("second header is damaged, the first is used: %w", errs[1]))
	case a.SequenceNumber > b.SequenceNumber || a == b: // Disk2vhd makes them equal
	case a.SequenceNumber < b.SequenceNumber:
		current = 1
	default:
		return &parse.Error{Structure: "VHDX header", Field: "sequence number", Offset: headerOffsets[1] + 8, Err: parse.ErrRange,
			Detail: fmt.Sprintf("expected another than that of the first header, found %d in both", a.SequenceNumber)}
	}
	c.header, c.headerAt = headers[current], headerOffsets[current]
	if v := c.header.Version; v != 1 {
		return &disk.ContainerError{Container: fmt.Sprintf("VHDX container of version %d", v), Advice: "convert it with 'Convert-VHD' first"}
	}
	return nil
}
