package logfile

import (
	"bufio"
	"bytes"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
)

// The list of another reader: LSN and operations of all that it found.
func TestAgainstAnotherReader(t *testing.T) {
	b := corpus.ZipMember(t, "$LogFile", "ntfs/real/js-tinyvol/SampleTinyNtfsVolume.zip")
	var got []string
	for r, err := range Records(bytes.NewReader(b), int64(len(b))) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, line(&r))
	}
	want := expected(t)
	if len(want) != 795 {
		t.Fatalf("the list has %d records, not 795", len(want))
	}
	// The first record of the log is there as well; that reader, which follows
	// chains, does not reach it.
	if len(got) != len(want)+1 || !strings.HasPrefix(got[0], "1050632 ") {
		t.Errorf("got %d records from %.20q on, want one before the %d listed", len(got), got[0], len(want))
	}
	if !slices.Equal(got[1:], want) {
		for i := range want {
			if got[i+1] != want[i] {
				t.Fatalf("record %d:\n got %q\nwant %q", i, got[i+1], want[i])
			}
		}
	}
}

// line renders a record as the list of the other reader was read.
func line(r *Record) string {
	if r.Type == ClientRestart {
		return fmt.Sprintf("%d restart", r.LSN)
	}
	return fmt.Sprintf("%d %s/%s redo %x undo %x", r.LSN, r.Redo, r.Undo, r.RedoData, r.UndoData)
}

func expected(t *testing.T) []string {
	t.Helper()
	var out []string
	part := -1
	var lsn, ops string
	var data [2]strings.Builder
	flush := func() {
		switch {
		case lsn == "":
		case ops == "":
			out = append(out, lsn+" restart")
		default:
			out = append(out, fmt.Sprintf("%s %s redo %s undo %s", lsn, ops, data[0].String(), data[1].String()))
		}
		lsn, ops, part = "", "", -1
		data[0].Reset()
		data[1].Reset()
	}
	for s := bufio.NewScanner(corpus.Open(t, "ntfs/real/js-tinyvol/expected.logfile.dfir_ntfs.txt.gz")); s.Scan(); {
		l := s.Text()
		switch {
		case strings.HasPrefix(l, "LSN: "):
			flush()
			lsn = l[5:]
		case strings.HasPrefix(l, "Log record, redo operation: "):
			ops = strings.Replace(strings.TrimPrefix(l, "Log record, redo operation: "), ", undo operation: ", "/", 1)
		case l == "Redo data:":
			part = 0
		case l == "Undo data:":
			part = 1
		case part >= 0 && len(l) > 10 && l[8:10] == "  " && strings.Trim(l[:8], "0123456789ABCDEF") == "":
			hex := strings.ToLower(l[10:min(len(l), 58)])
			data[part].WriteString(strings.NewReplacer(" ", "", "-", "").Replace(hex))
		case l == "" || l == "-":
		default:
			part = -1
		}
	}
	flush()
	return out
}

// Every sector of a real log, lost: nothing but what lay in it is lost.
func TestLostSectorsOfARealLog(t *testing.T) {
	b := corpus.ZipMember(t, "$LogFile", "ntfs/real/js-tinyvol/SampleTinyNtfsVolume.zip")[:0x30000]
	all := map[uint64]bool{}
	for r, err := range Records(bytes.NewReader(b), int64(len(b))) {
		if err == nil {
			all[r.LSN] = true
		}
	}
	for at := 0x4000; at < len(b); at += 512 * 5 {
		damaged := bytes.Clone(b)
		clear(damaged[at : at+512])
		left := 0
		for r, err := range Records(bytes.NewReader(damaged), int64(len(b))) {
			if err == nil && all[r.LSN] {
				left++
			}
		}
		if left < len(all)-16 {
			t.Errorf("sector at %#x lost: %d of %d records left", at, left, len(all))
		}
	}
}
