package mft

import (
	"crypto/sha256"
	"encoding/hex"
	"math"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
)

// maxContent bounds what is read of one file, in bytes. A .job file's own
// fields allow about 4 MiB; the rest is for payload behind it.
const maxContent = 64 << 20

// Content recovers a job file's unnamed $DATA stream and decodes it. The error
// says what could not be read; what could be is in the result all the same.
func Content(v *ntfs.Volume, f *ntfs.File) (*event.Content, []event.Anomaly, error) {
	c := &event.Content{RecoveredFrom: "data"}
	if !f.Record.InUse {
		c.RecoveredFrom = "deleted_record"
	}
	if _, ok := f.Size(); !ok {
		return nil, nil, nil
	}
	got, err := v.Contents(f, maxContent)
	var anomalies []event.Anomaly
	for _, note := range got.Notes {
		anomalies = append(anomalies, event.Anomaly{Code: "content_in_doubt", Detail: note})
	}
	if err != nil {
		return nil, anomalies, err
	}
	c.Complete = got.Complete
	if c.Complete {
		sum := sha256.Sum256(got.Data)
		c.SHA256 = hex.EncodeToString(sum[:])
	}
	if len(got.Data) > 0 || c.Complete {
		c.Job, c.JobError = jobfile.ParsePrefix(got.Data)
	}
	return c, anomalies, nil
}

// TraceContent decodes the content that a trace carries of a file whose FILE
// record is gone.
func TraceContent(t *event.TraceContent) *event.Content {
	c := &event.Content{RecoveredFrom: "unallocated", Complete: true}
	switch {
	case t.Slack:
		c.RecoveredFrom = "record_slack"
	case t.Source == event.LogFile:
		c.RecoveredFrom = "logfile"
	}
	sum := sha256.Sum256(t.Data)
	c.SHA256 = hex.EncodeToString(sum[:])
	c.Job, c.JobError = jobfile.ParsePrefix(t.Data)
	return c
}

// IsJob reports a name with the extension job, in any case.
func IsJob(name string) bool {
	const ext = ".job"
	return len(name) >= len(ext) && strings.EqualFold(name[len(name)-len(ext):], ext)
}

// DescribeOrphan gathers what extension records still say of a file whose base
// record is lost or describes another file; nil if they say nothing.
func DescribeOrphan(v *ntfs.Volume, base ntfs.FileReference, extensions []uint64) *event.FileRecord {
	var out *event.FileRecord
	for _, n := range extensions {
		r, err := v.Record(n)
		if err != nil || r.Base != base {
			continue // the walk over the $MFT has reported it
		}
		for _, a := range r.Attributes {
			if a.Type != ntfs.TypeFileName || !a.Resident {
				continue
			}
			name, err := ntfs.ParseFileName(a.Value)
			if err != nil {
				continue
			}
			if out == nil {
				out = &event.FileRecord{Orphan: true, Offset: recordOffset(v, n), Size: -1}
			}
			out.Names = append(out.Names, name)
		}
	}
	return out
}

// FromIndex stands in for a FILE record that cannot be read: the names that live
// entries of folders' indexes give the file, each with its times and size.
func FromIndex(names []ntfs.FileName) *event.FileRecord {
	return &event.FileRecord{InUse: true, Indexed: true, Offset: -1, Names: names, Size: int64(min(names[0].Size, math.MaxInt64))}
}
