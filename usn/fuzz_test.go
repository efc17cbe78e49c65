package usn

import (
	"bytes"
	"context"
	"errors"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

func FuzzParseRecord(f *testing.F) {
	for _, h := range []string{hexV2, hexV3, hexV4} {
		f.Add(unhex(f, h))
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkRecord(t, b) })
}

func FuzzParseMax(f *testing.F) {
	f.Add(make([]byte, 32))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, err := ParseMax(b)
		if (err == nil) != (len(b) >= 32) || err != nil && (m != Max{}) {
			t.Fatalf("%d bytes: %+v, %v", len(b), m, err)
		}
	})
}

// checkWalk holds a walk over any bytes to its promises: records in order,
// apart, inside, decodable; damage counted no more than once.
func checkWalk(t testing.TB, b []byte) {
	var end, bytesInRecords int64
	var records uint64
	src := source(b)
	st, err := Walk(context.Background(), src, func(r Raw) {
		if r.Offset < end || r.Offset+int64(len(r.Bytes())) > int64(len(b)) || r.Offset%8 != 0 {
			t.Fatalf("record at %d of %d bytes, after %d, in %d", r.Offset, len(r.Bytes()), end, len(b))
		}
		if _, err := r.Decode(); err != nil {
			t.Fatal(err)
		}
		if !bytes.Equal(r.Bytes(), b[r.Offset:r.Offset+int64(len(r.Bytes()))]) {
			t.Fatalf("record at %d is not what the stream holds there", r.Offset)
		}
		end = r.Offset + int64(len(r.Bytes()))
		bytesInRecords += int64(len(r.Bytes()))
		records++
	}, func(at int64, err error) {
		var e *parse.Error
		if at < end || at >= int64(len(b)) || !errors.As(err, &e) || e.Offset < at {
			t.Fatalf("problem at %d after %d: %v", at, end, err)
		}
	})
	if err != nil || st.Records != records || st.V2+st.V3+st.V4 != records || bytesInRecords+st.DamagedBytes > int64(len(b)) {
		t.Fatalf("%d records of %d bytes, %+v, %v", records, bytesInRecords, st, err)
	}
	nonzero := len(b) - bytes.Count(b, []byte{0})
	if int64(nonzero) > bytesInRecords+st.DamagedBytes {
		t.Fatalf("%d bytes are not zero, %d in records, %d damaged", nonzero, bytesInRecords, st.DamagedBytes)
	}
}

func FuzzWalk(f *testing.F) {
	var s stream
	s.fill(60)
	s.v4()
	f.Add(s.b)
	f.Add(bytes.Repeat([]byte{0x50, 0, 0, 0, 2, 0, 0, 0}, 40))
	f.Fuzz(func(t *testing.T, b []byte) { checkWalk(t, b) })
}

func FuzzCarve(f *testing.F) {
	var s stream
	s.fill(10)
	f.Add(s.b)
	f.Fuzz(func(t *testing.T, b []byte) {
		end := int64(0)
		for r, err := range Carve(bytes.NewReader(b), int64(len(b))) {
			if err != nil || r.Offset < end || r.Offset+int64(r.Length) > int64(len(b)) {
				t.Fatalf("%+v after %d: %v", r, end, err)
			}
			end = r.Offset + int64(r.Length)
		}
	})
}

func TestWalkHostile(t *testing.T) {
	var s stream
	s.fill(4)
	s.v4()
	s.v2("last.job", ReasonFileCreate)
	for n := range s.b {
		checkWalk(t, s.b[:n])
	}
	for i := range 8 * len(s.b) {
		b := append([]byte(nil), s.b...)
		b[i/8] ^= 1 << (i % 8)
		checkWalk(t, b)
		if w := walkAll(t, source(b)); len(w.names) < 5 {
			t.Errorf("bit %d flipped: got %d records of 6, want at most one lost", i, len(w.names))
		}
	}
}
