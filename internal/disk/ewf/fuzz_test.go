package ewf

import (
	"bytes"
	"errors"
	"reflect"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

// FuzzOpen opens any bytes and reads what there is.
func FuzzOpen(f *testing.F) {
	for _, tt := range hostile {
		f.Add(fixtures.EWF(content(hostileSize), tt.o)[0].Bytes())
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkHostile(t, b, nil) })
}

// FuzzResummed changes a container and makes the checksums of its structures right,
// so that what is behind them is reached.
func FuzzResummed(f *testing.F) {
	f.Add(uint16(0), uint64(0), uint8(0), uint8(1))
	f.Add(uint16(descriptorSize+4), uint64(1<<40), uint8(1), uint8(8))
	f.Add(uint16(16), uint64(13), uint8(3), uint8(8))
	f.Add(uint16(descriptorSize), uint64(1<<31), uint8(4), uint8(4))
	var containers [][]byte
	for _, tt := range hostile {
		containers = append(containers, fixtures.EWF(content(hostileSize), tt.o)[0].Bytes())
	}
	f.Fuzz(func(t *testing.T, at uint16, value uint64, which, size uint8) {
		for _, whole := range containers {
			b := bytes.Clone(whole)
			for at0, i := int64(fileHeaderSize), uint8(0); ; i++ {
				d, err := parseDescriptor(b[at0:])
				if err != nil {
					t.Fatal(err)
				}
				if i == which || d.Next <= at0 {
					change(b, at0, d, int64(at), value, int(size))
					break
				}
				at0 = d.Next
			}
			checkHostile(t, b, nil)
		}
	})
}

// change writes a number into a section and makes its checksums right.
func change(b []byte, at int64, d descriptor, offset int64, value uint64, size int) {
	end := max(d.Next, at+descriptorSize)
	for i := range int64(size % 9) {
		if at+offset+i < end {
			b[at+offset+i] = byte(value >> (8 * i))
		}
	}
	body := at + descriptorSize
	resum(b[at:body])
	switch {
	case d.Type == "volume" || d.Type == "data" || d.Type == "hash" || d.Type == "digest":
		resum(b[body:end])
	case d.Type == "error2":
		resum(b[body : body+error2HeaderSize])
		resum(b[body+error2HeaderSize : end])
	case d.Type == "table" || d.Type == "table2":
		resum(b[body : body+tableHeaderSize])
		if end-body == tableHeaderSize+4*4+4 || end-body == tableHeaderSize+4*4 {
			resum(b[body+tableHeaderSize : end])
		}
	}
}

// FuzzStructures gives any bytes to each decoder.
func FuzzStructures(f *testing.F) {
	b := fixtures.EWF(content(hostileSize), hostile[0].o)[0].Bytes()
	for _, kind := range []string{"volume", "table", "error2", "hash", "digest"} {
		s := find(f, b, kind)
		f.Add(b[s.at:s.body()])
		f.Add(b[s.body():s.end])
	}
	f.Add(b[:fileHeaderSize])
	f.Fuzz(checkStructures)
}

// checkStructures: an error names structure and place, and comes without a value.
func checkStructures(t *testing.T, b []byte) {
	check := func(name string, value any, err error) {
		t.Helper()
		var e *parse.Error
		if err == nil || disk.IsContainer(err) {
			return
		}
		if !errors.As(err, &e) || e.Structure == "" || e.Offset < 0 || e.Offset > int64(len(b)) {
			t.Errorf("%s: %v", name, err)
		}
		if !reflect.ValueOf(value).IsZero() && !(name == "descriptor" && errors.Is(err, errChecksum)) {
			t.Errorf("%s: %v with %v", name, value, err)
		}
	}
	n, err := parseFileHeader(b)
	check("file header", n, err)
	d, err := parseDescriptor(b)
	check("descriptor", d, err)
	v, _, err := parseVolume(b, true)
	check("volume", v, err)
	if err == nil && (v.chunk() > maxChunk || v.size() <= 0 || v.needed() <= 0) {
		t.Errorf("volume %+v", v)
	}
	h, err := parseTableHeader(b, int64(len(b)))
	check("table header", h, err)
	count, err := parseError2Header(b, int64(len(b)))
	check("error2 header", count, err)
	ranges, err := parseErrors(b)
	check("error2 entries", ranges, err)
	if err := readErrors(ranges); err != nil && len(err.Error()) > 4096 {
		t.Errorf("%d bytes of text", len(err.Error()))
	}
	s, err := parseHash(b)
	check("hash", s, err)
	s, err = parseDigest(b)
	check("digest", s, err)
}

// TestStructuresDamaged cuts and flips what the decoders take.
func TestStructuresDamaged(t *testing.T) {
	b := fixtures.EWF(content(hostileSize), hostile[0].o)[0].Bytes()
	for _, kind := range []string{"volume", "table", "error2", "hash", "digest"} {
		s := find(t, b, kind)
		for _, part := range [][]byte{b[:fileHeaderSize], b[s.at:s.body()], b[s.body():s.end]} {
			for n := range part {
				checkStructures(t, part[:n])
			}
			disktest.Flips(t, part, 1, func() { checkStructures(t, part) })
		}
	}
}
