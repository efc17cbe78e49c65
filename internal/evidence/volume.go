package evidence

import (
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/jobscan/jobscan/internal/parse"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Volume is one NTFS volume, or what there is of one, or an earlier state of
// one that a shadow copy shows.
type Volume struct {
	Index        int    // 1-based over the host
	EvidencePath string // of the image, device or loose $MFT; of the $J where that is all
	Container    string // name of the format that reads it
	Partition    int    // Index of the partition; 0 when the evidence is the volume itself

	Reader       io.ReaderAt // of the volume, or of the loose $MFT; nil when there is a $J alone
	Offset, Size int64       // bytes, within the evidence

	NTFS    *ntfs.Volume // nil when there is a $J alone, or OpenErr
	OpenErr error        // why the volume cannot be opened

	Journal     usn.Source // $UsnJrnl:$J; nil when there is none
	JournalErr  error      // why a journal that is there cannot be read
	JournalPath string     // of a loose $J
	// JournalDeleted: the FILE record of $UsnJrnl is free.
	JournalDeleted bool
	Max            *usn.Max // $UsnJrnl:$Max; nil when unknown

	// Of a volume as a shadow copy shows it; all zero for the volume itself.
	ShadowCopy int              // number of the shadow copy, from 1, the oldest
	ShadowOf   int              // Index of the volume itself
	ShadowID   string           // GUID of the shadow copy; "" when it is not known
	Created    wintime.Filetime // when the shadow copy was made

	file *File // that it lies in; nil for a shadow copy, which lies in two places

	LooseMFT    bool // NTFS is an extracted $MFT: no clusters
	DriveLetter byte // 'A' to 'Z' where the evidence's own name tells it, else 0
}

// HasData reports that the evidence stores at least one of the bytes from start to
// end of the volume. Those that it does not store are zeros.
func (v *Volume) HasData(start, end int64) bool {
	return v.file == nil || v.file.hasData(v.Offset+start, v.Offset+end)
}

const (
	journalStream = "$J"
	maxStream     = "$Max"
	maxStreamSize = 4096
)

// add numbers a volume and opens its journal.
func (o *opener) add(v *Volume) {
	v.Index = len(o.host.Volumes) + 1
	o.host.Volumes = append(o.host.Volumes, v)
	if v.OpenErr != nil {
		o.host.Problems = append(o.host.Problems, Problem{Path: v.EvidencePath, Volume: v.Index, Err: v.OpenErr})
		return
	}
	if v.NTFS != nil && v.NTFS.HasClusters() {
		o.findJournal(v)
	}
}

// findJournal opens $UsnJrnl:$J and reads $UsnJrnl:$Max.
func (o *opener) findJournal(v *Volume) {
	f, err := v.NTFS.FindJournal()
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err != nil {
		v.JournalErr = err
		return
	}
	j, err := v.NTFS.OpenStream(f, ntfs.TypeData, journalStream)
	switch {
	case err == nil:
		v.Journal, v.JournalDeleted = j, !f.InUse()
	case !errors.Is(err, fs.ErrNotExist):
		v.JournalErr = err
	}
	m, err := v.NTFS.OpenStream(f, ntfs.TypeData, maxStream)
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		b := make([]byte, min(m.Size(), maxStreamSize))
		n, _ := m.ReadAt(b, 0)
		v.Max, err = parseMax(b[:n])
	}
	if err != nil {
		o.host.Problems = append(o.host.Problems, Problem{Path: v.EvidencePath, Volume: v.Index, Err: err, Warning: true})
	}
}

func parseMax(b []byte) (*usn.Max, error) {
	m, err := usn.ParseMax(b)
	if err != nil {
		return nil, err
	}
	return &m, nil
}

// openNTFS opens a volume of size bytes, which a boot sector of NTFS need not
// begin. The error is one sentence.
func openNTFS(r io.ReaderAt, size int64) (*ntfs.Volume, error) {
	v, err := ntfs.Open(r, size)
	if err == nil {
		return v, nil
	}
	head := readHead(r, size)
	if name := fileSystem(head); name != "" {
		return nil, &parse.Error{Structure: "volume", Err: parse.ErrUnsupported, Detail: "expected NTFS, found " + name}
	}
	if hasNTFS(head) {
		var e *parse.Error
		if errors.As(err, &e) {
			err = e
		}
		return nil, fmt.Errorf("NTFS volume that cannot be opened: %w", err)
	}
	found := head[min(3, len(head)):min(11, len(head))]
	return nil, fmt.Errorf("%w: expected %q at 0x3, found %q, and there is neither a backup boot sector nor the FILE record of $MFT", errNotNTFS, oemNTFS, found)
}

// errNotNTFS refuses what nothing shows to be a volume, of NTFS or another.
var errNotNTFS = errors.New("not an NTFS volume")
