package evtx

import (
	"bytes"
	"encoding/binary"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 123456700, time.UTC)

// smallLog has two chunks, of five records and one.
func smallLog() []byte {
	events := fixtures.TaskRun(noon, `\At1`, `C:\x.exe`, "SYSTEM", 42, 0, fixtures.GUID{1})
	events = append(events, fixtures.TaskEvent(141, noon.Add(time.Minute), "TaskDeleted", fixtures.LogValue{Name: "TaskName", Value: `\At1`}))
	return fixtures.EventLog(fixtures.LogOptions{Computer: "HOST", FirstRecord: 100, PerChunk: 5}, events...)
}

func firstChunk() []byte { return bytes.Clone(smallLog()[4096:][:ChunkSize]) }

func TestFileHeader(t *testing.T) {
	log := smallLog()
	got, err := ParseFileHeader(log)
	want := FileHeader{LastChunk: 1, NextRecordID: 106, MinorVersion: 1, MajorVersion: 3, BlockSize: 4096, ChunkCount: 2, ChecksumValid: true}
	if err != nil || got != want {
		t.Errorf("got %+v, %v, want %+v", got, err, want)
	}
	for name, tt := range map[string]struct {
		at    int
		bytes string
		want  error
		field string
	}{
		"signature":  {0, "elf", parse.ErrSignature, "signature"},
		"version":    {38, "\x04", parse.ErrUnsupported, "major version"},
		"block size": {40, "\x7f\x00", parse.ErrRange, "header block size"},
	} {
		b := bytes.Clone(log[:FileHeaderSize])
		copy(b[tt.at:], tt.bytes)
		h, err := ParseFileHeader(b)
		var e *parse.Error
		if !errors.Is(err, tt.want) || !errors.As(err, &e) || e.Field != tt.field || e.Offset != int64(tt.at) || h != (FileHeader{}) {
			t.Errorf("%s: got %+v, %v", name, h, err)
		}
	}
	log[120] = 1
	if got, err := ParseFileHeader(log); err != nil || got.Flags != 1 || !got.ChecksumValid {
		t.Errorf("dirty: got %+v, %v", got, err)
	}
}

func TestChunkHeader(t *testing.T) {
	b := firstChunk()
	got, err := ParseChunkHeader(b)
	if err != nil {
		t.Fatal(err)
	}
	if got.FirstID != 100 || got.LastID != 104 || got.FirstNumber != 1 || got.LastNumber != 5 || !got.Verified() {
		t.Errorf("got %+v", got)
	}
	b[130] ^= 1
	b[600] ^= 1
	if got, err := ParseChunkHeader(b); err != nil || got.HeaderValid || got.DataValid {
		t.Errorf("damaged: got %+v, %v", got, err)
	}
	for _, free := range []uint32{0, 511, ChunkSize + 1, 1 << 31} {
		binary.LittleEndian.PutUint32(b[48:], free)
		if got, err := ParseChunkHeader(b); !errors.Is(err, parse.ErrRange) || got != (ChunkHeader{}) {
			t.Errorf("free space at %#x: got %+v, %v", free, got, err)
		}
	}
}

func ids(records []Record) (out []uint64) {
	for _, r := range records {
		out = append(out, r.ID)
	}
	return out
}

func TestRecords(t *testing.T) {
	b := firstChunk()
	whole, problems := Records(b)
	if want := []uint64{100, 101, 102, 103, 104}; !slices.Equal(ids(whole), want) || len(problems) != 0 {
		t.Fatalf("got %v, %v, want %v", ids(whole), problems, want)
	}
	if whole[0].Time != wintime.FromTime(noon) || whole[0].Offset != 512 {
		t.Errorf("first record: %+v", whole[0])
	}
	second := whole[1].Offset
	tests := []struct {
		name     string
		change   func(b []byte)
		want     []uint64
		problems int
	}{
		{"a record without signature", func(b []byte) { b[second] = 0 }, []uint64{100, 102, 103, 104}, 1},
		{"a size that leaves the chunk", func(b []byte) { b[second+7] = 0xFF }, []uint64{100, 102, 103, 104}, 1},
		{"a size of nothing", func(b []byte) { copy(b[second+4:], "\x00\x00\x00\x00") }, []uint64{100, 102, 103, 104}, 1},
		{"sizes that differ", func(b []byte) { b[second+4] ^= 8 }, []uint64{100, 102, 103, 104}, 1},
		{"the last one", func(b []byte) { b[whole[4].Offset] = 0 }, []uint64{100, 101, 102, 103}, 1},
		// The header of a log that was not closed may be behind.
		{"a header of older times", func(b []byte) { binary.LittleEndian.PutUint32(b[48:], uint32(whole[3].Offset)) },
			[]uint64{100, 101, 102, 103, 104}, 0},
		{"a header of younger times", func(b []byte) { binary.LittleEndian.PutUint32(b[48:], ChunkSize) },
			[]uint64{100, 101, 102, 103, 104}, 0},
		{"an older record behind the end", func(b []byte) {
			binary.LittleEndian.PutUint32(b[48:], uint32(whole[3].Offset))
			b[whole[3].Offset+8] = 7
		}, []uint64{100, 101, 102}, 0},
	}
	for _, tt := range tests {
		b := firstChunk()
		tt.change(b)
		got, problems := Records(b)
		if !slices.Equal(ids(got), tt.want) || len(problems) != tt.problems {
			t.Errorf("%s: got %v, %v, want %v and %d problems", tt.name, ids(got), problems, tt.want, tt.problems)
		}
	}
}

