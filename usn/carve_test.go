package usn

import (
	"bytes"
	"encoding/binary"
	"slices"
	"testing"
)

func TestCarve(t *testing.T) {
	var s stream
	s.v2("one.job", ReasonFileCreate)
	junk := bytes.Repeat([]byte{0x5A}, chunkSize-len(s.b)-24)
	s.b = append(s.b, junk...)
	across := s.v2("across.job", ReasonFileDelete) // reaches into the next piece that is read
	s.b = append(s.b, make([]byte, 9000)...)
	early := s.v2("1979.job", ReasonFileCreate)
	binary.LittleEndian.PutUint64(s.b[early+32:], uint64(carveFrom)-1)
	grown := s.v2("minor 1", ReasonFileCreate)
	s.b[grown+6] = 1
	s.v2("", ReasonFileCreate)
	reasonless := s.v2("no reason", ReasonFileCreate)
	clear(s.b[reasonless+40 : reasonless+44])
	s.v4()
	last := s.v2("last.job", ReasonFileCreate)

	var names []string
	var offsets []int64
	for r, err := range Carve(bytes.NewReader(s.b), int64(len(s.b))) {
		if err != nil {
			t.Error(err)
		}
		names, offsets = append(names, r.Name), append(offsets, r.Offset)
	}
	if want := []string{"one.job", "across.job", "", "last.job"}; !slices.Equal(names, want) {
		t.Fatalf("got %q, want %q", names, want)
	}
	if offsets[1] != int64(across) || offsets[3] != int64(last) {
		t.Errorf("got offsets %d, want %d and %d among them", offsets, across, last)
	}
}

func TestCarveGoesOnAfterBadSectors(t *testing.T) {
	s := stream{}
	s.v2("before", ReasonFileCreate)
	s.b = append(s.b, make([]byte, 2*chunkSize-len(s.b))...)
	s.v2("after", ReasonFileCreate)
	var names []string
	problems := 0
	r := broken{bytes.NewReader(s.b), 1<<20 + 8192, 1<<20 + 8200}
	for r, err := range Carve(r, int64(len(s.b))) {
		if err != nil {
			problems++
			continue
		}
		names = append(names, r.Name)
	}
	if !slices.Equal(names, []string{"before", "after"}) || problems != 1 {
		t.Errorf("got %q and %d problems", names, problems)
	}
}
