package evtx

import "testing"

func FuzzRecords(f *testing.F) {
	chunk := firstChunk()
	f.Add(chunk)
	f.Add(chunk[:700])
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) > ChunkSize {
			b = b[:ChunkSize]
		}
		checkRecords(t, b)
	})
}

func FuzzFileHeader(f *testing.F) {
	f.Add(smallLog()[:FileHeaderSize])
	f.Fuzz(func(t *testing.T, b []byte) {
		h, err := ParseFileHeader(b)
		if err != nil && h != (FileHeader{}) || err == nil && (len(b) < FileHeaderSize || h.BlockSize < FileHeaderSize) {
			t.Errorf("got %+v, %v", h, err)
		}
	})
}
