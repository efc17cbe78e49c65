// Package partition finds the partitions of a disk: MBR with logical
// partitions, and GPT with its backup, for sectors of 512 and 4096 bytes.
//
// It reads tables, not file systems: what a partition holds is for others to
// see. The tables may be hostile; every place that they name is held against
// the size of the image.
package partition

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"

	"github.com/jobscan/jobscan/internal/parse"
)

// Schemes of partitioning.
const (
	SchemeNone = "none"
	SchemeMBR  = "MBR"
	SchemeGPT  = "GPT"
)

// Partition is one entry of a table.
type Partition struct {
	Index  int    // 1-based slot in the table; logical ones count from 5
	Start  int64  // byte offset in the image
	Length int64  // bytes, cut to the end of the image
	Scheme string // SchemeMBR or SchemeGPT
	Type   string // "0x07", or the type's GUID
	Name   string // of a GPT partition, WTF-8
	GUID   string // of a GPT partition
}

// Types under which Windows keeps NTFS volumes.
const (
	typeMBRNTFS      = "0x07" // also exFAT and HPFS
	typeMBRHidden    = "0x17"
	typeMBRRecovery  = "0x27"
	typeMBRDynamic   = "0x42"
	typeGPTBasicData = "EBD0A0A2-B9E5-4433-87C0-68B6B72699C7"
	typeGPTRecovery  = "DE94BBA4-06D1-4D40-A16A-BFD50179D6AC"
	typeGPTDynamic   = "AF9B60A0-1431-4F62-BC68-3311714A69AD"
)

// ForNTFS reports a type that says that NTFS, or another file system of
// Windows, is there. NTFS may well lie under other types.
func (p Partition) ForNTFS() bool {
	switch p.Type {
	case typeMBRNTFS, typeMBRHidden, typeMBRRecovery, typeGPTBasicData, typeGPTRecovery:
		return true
	}
	return false
}

// Dynamic reports a partition of the Windows Logical Disk Manager, whose
// volumes may be put together of several of them.
func (p Partition) Dynamic() bool { return p.Type == typeMBRDynamic || p.Type == typeGPTDynamic }

// Table is what a disk says of itself.
type Table struct {
	Scheme     string
	SectorSize int64       // bytes
	Signature  uint32      // of an MBR disk
	GUID       string      // of a GPT disk
	Partitions []Partition // in the order of the table
}

// sectorSizes are tried in this order, unless the caller knows.
var sectorSizes = []int64{512, 4096}

const mbrSize = 512

// Parse reads the partition tables of an image of size bytes. sizes are the
// sector sizes to expect; by default 512 and 4096. A table that is damaged, or
// says what cannot be, gives problems and whatever of it still holds; an image
// without any table has the scheme SchemeNone.
func Parse(r io.ReaderAt, size int64, sizes ...int64) (Table, []error) {
	if len(sizes) == 0 {
		sizes = sectorSizes
	}
	d := disk{r: r, size: size}
	mbr, err := d.read(0, mbrSize, "MBR")
	if err != nil {
		if size < mbrSize {
			return Table{Scheme: SchemeNone}, nil
		}
		d.problem(err)
		mbr = make([]byte, mbrSize)
	}
	if t, ok := d.gpt(sizes); ok {
		if !isProtective(mbr) {
			d.problem(&parse.Error{Structure: "MBR", Offset: mbrEntries, Err: parse.ErrSignature, Detail: "expected an entry of type 0xEE, which protects the GPT"})
		}
		return t, d.problems
	}
	gptProblems := d.problems
	if t, ok := d.mbr(mbr, sizes); ok {
		if isProtective(mbr) {
			d.problem(&parse.Error{Structure: "GPT header", Offset: sizes[0], Err: parse.ErrSignature,
				Detail: "the MBR announces a GPT, but neither it nor its backup is there"})
		}
		return t, d.problems
	}
	return Table{Scheme: SchemeNone}, gptProblems
}

// disk reads an image and collects what is wrong with it.
type disk struct {
	r        io.ReaderAt
	size     int64
	problems []error
}

func (d *disk) problem(err error) { d.problems = append(d.problems, err) }

// read gives n bytes, at most maxArray, at an offset.
func (d *disk) read(off, n int64, structure string) ([]byte, error) {
	if off < 0 || n < 0 || n > maxArray || off > d.size-n {
		return nil, &parse.Error{Structure: structure, Offset: off, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("expected %d bytes, the image has %d", n, d.size)}
	}
	b := make([]byte, n)
	k, err := d.r.ReadAt(b, off)
	if int64(k) == n {
		return b, nil
	}
	if err == nil || errors.Is(err, io.EOF) {
		err = parse.ErrTruncated
	}
	return nil, &parse.Error{Structure: structure, Offset: off, Err: err}
}

// add places a partition given in sectors. What reaches past the image is cut,
// what lies outside altogether is a problem alone.
func (d *disk) add(t *Table, p Partition, start, count uint64, structure string, at int64) {
	sectors := uint64(d.size / t.SectorSize)
	if start >= sectors {
		d.problem(&parse.Error{Structure: structure, Field: "start", Offset: at, Err: parse.ErrRange,
			Detail: fmt.Sprintf("partition %d starts at sector %d, the image has %d", p.Index, start, sectors)})
		return
	}
	p.Start = int64(start) * t.SectorSize
	if count > sectors-start {
		d.problem(&parse.Error{Structure: structure, Field: "length", Offset: at, Err: parse.ErrTruncated,
			Detail: fmt.Sprintf("partition %d needs %d sectors, the image has %d of them", p.Index, count, sectors-start)})
		p.Length = d.size - p.Start
	} else {
		p.Length = int64(count) * t.SectorSize
	}
	p.Scheme = t.Scheme
	t.Partitions = append(t.Partitions, p)
}

var le = binary.LittleEndian
