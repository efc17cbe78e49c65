package ntfs

import (
	"bytes"
	"errors"
	"io/fs"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

func TestContents(t *testing.T) {
	a := bytes.Repeat([]byte("first clu"), 1000)[:8192]
	tv := newTestVolume(64, 100)
	place(tv, 50, a)
	data := func(n uint32, free bool, attribute []byte) {
		tv.add(recordSpec{number: n, sequence: 2, free: free, attributes: [][]byte{attribute}})
	}
	data(30, false, resident(0x80, "", []byte("small")))
	data(31, false, nonResident(0x80, "", 0, 0, 0, 5000, 5000, []byte{0x11, 2, 50, 0}))
	data(32, true, nonResident(0x80, "", 0, 0, 0, 5000, 5000, []byte{0x11, 2, 50, 0}))
	data(33, true, nonResident(0x80, "", 0, 0, 0, 5000, 5000, []byte{0x11, 2, 60, 0}))
	data(34, false, nonResident(0x80, "", 0, 0, 0, 12000, 5000, []byte{0x11, 1, 50, 0x01, 2, 0}))
	data(35, false, nonResident(0x80, "", 0, 0, 0, 1<<60, 1<<60, []byte{0x11, 1, 50, 0}))
	data(36, false, nonResident(0x80, "", 0x4000, 0, 0, 4096, 4096, []byte{0x11, 1, 50, 0}))
	data(37, false, resident(0x80, "ads", []byte("not the content")))
	data(38, false, nonResident(0x80, "", 1, 63, 0, 4096, 4096, []byte{0x11, 1, 50, 0}))
	data(39, false, nonResident(0x80, "", 0, 0, 2, 0, 0, []byte{0x11, 1, 50, 0}))
	bitmap := make([]byte, 13)
	bitmap[50/8] |= 1 << (50 % 8)
	tv.add(recordSpec{number: 6, sequence: 6, attributes: [][]byte{resident(0x80, "", bitmap)}})
	v, _, err := tv.open()
	if err != nil {
		t.Fatal(err)
	}
	tests := []struct {
		name     string
		record   uint64
		max      int64
		want     []byte
		complete bool
		note     string
	}{
		{"resident", 30, 100, []byte("small"), true, ""},
		{"resident, cut", 30, 3, []byte("sma"), false, "cut at 3"},
		{"non-resident", 31, 1 << 20, a[:5000], true, ""},
		{"non-resident, cut", 31, 4500, a[:4500], false, "cut at 4500 of 5000"},
		{"deleted, first cluster used again", 32, 1 << 20, a[:5000], false, "run at LCN 50 (2 clusters): 1 allocated again"},
		{"deleted, clusters still free", 33, 1 << 20, make([]byte, 5000), true, ""},
		{"hole, initialized size", 34, 1 << 20, append(slices.Clone(a[:4096]), make([]byte, 12000-4096)...), true, ""},
		{"size 2^60", 35, 1 << 30, a[:4096], false, "no cluster in the evidence"},
		{"encrypted", 36, 1 << 20, a[:4096], false, "encrypted"},
		{"compression unit 2^63", 38, 1 << 20, nil, false, "not supported"},
		{"first part missing", 39, 1 << 20, append(make([]byte, 8192), a[:4096]...), false, "holds the size is missing"},
	}
	for _, tt := range tests {
		f, err := v.File(tt.record)
		if err != nil {
			t.Fatal(err)
		}
		c, err := v.Contents(f, tt.max)
		if err != nil || !bytes.Equal(c.Data, tt.want) || c.Complete != tt.complete || (tt.note == "") != (len(c.Notes) == 0) || !strings.Contains(strings.Join(c.Notes, "; "), tt.note) {
			t.Errorf("%s: got %d bytes, complete %v, notes %q, %v; want %d bytes, %v, %q", tt.name, len(c.Data), c.Complete, c.Notes, err, len(tt.want), tt.complete, tt.note)
		}
	}
	f, err := v.File(37)
	if err != nil {
		t.Fatal(err)
	}
	if c, err := v.Contents(f, 100); !errors.Is(err, fs.ErrNotExist) || c.Data != nil {
		t.Errorf("no unnamed $DATA: got %+v, %v", c, err)
	}
}

func TestContentsOfLooseMFT(t *testing.T) {
	b := slices.Concat(plainFile(0, "a", []byte("abc")).bytes(),
		recordSpec{number: 1, sequence: 1, attributes: [][]byte{nonResident(0x80, "", 0, 0, 0, 5000, 5000, []byte{0x11, 2, 50, 0})}}.bytes())
	v, err := OpenMFT(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	for n, want := range []string{"abc", ""} {
		f, err := v.File(uint64(n))
		if err != nil {
			t.Fatal(err)
		}
		c, err := v.Contents(f, 100)
		if err != nil || string(c.Data) != want || c.Complete != (n == 0) || c.Resident != (n == 0) {
			t.Errorf("record %d: got %+v, %v", n, c, err)
		}
	}
}

func TestLZNT1(t *testing.T) {
	raw := func(b []byte) []byte { return append([]byte{byte(len(b) - 1), byte((len(b)-1)>>8) | 0x30}, b...) }
	packed := func(b []byte) []byte { return append([]byte{byte(len(b) - 1), byte((len(b)-1)>>8) | 0xB0}, b...) }
	full := bytes.Repeat([]byte("0123456789abcdef"), 256)
	// [MS-XCA] 3.3 style: "F# F# G A A G F# E D D E F# F# E E" and its expansion.
	song := fromHex(t, `38 b0 88 46 23 20 00 20 47 20 41 00 10 a2 47 01 a0 45 20 44 00 08 45 01 50 79 00 c0 45 20 05 24
		13 88 05 b4 02 4a 44 ef 03 58 02 8c 09 16 01 48 45 00 be 00 9e 00 04 01 18 90 00`)
	tests := []struct {
		name string
		in   []byte
		want []byte
		err  error
	}{
		{"nothing", nil, nil, nil},
		{"end", []byte{0, 0, 1, 2}, nil, nil},
		{"stored", raw([]byte("stored")), []byte("stored"), nil},
		{"stored, full, then more", append(raw(full), raw([]byte("x"))...), append(slices.Clone(full), 'x'), nil},
		{"short chunk stands for 4096 bytes", append(raw([]byte("a")), raw([]byte("b"))...), append(append([]byte("a"), make([]byte, 4095)...), 'b'), nil},
		{"literals", packed([]byte{0, 'a', 'b', 'c'}), []byte("abc"), nil},
		{"overlapping copy", packed([]byte{0x02, 'a', 0x07, 0x00}), []byte("aaaaaaaaaaa"), nil},
		{"published example", song, []byte("F# F# G A A G F# E D D E F# F# E E F# F# G A A G F# E D D E F# E D D E E F# D E F# G F# D E F# G F# E D E A F# F# G A A G F# E D D E F# E D D\x00"), nil},
		{"chunk cut", packed([]byte{0, 'a', 'b', 'c'})[:4], nil, parse.ErrTruncated},
		{"copy from before the start", packed([]byte{0x02, 'a', 0x00, 0x10}), nil, parse.ErrRange},
		{"copy at the very start", packed([]byte{0x01, 0x00, 0x00}), nil, parse.ErrRange},
		{"half a token", packed([]byte{0x02, 'a', 0x07}), nil, parse.ErrRange},
		{"bomb: 4099 bytes from 4", packed([]byte{0x02, 'a', 0xFF, 0x0F}), nil, parse.ErrRange},
	}
	for _, tt := range tests {
		got, err := lznt1(tt.in, 64<<10)
		if !errors.Is(err, tt.err) || !bytes.Equal(got, tt.want) {
			t.Errorf("%s: got %q, %v; want %q, %v", tt.name, got, err, tt.want, tt.err)
		}
	}
}
