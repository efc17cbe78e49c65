package ntfs

import (
	"bytes"
	"encoding/binary"
	"unicode/utf16"
)

// recordSpec says what FILE record to build. The builder shares no code with
// the decoders.
type recordSpec struct {
	number     uint32
	sequence   uint16
	free       bool
	directory  bool
	base       uint64
	size       int // 1024 where zero
	attributes [][]byte
}

func (s recordSpec) bytes() []byte {
	if s.size == 0 {
		s.size = 1024
	}
	b := make([]byte, s.size)
	le := binary.LittleEndian
	copy(b, "FILE")
	sectors := s.size / 512
	first := (0x30 + 2*(sectors+1) + 7) &^ 7
	le.PutUint16(b[4:], 0x30)
	le.PutUint16(b[6:], uint16(sectors+1))
	le.PutUint64(b[8:], 0x1122334455)
	le.PutUint16(b[0x10:], s.sequence)
	le.PutUint16(b[0x12:], 1)
	le.PutUint16(b[0x14:], uint16(first))
	flags := uint16(0)
	if !s.free {
		flags |= 1
	}
	if s.directory {
		flags |= 2
	}
	le.PutUint16(b[0x16:], flags)
	le.PutUint32(b[0x1C:], uint32(s.size))
	le.PutUint64(b[0x20:], s.base)
	le.PutUint32(b[0x2C:], s.number)
	off := first
	for i, a := range s.attributes {
		copy(b[off:], a)
		le.PutUint16(b[off+0x0E:], uint16(i))
		off += len(a)
	}
	le.PutUint32(b[off:], 0xFFFFFFFF)
	le.PutUint32(b[0x18:], uint32(off+8))
	protect(b, 0x30, 7)
	return b
}

// protect puts the update sequence in place.
func protect(b []byte, at int, number uint16) {
	le := binary.LittleEndian
	le.PutUint16(b[at:], number)
	for i := 0; i < len(b)/512; i++ {
		end := b[i*512+510:]
		copy(b[at+2+2*i:at+4+2*i], end[:2])
		le.PutUint16(end, number)
	}
}

func utf16le(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = binary.LittleEndian.AppendUint16(out, u)
	}
	return out
}

func resident(t uint32, name string, value []byte) []byte {
	n := utf16le(name)
	at := (0x18 + len(n) + 7) &^ 7
	b := make([]byte, (at+len(value)+7)&^7)
	le := binary.LittleEndian
	le.PutUint32(b, t)
	le.PutUint32(b[4:], uint32(len(b)))
	b[9] = byte(len(n) / 2)
	le.PutUint16(b[0x0A:], 0x18)
	le.PutUint32(b[0x10:], uint32(len(value)))
	le.PutUint16(b[0x14:], uint16(at))
	copy(b[0x18:], n)
	copy(b[at:], value)
	return b
}

func nonResident(t uint32, name string, flags uint16, unit uint16, lowest, size, initialized uint64, runs []byte) []byte {
	n := utf16le(name)
	at := (0x40 + len(n) + 7) &^ 7
	b := make([]byte, (at+len(runs)+1+7)&^7)
	le := binary.LittleEndian
	le.PutUint32(b, t)
	le.PutUint32(b[4:], uint32(len(b)))
	b[8] = 1
	b[9] = byte(len(n) / 2)
	le.PutUint16(b[0x0A:], 0x40)
	le.PutUint16(b[0x0C:], flags)
	le.PutUint64(b[0x10:], lowest)
	le.PutUint16(b[0x20:], uint16(at))
	le.PutUint16(b[0x22:], unit)
	le.PutUint64(b[0x28:], (size+4095)&^4095)
	le.PutUint64(b[0x30:], size)
	le.PutUint64(b[0x38:], initialized)
	copy(b[0x40:], n)
	copy(b[at:], runs)
	return b
}

