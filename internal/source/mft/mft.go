// Package mft gathers the testimony of the $MFT: what FILE records say of
// files and folders, and the content that they still lead to. It decides
// nothing about events.
package mft

import (
	"context"
	"fmt"
	"math"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

// Describe turns a FILE record, with its extension records joined, into testimony.
func Describe(v *ntfs.Volume, f *ntfs.File) *event.FileRecord {
	r := &event.FileRecord{
		InUse:     f.InUse(),
		Directory: f.IsDirectory(),
		Offset:    recordOffset(v, f.Record.Number),
		Names:     f.Names(),
		Size:      -1,
	}
	if si, ok := f.StandardInformation(); ok {
		r.Times = &event.Times{Created: si.Created, Modified: si.Modified, Changed: si.Changed, Accessed: si.Accessed}
	}
	if size, ok := f.Size(); ok {
		r.Size = size
	}
	r.Anomalies = append(tornAnomaly(f.Record), nameAnomalies(r)...)
	r.Anomalies = append(r.Anomalies, timeAnomalies(r)...)
	return r
}

// recordOffset is where a FILE record lies in the $MFT, in bytes.
func recordOffset(v *ntfs.Volume, n uint64) int64 { return int64(n) * int64(v.RecordSize()) }

func nameAnomalies(r *event.FileRecord) []event.Anomaly {
	var out []event.Anomaly
	for _, n := range r.Names {
		if n.Partial {
			out = append(out, event.Anomaly{Code: "partial_name",
				Detail: fmt.Sprintf("the $FILE_NAME of %q claims to be longer than its attribute: the name is what the attribute holds", n.Name)})
		}
	}
	return out
}

func tornAnomaly(r *ntfs.Record) []event.Anomaly {
	var out []event.Anomaly
	if len(r.Torn) > 0 {
		out = append(out, event.Anomaly{Code: "torn_record",
			Detail: fmt.Sprintf("the update sequence does not match in sector %v of the FILE record: a torn write, or bytes changed from outside", r.Torn)})
	}
	if r.Baad {
		out = append(out, event.Anomaly{Code: "baad_record",
			Detail: "the FILE record is marked BAAD: a check of the volume found it damaged"})
	}
	return out
}

// timeAnomalies compares $STANDARD_INFORMATION, which any program can set, with
// $FILE_NAME, which only the file system writes.
func timeAnomalies(r *event.FileRecord) []event.Anomaly {
	if r.Times == nil {
		return nil
	}
	var out []event.Anomaly
	for _, n := range r.Names {
		if n.Namespace == ntfs.NamespaceDOS {
			continue
		}
		if r.Times.Created < n.Created {
			out = append(out, event.Anomaly{Code: "si_created_before_fn",
				Detail: fmt.Sprintf("$STANDARD_INFORMATION says created %s, $FILE_NAME %s: the file's creation time was set back by a program (or inherited by tunnelling)", r.Times.Created, n.Created)})
		}
		if r.Times.Created.SubSecond() == 0 && n.Created.SubSecond() != 0 {
			out = append(out, event.Anomaly{Code: "si_created_whole_second",
				Detail: fmt.Sprintf("$STANDARD_INFORMATION creation time %s has no fraction of a second, $FILE_NAME's %s has: set by a program with a coarse clock", r.Times.Created, n.Created)})
		}
	}
	return out
}

// Folders looks up how folders are called now.
type Folders struct {
	volume   *ntfs.Volume
	known    map[ntfs.FileReference]folder
	searches int // over the whole $MFT
}

// maxSearches bounds how often the whole $MFT is gone over for the name of a
// folder whose attribute list is lost.
const maxSearches = 16

type folder struct {
	name    event.Name
	settled bool
	err     error
}

// NewFolders looks up folders of a volume, each once.
func NewFolders(v *ntfs.Volume) *Folders {
	return &Folders{volume: v, known: make(map[ntfs.FileReference]folder)}
}

// Now gives the folder's name and parent as the $MFT has them, or says why it
// cannot: the FILE record is unreadable, describes another incarnation, or is
// no folder. A folder that was deleted and whose record is free still answers.
func (f *Folders) Now(ref ntfs.FileReference) (event.Name, error) {
	known := f.lookUp(ref)
	return known.name, known.err
}

// Settled reports that the folder has had its name and parent since it was made:
// its $FILE_NAME has the attribute id and the times of its making; a rename or
// move gives it a new id, and the times that the folder has by then.
func (f *Folders) Settled(ref ntfs.FileReference) bool { return f.lookUp(ref).settled }

func (f *Folders) lookUp(ref ntfs.FileReference) folder {
	known, ok := f.known[ref]
	if !ok {
		file, n, err := f.read(ref)
		known = folder{name: event.Name{Parent: n.Parent, Name: n.Name}, err: err,
			settled: err == nil && n.Modified == n.Created && n.Changed == n.Created && n.Accessed == n.Created && hasFirstID(file, n)}
		f.known[ref] = known
	}
	return known
}

func (f *Folders) read(ref ntfs.FileReference) (*ntfs.File, ntfs.FileName, error) {
	file, err := f.volume.File(ref.Record())
	if err != nil {
		return nil, ntfs.FileName{}, fmt.Errorf("folder %s: %w", ref, err)
	}
	if got := file.Reference(); got != ref {
		if file.InUse() {
			return nil, ntfs.FileName{}, fmt.Errorf("folder %s is gone: its FILE record now describes %s", ref, got)
		}
		return nil, ntfs.FileName{}, fmt.Errorf("folder %s is gone: its FILE record is free and last described %s", ref, got)
	}
	if !file.IsDirectory() {
		return nil, ntfs.FileName{}, fmt.Errorf("%s, named as a folder, is a file", ref)
	}
	name, ok := nameOf(file)
	if !ok && f.searches < maxSearches {
		f.searches++
		if file, err = f.volume.File(ref.Record(), f.extensions(ref)...); err == nil {
			name, ok = nameOf(file)
		}
	}
	if !ok {
		return nil, ntfs.FileName{}, fmt.Errorf("folder %s has no readable name", ref)
	}
	return file, name, nil
}

// hasFirstID reports that no attribute is gone that was older than the name:
// then the name is of the folder's making. One may be missing: $INDEX_ROOT is
// made anew, with a later id, when the index grows.
func hasFirstID(file *ntfs.File, n ntfs.FileName) bool {
	older, missing := make(map[uint16]bool), int(n.AttributeID)
	rootIsNew := false
	for i := range file.Attributes {
		a := &file.Attributes[i]
		switch {
		case a.Holder != n.Holder:
			return false // ids count within one record
		case a.ID > n.AttributeID:
			rootIsNew = rootIsNew || a.Type == ntfs.TypeIndexRoot
		case a.ID < n.AttributeID && !older[a.ID]:
			older[a.ID] = true
			missing--
		}
	}
	return missing == 0 || missing == 1 && rootIsNew
}

func nameOf(file *ntfs.File) (ntfs.FileName, bool) {
	for _, n := range file.Names() {
		if n.Namespace != ntfs.NamespaceDOS {
			return n, true
		}
	}
	return ntfs.FileName{}, false
}

// extensions finds the FILE records that call themselves extensions of a file
// and hold a name, whatever its attribute list says.
func (f *Folders) extensions(of ntfs.FileReference) []uint64 {
	var out []uint64
	every := func([]byte) bool { return true }
	hit := func(h ntfs.NameHit) {
		if h.Base == of {
			out = append(out, h.Record)
		}
	}
	_, _ = f.volume.ScanNames(context.Background(), 0, math.MaxUint64, every, hit, func(uint64, error) {}) // damage is reported by the walk over the $MFT
	return out
}
