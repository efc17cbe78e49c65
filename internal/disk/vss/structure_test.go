package vss

import (
	"encoding/hex"
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/guid"
	"github.com/jobscan/jobscan/internal/parse"
)

// The bytes below were written by Windows 7.
const (
	headerHex = "6b87083876c1484eb7ae04046e6cc752 01000000 01000000 001e000000000000 001e000000000000 0000000000000000" +
		"0000e30600000000 0000000000000000 640b0f60df5be3119d6c005056c00008 640b0f60df5be3119d6c005056c00008"
	blockHex = "6b87083876c1484eb7ae04046e6cc752 01000000 04000000 0000000000000000 00005631 00000000 0000000000000000 6400000000000000"
	copyHex  = "0200000000000000 0000004000000000 690b0f60df5be3119d6c005056c00008 0100000000000000 4000000000000000 4ba912d0f1efce01"
	storeHex = "0300000000000000 0040563100000000 690b0f60df5be3119d6c005056c00008 0000563100000000 0080563100000000" +
		"00c0563100000000 2500000000000100 0000000000000000 0000000000000000"
	infoHex = "37939aaed648ed499874 71500654b7b3 c2033c4ec67b8842ad96c1eac1a55f71 01394e0afb06fc4895c26ab9e38e9e71" +
		"09000000 01000000 09004200"
	descriptorHex = "0040e20600000000 00c0000000000000 00c0563100000000 88000000 00000000"
)

func unhex(t testing.TB, s string, size int) []byte {
	t.Helper()
	b, err := hex.DecodeString(strings.ReplaceAll(s, " ", ""))
	if err != nil {
		t.Fatal(err)
	}
	return append(b, make([]byte, size-len(b))...)
}

func guidOf(t testing.TB, s string) guid.GUID {
	t.Helper()
	b, err := hex.DecodeString(s)
	if err != nil {
		t.Fatal(err)
	}
	return guid.GUID(b)
}

// structure is a parser with a sample of its input.
type structure struct {
	name  string
	hex   string
	size  int // least length that can be decoded
	full  int
	parse func([]byte) (any, error)
	want  any
}

func structures(t testing.TB) []structure {
	store := guidOf(t, "690b0f60df5be3119d6c005056c00008")
	volume := guidOf(t, "640b0f60df5be3119d6c005056c00008")
	return []structure{
		{"volume header", headerHex, 96, headerSize, func(b []byte) (any, error) { return ParseVolumeHeader(b) },
			VolumeHeader{Version: 1, Catalog: 0x6e30000, VolumeID: volume, StorageID: volume}},
		{"block header", blockHex, 128, BlockSize, func(b []byte) (any, error) { return parseBlockHeader(b, "VSS block header") },
			BlockHeader{Version: 1, Type: 4, Offset: 0x31560000, InfoSize: 100}},
		{"catalog entry, shadow copy", copyHex, 128, 128, parseCopy,
			CatalogCopy{VolumeSize: 1 << 30, StoreID: store, Sequence: 1, Flags: 0x40, Created: 0x1ceeff1d012a94b}},
		{"catalog entry, store", storeHex, 128, 128, parseStore,
			CatalogStore{StoreID: store, BlockList: 0x31564000, Header: 0x31560000, RangeList: 0x31568000, Bitmap: 0x3156c000, FileReference: 1<<48 | 37}},
		{"store information", infoHex, 60, 100, func(b []byte) (any, error) { return ParseInformation(b) },
			Information{CopyID: guidOf(t, "c2033c4ec67b8842ad96c1eac1a55f71"), SetID: guidOf(t, "01394e0afb06fc4895c26ab9e38e9e71"), Type: 9, Provider: 1, Attributes: 0x420009}},
		{"block descriptor", descriptorHex, 32, 32, func(b []byte) (any, error) { return ParseDescriptor(b) },
			Descriptor{Original: 0x6e24000, Relative: 0xc000, Store: 0x3156c000, Flags: 0x88}},
	}
}

func parseCopy(b []byte) (any, error) {
	e, err := ParseCatalogEntry(b)
	c, _ := e.(CatalogCopy)
	return c, err
}

func parseStore(b []byte) (any, error) {
	e, err := ParseCatalogEntry(b)
	s, _ := e.(CatalogStore)
	return s, err
}

func TestStructures(t *testing.T) {
	for _, s := range structures(t) {
		got, err := s.parse(unhex(t, s.hex, s.full))
		if err != nil || got != s.want {
			t.Errorf("%s: got  %+v, %v\nwant %+v", s.name, got, err, s.want)
		}
	}
}

// TestTruncatedAndFlipped cuts each sample at every byte and flips every bit.
func TestTruncatedAndFlipped(t *testing.T) {
	for _, s := range structures(t) {
		b := unhex(t, s.hex, s.full)
		zero := reflect.Zero(reflect.TypeOf(s.want)).Interface()
		for n := range s.size {
			got, err := s.parse(b[:n])
			if !errors.Is(err, parse.ErrTruncated) || got != zero {
				t.Errorf("%s of %d bytes: got %v, %v", s.name, n, got, err)
			}
		}
		if _, err := s.parse(b[:s.size]); err != nil {
			t.Errorf("%s of %d bytes: %v", s.name, s.size, err)
		}
		for i := range s.size * 8 {
			b[i/8] ^= 1 << (i % 8)
			checkParse(t, s.name, s.parse, zero, b)
			b[i/8] ^= 1 << (i % 8)
		}
	}
}

// checkParse holds a parser to what it promises for any input.
func checkParse(t *testing.T, name string, f func([]byte) (any, error), zero any, b []byte) {
	t.Helper()
	got, err := f(b)
	if err == nil {
		return
	}
	if got != zero {
		t.Errorf("%s: %v beside the error %v", name, got, err)
	}
	var e *parse.Error
	if errors.As(err, &e) && (e.Offset < 0 || e.Offset > int64(len(b)) || e.Structure == "" || e.Err == nil) {
		t.Errorf("%s: error %+v for %d bytes", name, e, len(b))
	}
	if e == nil && !errors.Is(err, ErrNone) {
		t.Errorf("%s: error of another kind: %v", name, err)
	}
}

func TestOtherCatalogEntries(t *testing.T) {
	for _, kind := range []byte{0, 1, 4, 255} {
		b := make([]byte, 128)
		b[0] = kind
		if e, err := ParseCatalogEntry(b); e != nil || err != nil {
			t.Errorf("type %d: got %v, %v", kind, e, err)
		}
	}
}