func fileNameValue(parent uint64, name string, namespace byte) []byte {
	n := utf16le(name)
	b := make([]byte, 0x42+len(n))
	le := binary.LittleEndian
	le.PutUint64(b, parent)
	for i := range 4 {
		le.PutUint64(b[8+8*i:], 133500000000000000+uint64(i))
	}
	le.PutUint32(b[0x38:], 0x20)
	b[0x40] = byte(len(n) / 2)
	b[0x41] = namespace
	copy(b[0x42:], n)
	return b
}

func standardInformation(created uint64) []byte {
	b := make([]byte, 72)
	for i := range 4 {
		binary.LittleEndian.PutUint64(b[8*i:], created+uint64(i))
	}
	binary.LittleEndian.PutUint32(b[0x20:], 0x20)
	binary.LittleEndian.PutUint64(b[0x40:], 4096)
	return b
}

// plainFile is the record of an ordinary small file in folder 5-5.
func plainFile(number uint32, name string, content []byte) recordSpec {
	return recordSpec{number: number, sequence: 3, attributes: [][]byte{
		resident(0x10, "", standardInformation(133400000000000000)),
		resident(0x30, "", fileNameValue(5|5<<48, name, 3)),
		resident(0x80, "", content),
	}}
}

// testVolume lays records out as a volume with 4096-byte clusters: boot sector,
// $MFT in clusters 4 and on, $MFTMirr in cluster 2, further clusters after it,
// and the backup of the boot sector. Records 0 and 1 are made here.
type testVolume struct {
	records  map[uint32][]byte
	clusters map[int][]byte
	mftRuns  []byte // default: one run
	mftExtra [][]byte
	count    int // of records
	total    int // clusters
}

func newTestVolume(count, total int) *testVolume {
	return &testVolume{records: map[uint32][]byte{}, clusters: map[int][]byte{}, count: count, total: total}
}

func (v *testVolume) add(s recordSpec) { v.records[s.number] = s.bytes() }

func (v *testVolume) boot() []byte {
	b := make([]byte, 512)
	le := binary.LittleEndian
	copy(b, "\xEB\x52\x90NTFS    ")
	le.PutUint16(b[0x0B:], 512)
	b[0x0D] = 8
	b[0x15] = 0xF8
	le.PutUint64(b[0x28:], uint64(v.total)*8)
	le.PutUint64(b[0x30:], 4)
	le.PutUint64(b[0x38:], 2)
	b[0x40] = 0xF6
	b[0x44] = 1
	le.PutUint64(b[0x48:], 0x1234567890ABCDEF)
	b[510], b[511] = 0x55, 0xAA
	return b
}

func (v *testVolume) bytes() []byte {
	image := make([]byte, v.total*4096+512)
	copy(image, v.boot())
	copy(image[len(image)-512:], v.boot())
	runs := v.mftRuns
	if runs == nil {
		runs = []byte{0x21, byte(v.count / 4), 4, 0}
	}
	mft := recordSpec{number: 0, sequence: 1, attributes: [][]byte{
		resident(0x10, "", standardInformation(133400000000000000)),
		resident(0x30, "", fileNameValue(5|5<<48, "$MFT", 3)),
		nonResident(0x80, "", 0, 0, 0, uint64(v.count)*1024, uint64(v.count)*1024, runs),
	}}
	if v.mftExtra != nil {
		mft.attributes = append(append([][]byte{mft.attributes[0]}, v.mftExtra...), mft.attributes[1:]...)
	}
	mirror := plainFile(1, "$MFTMirr", nil)
	mirror.sequence = 1
	v.add(mft)
	v.add(mirror)
	for n, r := range v.records {
		copy(image[4*4096+int(n)*1024:], r)
		if n < 4 {
			copy(image[2*4096+int(n)*1024:], r)
		}
	}
	for lcn, b := range v.clusters {
		copy(image[lcn*4096:], b)
	}
	return image
}

func (v *testVolume) open() (*Volume, []byte, error) {
	b := v.bytes()
	vol, err := Open(bytes.NewReader(b), int64(len(b)))
	return vol, b, err
}
