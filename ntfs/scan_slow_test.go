package ntfs

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math"
	"math/rand/v2"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/parse"
)

// scanned is what a scan of all records gives.
type scanned struct {
	hits     []NameHit
	stats    ScanStats
	records  []uint64 // of the problems
	problems []string
	content  map[uint64]bool // of these records, only content that bears no name is damaged
}

func scanFast(t *testing.T, v *Volume) (out scanned) {
	t.Helper()
	var err error
	out.stats, err = v.ScanNames(context.Background(), 0, math.MaxUint64, endsInJob,
		func(h NameHit) { out.hits = append(out.hits, h) },
		func(n uint64, err error) {
			out.records, out.problems = append(out.records, n), append(out.problems, err.Error())
		})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// scanSlow does what ScanNames does with nothing but full decoding, a record at
// a time.
func scanSlow(v *Volume) (out scanned) {
	out.content = make(map[uint64]bool)
	problem := func(n uint64, err error) {
		out.records, out.problems = append(out.records, n), append(out.problems, err.Error())
	}
	var lost struct { // records one after the other, in the same way
		from, to uint64
		how      [3]bool
		err      error
	}
	flush := func() {
		if more := lost.to - lost.from - 1; lost.err != nil && more > 0 {
			problem(lost.from, fmt.Errorf("%w; the same for the %d records after it", lost.err, more))
		} else if lost.err != nil {
			problem(lost.from, lost.err)
		}
		lost.err = nil
	}
	for n := range v.RecordCount() {
		out.stats.Records++
		r, err := v.Record(n)
		allocated, _ := v.RecordAllocated(n)
		if errors.Is(err, parse.ErrSignature) && (v.isEmpty(n) || n >= v.written) && !allocated {
			out.stats.Empty++
			continue
		}
		if err != nil {
			out.stats.Unreadable++
			signature := errors.Is(err, parse.ErrSignature)
			how := [3]bool{signature, signature && allocated, errors.Is(err, parse.ErrTruncated)}
			if lost.err == nil || lost.to != n || lost.how != how {
				flush()
				lost.from, lost.how, lost.err = n, how, err
			}
			lost.to = n + 1
			continue
		}
		if r.InUse {
			out.stats.InUse++
		} else {
			out.stats.Deleted++
		}
		if r.Baad || len(r.Torn) > 0 {
			out.stats.Torn++
		}
		found, named := judge(r)
		first := named
		if r.Baad {
			first = errors.New("BAAD")
		} else if len(r.Damage) > 0 {
			first = r.Damage[0]
		} else if first != nil {
			first = parse.At(first, int64(n)*int64(v.recordSize))
		}
		if first != nil {
			flush()
			problem(n, first)
			out.content[n] = named == nil && !r.Baad && len(r.Torn) == 0 && !slices.ContainsFunc(r.Damage, concernsNames)
		}
		if found {
			out.hits = append(out.hits, NameHit{Record: n, Base: r.Base, InUse: r.InUse, Sequence: r.Sequence, Directory: r.IsDirectory})
		}
	}
	flush()
	return out
}

// concernsNames: the error, which decoding a record gave, is about its header, the
// chain of its attributes or a $FILE_NAME. All else is for those who open the
// attribute, and a scan for names does not look at it.
func concernsNames(err error) bool {
	var e *parse.Error
	if !errors.As(err, &e) {
		return true
	}
	if strings.HasPrefix(e.Structure, "$FILE_NAME") {
		return true
	}
	return e.Structure != "run list" && !slices.Contains([]string{"name", "lowest VCN", "run list offset", "value offset", "value length"}, e.Field)
}

// judge looks at each $FILE_NAME of a decoded record and gives the first error
// in one, with its offset in the record.
func judge(r *Record) (found bool, first error) {
	for i := range r.Attributes {
		a := &r.Attributes[i]
		if a.Type != TypeFileName {
			continue
		}
		n, err := ParseFileName(a.Value)
		if err == nil {
			found = found || endsInJob(n.NameLE())
			continue
		}
		if first == nil {
			first = parse.At(err, int64(a.ValueOffset))
		}
		if len(a.Value) > 66 { // the name as far as it is there
			name := a.Value[66:]
			if stated := 2 * int(a.Value[64]); stated > 0 && stated < len(name) {
				name = name[:stated]
			}
			found = found || endsInJob(name[:len(name)&^1])
		}
	}
	return found, first
}

// sameScan compares. The fast scan may pass over what a name does not depend on.
func sameScan(t *testing.T, name string, v *Volume) (damaged int) {
	t.Helper()
	fast, slow := scanFast(t, v), scanSlow(v)
	if !reflect.DeepEqual(fast.hits, slow.hits) {
		t.Errorf("%s: hits: got %+v, want %+v", name, fast.hits, slow.hits)
	}
	if fast.stats != slow.stats {
		t.Errorf("%s: counts: got %+v, want %+v", name, fast.stats, slow.stats)
	}
	for i := 0; i < len(slow.records); i++ {
		if n := slow.records[i]; slow.content[n] && !slices.Contains(fast.records, n) {
			slow.records, slow.problems = slices.Delete(slow.records, i, i+1), slices.Delete(slow.problems, i, i+1)
			i--
		}
	}
	if !slices.Equal(fast.records, slow.records) {
		t.Errorf("%s: problems of records %v, want %v: got %q, want %q", name, fast.records, slow.records, fast.problems, slow.problems)
		return 0
	}
	for i, got := range fast.problems {
		want := slow.problems[i]
		if got == want || strings.Contains(got, "signature") && want == "BAAD" {
			continue
		}
		t.Errorf("%s: problem of record %d: got %q, want %q", name, fast.records[i], got, want)
	}
	return len(fast.records)
}

// TestScanAgainstDecoding: deciding on raw bytes finds what decoding finds, and
// complains of what decoding complains of in the same words, on every scenario
// and on damage.
func TestScanAgainstDecoding(t *testing.T) {
	rng := rand.New(rand.NewPCG(5, 13))
	damaged := 0
	for _, s := range fixtures.Scenarios() {
		image := s.Build()
		v, err := Open(image, image.Size())
		if err != nil {
			continue // a disk
		}
		sameScan(t, s.Name, v)
		mft := make([]byte, min(v.mft.size, 2<<20))
		if n, err := v.mft.ReadAt(mft, 0); n < len(mft) {
			t.Logf("%s: %v", s.Name, err)
			continue
		}
		for range 12 {
			b := bytes.Clone(mft)
			damage(b, v.recordSize, rng)
			loose, err := OpenMFT(bytes.NewReader(b), int64(len(b)))
			if err != nil {
				continue
			}
			damaged += sameScan(t, s.Name+", damaged", loose)
		}
	}
	if damaged < 1000 {
		t.Errorf("only %d records with a problem: the damage is too tame", damaged)
	}
}

// damage changes a few bytes of one record in four, most of them near its head,
// where the structure is.
func damage(b []byte, recordSize int, rng *rand.Rand) {
	for at := recordSize; at+recordSize <= len(b); at += recordSize {
		if rng.IntN(4) > 0 {
			continue
		}
		for range 1 + rng.IntN(3) {
			reach := []int{16, 64, 320, recordSize}[rng.IntN(4)]
			p := at + rng.IntN(reach)
			switch rng.IntN(4) {
			case 0:
				b[p] = byte(rng.Uint32())
			case 1:
				b[p] = 0
			case 2:
				b[p] ^= 1 << rng.IntN(8)
			default:
				clear(b[p:min(p+16, at+recordSize)])
			}
		}
	}
}

// TestScanFileNameHeader: a scan complains of the header of a $FILE_NAME attribute
// where decoding does, whatever byte of it is changed; once it took no notice of
// an attribute name that such an attribute cannot have.
func TestScanFileNameHeader(t *testing.T) {
	b := plainFile(0, "$MFT", nil).bytes()
	add := func(change func(attribute []byte)) {
		r := plainFile(uint32(len(b)/1024), "some.job", nil)
		change(r.attributes[1])
		b = append(b, r.bytes()...)
	}
	for at := range residentHeader {
		if at == 0x0E || at == 0x0F {
			continue // recordSpec numbers the attributes
		}
		for value := range 256 {
			add(func(a []byte) { a[at] = byte(value) })
		}
	}
	for _, length := range []byte{1, 8, 200, 255} {
		for _, offset := range []uint16{0, 0x18, 0x5A, 0x6F, 0x100, 0xFFF0} {
			add(func(a []byte) { a[9], a[0x0A], a[0x0B] = length, byte(offset), byte(offset>>8) })
		}
	}
	v, err := OpenMFT(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	if damaged := sameScan(t, "changed headers", v); damaged < 1000 {
		t.Errorf("only %d records with a problem", damaged)
	}
}
