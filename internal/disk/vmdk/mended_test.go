package vmdk

import (
	"bytes"
	"errors"
	"io"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/disktest"
	"github.com/jobscan/jobscan/internal/parse"
)

// stream makes a streamOptimized disk of four MiB, of which the first is full.
func stream(atBegin bool) (b, want []byte) {
	want = make([]byte, 4<<20)
	disktest.Noise(want[:1<<20], 3)
	return fixtures.VMDK(want, fixtures.VMDKOptions{Subformat: "streamOptimized", AtBegin: atBegin})[0].Data, want
}

// standIn makes the directory of headers the redundant one, and none of the first.
func standIn(headers ...[]byte) (directory int64) {
	for _, h := range headers {
		le.PutUint32(h[8:], le.Uint32(h[8:])|flagRedundant)
	}
	last := headers[len(headers)-1]
	at := le.Uint64(last[56:])
	le.PutUint64(last[48:], at)
	le.PutUint64(last[56:], 1<<40)
	return int64(at) * sectorSize
}

func openImage(t *testing.T, b []byte) disk.Image {
	t.Helper()
	return disktest.OpenPath(t, Format, disktest.Write(t, t.TempDir(), "d.vmdk", b))
}

// TestStandIn: the redundant directory is there, the first is not.
func TestStandIn(t *testing.T) {
	t.Run("footer", func(t *testing.T) {
		b, want := stream(false)
		standIn(b, b[len(b)-2*sectorSize:])
		img := openImage(t, b)
		disktest.Same(t, img, want)
		disktest.Flaw(t, img, "the redundant one is used", true)
	})
	t.Run("footer, and no marker before it", func(t *testing.T) {
		b, _ := stream(false)
		at := standIn(b, b[len(b)-2*sectorSize:])
		clear(b[at-sectorSize : at])
		f := openImage(t, b).(disk.Flawed).Flaws()
		if len(f) != 2 || f[1].Warning || !strings.Contains(f[1].Err.Error(), "1 markers of tables are not there") {
			t.Errorf("flaws %v, want one of the marker", f)
		}
	})
	t.Run("hole", func(t *testing.T) {
		b, want := stream(true)
		table := int64(le.Uint32(b[standIn(b):])) * sectorSize
		le.PutUint32(b[table+15*4:], grainHole)
		lost := disktest.Lost(t, openImage(t, b), want, grain)
		var e *parse.Error
		if len(lost) == 0 || lost[0].Piece != 15 || !errors.As(lost[0].Err, &e) || e.Structure != "grain table" || e.Offset != table {
			t.Errorf("lost %v, want grain 15 and the table at %#x", lost, table)
		}
	})
	// Without any copy of a table, zeros must not stand for its grains.
	t.Run("table beyond the file", func(t *testing.T) {
		want := bytes.Repeat([]byte{0x77}, 4*grain)
		b := fixtures.VMDK(want, fixtures.VMDKOptions{Subformat: "monolithicSparse"})[0].Data
		le.PutUint64(b[56:], 1<<30)
		le.PutUint32(b[atRGD:], 1<<30)
		img := openImage(t, b)
		lost := disktest.Lost(t, img, want, grain)
		var e *parse.Error
		if len(lost) != 4 || !errors.As(lost[0].Err, &e) || e.Structure != "grain directory" || e.Offset != atRGD {
			t.Errorf("lost %v, want all four grains", lost)
		}
		if f := img.(disk.Flawed).Flaws(); len(f) != 2 || f[1].Warning {
			t.Errorf("flaws %v, want one of the table", f)
		}
	})
}

// TestEmptyGrain: a whole zlib stream of nothing is no end of the disk.
func TestEmptyGrain(t *testing.T) {
	b, _ := stream(false)
	at := int64(le.Uint64(b[64:])) * sectorSize // overHead: the first grain
	copy(b[at+grainMarkerSize:], []byte{0x78, 0x9c, 3, 0, 0, 0, 0, 1})
	n, err := openImage(t, b).ReadAt(make([]byte, 1000), 0)
	var e *parse.Error
	if n != 0 || errors.Is(err, io.EOF) || !errors.Is(err, io.ErrUnexpectedEOF) || !errors.As(err, &e) ||
		e.Structure != "compressed grain" || e.Offset != at+grainMarkerSize || e.Detail != "expected 65536 bytes unpacked, found none" {
		t.Errorf("read %d bytes, %v", n, err)
	}
}
