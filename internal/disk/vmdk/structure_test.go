package vmdk

import (
	"errors"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// headerByQemu is the header of a disk of 3 GiB that qemu-img 7.2 made.
const headerByQemu = "KDMV\x01\x00\x00\x00\x03\x00\x00\x00\x00\x00\x60\x00\x00\x00\x00\x00\x80\x00\x00\x00\x00\x00\x00\x00\x01\x00\x00\x00" +
	"\x00\x00\x00\x00\x14\x00\x00\x00\x00\x00\x00\x00\x00\x02\x00\x00\x15\x00\x00\x00\x00\x00\x00\x00\x96\x01\x00\x00\x00\x00\x00\x00" +
	"\x80\x03\x00\x00\x00\x00\x00\x00\x00\x0a\x20\x0d\x0a\x00\x00"

func header() []byte {
	return append([]byte(headerByQemu), make([]byte, sectorSize-len(headerByQemu))...)
}

func TestParseSparseExtentHeader(t *testing.T) {
	b := header()
	got, err := parseSparseExtentHeader(b)
	want := sparseExtentHeader{Version: 1, Flags: 3, Capacity: 6 << 20, GrainSize: 128, DescriptorOffset: 1, DescriptorSize: 20, GTEsPerGT: 512,
		RGDOffset: 0x15, GDOffset: 0x196, OverHead: 0x380, NewlineTest: [4]byte{10, 32, 13, 10}}
	if err != nil || got != want {
		t.Fatalf("got  %+v, error %v\nwant %+v", got, err, want)
	}
	if err := got.check(); err != nil || got.tables() != 96 {
		t.Errorf("%d tables, error %v; want 96", got.tables(), err)
	}
	for n := range b {
		if got, err := parseSparseExtentHeader(b[:n]); !errors.Is(err, parse.ErrTruncated) || got != (sparseExtentHeader{}) {
			t.Fatalf("%d bytes: %+v, error %v", n, got, err)
		}
	}
}

func TestHeaderCheck(t *testing.T) {
	for _, test := range []struct {
		name    string
		change  func(h *sparseExtentHeader)
		word    string
		refused bool
	}{
		{"text mode", func(h *sparseExtentHeader) { h.NewlineTest = [4]byte{13, 10, 32, 13} }, "text mode", false},
		{"version 0", func(h *sparseExtentHeader) { h.Version = 0 }, "version 0", true},
		{"version 4", func(h *sparseExtentHeader) { h.Version = 4 }, "version 4", true},
		{"unknown feature", func(h *sparseExtentHeader) { h.Flags |= 1 << 18 }, "unknown features", true},
		{"another compression", func(h *sparseExtentHeader) { h.Flags |= 3 << 16; h.CompressAlgorithm = 2 }, "compression algorithm 2", true},
		{"compression without markers", func(h *sparseExtentHeader) { h.Flags |= 1 << 16; h.CompressAlgorithm = 1 }, "without markers", true},
		{"compression without its flag", func(h *sparseExtentHeader) { h.CompressAlgorithm = 1 }, "compressAlgorithm", false},
		{"no grain size", func(h *sparseExtentHeader) { h.GrainSize = 0 }, "grainSize", false},
		{"odd grain size", func(h *sparseExtentHeader) { h.GrainSize = 129 }, "grainSize", false},
		{"huge grains", func(h *sparseExtentHeader) { h.GrainSize = 1 << 40 }, "grainSize", false},
		{"huge grains that are packed", func(h *sparseExtentHeader) { h.Flags |= 3 << 16; h.CompressAlgorithm = 1; h.GrainSize = 1 << 14 }, "grainSize", false},
		{"entries", func(h *sparseExtentHeader) { h.GTEsPerGT = 256 }, "numGTEsPerGT", false},
		{"capacity beyond 63 bits", func(h *sparseExtentHeader) { h.Capacity = 1 << 62 }, "capacity", false},
		{"too many tables", func(h *sparseExtentHeader) { h.Capacity = 1 << 50 }, "grain tables", false},
	} {
		h, err := parseSparseExtentHeader(header())
		if err != nil {
			t.Fatal(err)
		}
		test.change(&h)
		if err := h.check(); err == nil || !strings.Contains(err.Error(), test.word) || disk.IsContainer(err) != test.refused {
			t.Errorf("%s: error %v, want one with %q, a refusal %v", test.name, err, test.word, test.refused)
		}
	}
}

func TestParseMarkers(t *testing.T) {
	b := []byte{4, 0, 0, 0, 0, 0, 0, 0, 7, 0, 0, 0, 1, 0, 0, 0}
	if got, err := parseMarker(b); err != nil || got != (marker{4, 7, 1}) {
		t.Errorf("got %+v, error %v", got, err)
	}
	if got, err := parseGrainMarker(b); err != nil || got != (grainMarker{4, 7}) {
		t.Errorf("got %+v, error %v", got, err)
	}
	for n := range b {
		if got, err := parseMarker(b[:n]); err == nil || got != (marker{}) {
			t.Errorf("%d bytes: got %+v, error %v", n, got, err)
		}
		if got, err := parseGrainMarker(b[:min(n, 11)]); err == nil || got != (grainMarker{}) {
			t.Errorf("%d bytes: got %+v, error %v", n, got, err)
		}
	}
}

func TestMergeTables(t *testing.T) {
	const bad, none = 999, grainDamaged
	valid := func(s uint32) bool { return s < 900 }
	for _, test := range []struct {
		name             string
		first, redundant []uint32
		single           bool
		want             []uint32
		check            tableCheck
	}{
		{"equal", []uint32{0, 5, 6}, []uint32{0, 5, 6}, false, []uint32{0, 5, 6}, tableCheck{}},
		{"one copy", []uint32{0, 5, bad}, nil, true, []uint32{0, 5, none}, tableCheck{damaged: 1}},
		{"first copy damaged", []uint32{bad, bad}, []uint32{5, 0}, false, []uint32{5, 0}, tableCheck{first: 2}},
		{"first copy not there", nil, []uint32{5, 0, bad}, false, []uint32{5, 0, none}, tableCheck{first: 2, damaged: 1}},
		{"redundant copy damaged", []uint32{5, 0}, []uint32{bad, bad}, false, []uint32{5, 0}, tableCheck{redundant: 2}},
		{"redundant copy not there", []uint32{5, 0}, nil, false, []uint32{5, 0}, tableCheck{redundant: 2}},
		{"both damaged", []uint32{bad}, []uint32{bad + 1}, false, []uint32{none}, tableCheck{damaged: 1}},
		{"grain before hole", []uint32{0, 7, 8}, []uint32{6, 0, 9}, false, []uint32{6, 7, 8}, tableCheck{disagree: 3}},
	} {
		got, check := mergeTables(slices.Clone(test.first), slices.Clone(test.redundant), test.single, valid)
		if !reflect.DeepEqual(got, test.want) || check != test.check {
			t.Errorf("%s: got %v, %+v; want %v, %+v", test.name, got, check, test.want, test.check)
		}
	}
}

func TestOverlapping(t *testing.T) {
	list := []extentLine{
		{Sectors: 10, Type: "FLAT", File: "a"}, {Sectors: 10, Type: "FLAT", File: "a", Start: 10}, {Sectors: 10, Type: "FLAT", File: "b"},
		{Sectors: 5, Type: "FLAT", File: "b", Start: 9}, {Sectors: 1, Type: "ZERO"}, {Sectors: 1, Type: "ZERO"},
		{Sectors: 1, Type: "SPARSE", File: "c"}, {Sectors: 1, Type: "SPARSE", File: "c"}, {Sectors: 1, Type: "SPARSE", File: "d"},
	}
	var got []bool
	for _, err := range overlapping(list) {
		got = append(got, err != nil)
	}
	if want := []bool{false, false, true, true, false, false, true, true, false}; !slices.Equal(got, want) {
		t.Errorf("got %v, want %v", got, want)
	}
}