// checkRecords: records lie in order inside of the chunk, and offsets of errors too.
func checkRecords(t *testing.T, b []byte) {
	t.Helper()
	h, err := ParseChunkHeader(b)
	if err != nil && h != (ChunkHeader{}) {
		t.Fatalf("a header beside the error %v", err)
	}
	records, problems := Records(b)
	at := 512
	for _, r := range records {
		if r.Offset < at || r.Size < 28 || r.Offset+r.Size > len(b) {
			t.Fatalf("record %+v after %d in %d bytes", r, at, len(b))
		}
		at = r.Offset + r.Size
	}
	for _, err := range problems {
		var e *parse.Error
		if !errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(len(b)) {
			t.Fatalf("%v", err)
		}
	}
	if len(problems) > len(records)+1 {
		t.Fatalf("%d problems beside %d records", len(problems), len(records))
	}
}

func TestHostile(t *testing.T) {
	b := firstChunk()
	used := len(bytes.TrimRight(b, "\x00"))
	for n := range used {
		if _, err := ParseChunkHeader(b[:n]); err == nil {
			t.Fatalf("a chunk of %d bytes was taken", n)
		}
		if _, err := ParseFileHeader(smallLog()[:min(n, FileHeaderSize-1)]); err == nil {
			t.Fatalf("a file header of %d bytes was taken", n)
		}
		if n%16 == 0 {
			checkRecords(t, b[:n])
		}
	}
	for bit := range 8 * used {
		b[bit/8] ^= 1 << (bit % 8)
		if bit < 8*512 || bit%97 == 0 {
			checkRecords(t, b)
		}
		b[bit/8] ^= 1 << (bit % 8)
	}
	head := smallLog()[:FileHeaderSize]
	for bit := range 8 * FileHeaderSize {
		if bit >= 8*120 && bit < 8*124 {
			continue // the flags are not in the sum
		}
		head[bit/8] ^= 1 << (bit % 8)
		if h, err := ParseFileHeader(head); err == nil && h.ChecksumValid {
			t.Errorf("bit %d flipped, and the header is valid", bit)
		}
		head[bit/8] ^= 1 << (bit % 8)
	}
}

// TestCorpus: the frames of real logs hold together; evtxinfo counts as many.
func TestCorpus(t *testing.T) {
	for name, want := range map[string]int{
		"CA_chrome_firefox_opera_4663": 5, "LM_WMI_4624_4688_TargetHost": 8, "LM_tsclient_startup_folder": 4,
		"execution_evasion_visual_studio_prebuild_event": 29, "privesc_spoolsv_spl_file_write_sysmon11": 37,
		"rundll32_cmd_schtask": 50, "temp_scheduled_task_4698_4699": 2,
	} {
		b := corpus.Bytes(t, "evtx", name+".evtx")
		h, err := ParseFileHeader(b)
		if err != nil || !h.ChecksumValid {
			t.Errorf("%s: %+v, %v", name, h, err)
		}
		chunk := b[h.BlockSize:][:ChunkSize]
		ch, err := ParseChunkHeader(chunk)
		if err != nil || !ch.Verified() {
			t.Errorf("%s: chunk %+v, %v", name, ch, err)
		}
		records, problems := Records(chunk)
		if len(records) != want || len(problems) != 0 {
			t.Errorf("%s: %d records, %v, want %d", name, len(records), problems, want)
		}
	}
}
