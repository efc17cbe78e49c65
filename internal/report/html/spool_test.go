package html

import (
	"bytes"
	"io"
	"testing"
)

func TestChunks(t *testing.T) {
	var c chunks
	var want bytes.Buffer
	for n := 0; want.Len() < 3*chunkSize; n = n*2 + 1 {
		piece := bytes.Repeat([]byte{byte(n)}, n%(chunkSize+chunkSize/3))
		want.Write(piece)
		if got, err := c.Write(piece); got != len(piece) || err != nil {
			t.Fatalf("got %d, %v", got, err)
		}
	}
	got, err := io.ReadAll(c.reader())
	if err != nil || !bytes.Equal(got, want.Bytes()) {
		t.Errorf("got %d bytes, %v, want %d", len(got), err, want.Len())
	}
}
