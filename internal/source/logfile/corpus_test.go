package logfile

import (
	"bytes"
	"crypto/md5"
	"encoding/hex"
	"fmt"
	"io"
	"testing"

	format "github.com/jobscan/jobscan/internal/format/logfile"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

// realVolume opens a volume of the evidence corpus: name is a ZIP and a suffix
// of a file in it, or a file under gzip.
func realVolume(t *testing.T, name, inside string, offset int) *ntfs.Volume {
	t.Helper()
	var b []byte
	if inside != "" {
		b = corpus.ZipMember(t, inside, "ntfs/real", name)
	} else {
		b = firstThird(t, name)
	}
	b = b[offset:]
	v, err := ntfs.Open(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	return v
}

// firstThird reads that part of a volume in which its $MFT and $LogFile lie.
func firstThird(t *testing.T, name string) []byte {
	t.Helper()
	b, err := io.ReadAll(io.LimitReader(corpus.Open(t, "ntfs/real", name), 96<<20))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func openLog(t *testing.T, v *ntfs.Volume) *ntfs.Stream {
	t.Helper()
	f, err := v.File(2)
	if err != nil {
		t.Fatal(err)
	}
	s, err := v.OpenStream(f, ntfs.TypeData, "")
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func every([]byte) bool { return true }

var realVolumes = []struct {
	name, file, inside string
	offset             int
	records, replayed  int
}{
	{"Windows 7", "js-tinyvol/SampleTinyNtfsVolume.zip", "partition.dd", 0, 796, 235},
	{"Windows XP", "dftt7/7-undel-ntfs.zip", "7-ntfs-undel.dd", 0, 1054, 2},
	{"Windows 10", "ms-lastaccess/ntfs-lastaccess.raw.gz", "", 128 * 512, 597, 12},
}

// Names that the log gives must not contradict the $MFT: where the FILE record
// still holds the incarnation, the file has that name, or had it before.
func TestRealVolumes(t *testing.T) {
	for _, test := range realVolumes {
		t.Run(test.name, func(t *testing.T) {
			v := realVolume(t, test.file, test.inside, test.offset)
			log := openLog(t, v)
			boot, _ := v.Boot()
			traces, stats, problems := Traces(log, log.Size(), int(boot.RecordSize), int(v.ClusterSize()), every, nil)
			if stats.Records != test.records || stats.WithoutSequence > 0 || len(problems) > 0 {
				t.Errorf("got %+v, problems %v, want %d records", stats, problems, test.records)
			}
			agree, checked := 0, 0
			for _, x := range traces {
				if sameName(v, x) {
					agree++
				}
				if f, err := v.File(x.Reference.Record()); err == nil && f.Reference() == x.Reference {
					checked++
				}
			}
			t.Logf("%d traces, %d of files whose FILE record is still theirs, %d under that name", len(traces), checked, agree)
			compareReplay(t, v, log, test.replayed)
			if checked == 0 || agree*4 < checked*3 {
				t.Errorf("%d of %d traces agree with $MFT", agree, checked)
			}
		})
	}
}

func sameName(v *ntfs.Volume, x event.Trace) bool {
	f, err := v.File(x.Reference.Record())
	if err != nil || f.Reference() != x.Reference {
		return false
	}
	for _, n := range f.Names() {
		if n.Name == x.Name.Name && n.Parent == x.Name.Parent {
			return true
		}
	}
	return false
}

// compareReplay: each FILE record that the log brings up to date is, in
// structure, the one of the volume: same attributes of the same lengths in the
// same places; and values differ only where NTFS writes without the log.
func compareReplay(t *testing.T, v *ntfs.Volume, stream *ntfs.Stream, least int) {
	t.Helper()
	boot, _ := v.Boot()
	log, err := format.Open(stream, stream.Size())
	if err != nil {
		t.Fatal(err)
	}
	c := newCollector(int(boot.RecordSize), int(v.ClusterSize()), every, nil)
	for n := range v.RecordCount() {
		c.followed[n] = true
	}
	last := map[uint64]uint64{}
	log.Walk(func(r *format.Record) bool {
		c.record(r)
		if n, ok := c.target(r); ok {
			last[n] = r.LSN
		}
		return true
	}, nil, func(err error) bool { t.Error(err); return true })
	compared := 0
	for n, s := range c.segments {
		r, err := v.Record(n)
		if s.image == nil || err != nil || r.LSN != last[n] {
			continue
		}
		compared++
		if diff := difference(s.image, r.Data); diff != "" {
			t.Errorf("FILE record %d: %s", n, diff)
		}
	}
	if compared != least {
		t.Errorf("%d FILE records could be compared, want %d", compared, least)
	}
}

// difference compares the attributes of two FILE records.
func difference(got, want []byte) string {
	list := func(rec []byte) (out [][]byte) {
		attributes(rec, func(a []byte) { out = append(out, a) })
		return out
	}
	a, b := list(got), list(want)
	if len(a) != len(b) {
		return fmt.Sprintf("%d attributes, want %d", len(a), len(b))
	}
	for i := range a {
		if len(a[i]) != len(b[i]) || !bytes.Equal(a[i][:8], b[i][:8]) {
			return fmt.Sprintf("attribute %d: type %#x, %d bytes, want %#x, %d", i, a[i][0], len(a[i]), b[i][0], len(b[i]))
		}
		switch ntfs.AttributeType(a[i][0]) {
		case ntfs.TypeStandardInformation, ntfs.TypeData, ntfs.TypeIndexRoot, ntfs.TypeBitmap:
			continue // last access, programs' data, refreshed index entries
		}
		if !bytes.Equal(a[i], b[i]) {
			return fmt.Sprintf("attribute of type %#x differs:\n got %x\nwant %x", a[i][0], a[i], b[i])
		}
	}
	return ""
}

// The content of a deleted file out of the log is the one whose sum the
// author of the image published.
func TestContentOfADeletedFile(t *testing.T) {
	v := realVolume(t, "dftt7/7-undel-ntfs.zip", "7-ntfs-undel.dd", 0)
	log := openLog(t, v)
	boot, _ := v.Boot()
	want := func(name []byte) bool { return bytes.Equal(name, le16("res1.dat")) }
	traces, _, _ := Traces(log, log.Size(), int(boot.RecordSize), int(v.ClusterSize()), want, nil)
	contents := 0
	for _, x := range traces {
		if x.Content == nil {
			continue
		}
		contents++
		sum := md5.Sum(x.Content)
		if got := hex.EncodeToString(sum[:]); got != "9036637712b491904cd0bfbdbe648453" || x.Reference != ntfs.NewFileReference(37, 2) {
			t.Errorf("content of %s: %d bytes, MD5 %s", x.Reference, len(x.Content), got)
		}
	}
	if contents != 1 {
		t.Errorf("%d contents, want 1", contents)
	}
}
