package event

import (
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Name is one name of a file or folder: what it is called, and in which folder.
type Name struct {
	Parent ntfs.FileReference
	Name   string
}

// FolderRecord is what one journal record says of a folder at its moment.
type FolderRecord struct {
	USN    int64
	Offset int64 // bytes in $J
	Time   wintime.Filetime
	Reason usn.Reason
	Name
}

// FileRecord is what a FILE record says of the file it describes.
type FileRecord struct {
	InUse     bool
	Directory bool
	Orphan    bool  // only extension records are left: the base record describes another file
	Indexed   bool  // the record cannot be read: this is what folders' indexes say of the file
	Offset    int64 // bytes in $MFT
	Names     []ntfs.FileName
	Times     *Times // nil where $STANDARD_INFORMATION could not be read
	Size      int64  // bytes, of the unnamed $DATA stream; negative when there is none
	Anomalies []Anomaly
}

// Testimony is all that a volume says of one file reference.
type Testimony struct {
	Reference ntfs.FileReference
	Record    *FileRecord // nil where the FILE record is gone or describes another file
	// Unreadable: the FILE record could not be read, so that Record says nothing.
	Unreadable bool
	Journal    []usn.Record // in any order; records of an older journal are marked Stale
	Carved     []usn.Record // journal records found outside the journal, in any order
	Traces     []Trace      // in any order
}

// Trace is a name of a file found where no live structure shows it: in the
// slack of a folder's index or of a FILE record, in $LogFile, in a FILE record
// outside the $MFT.
type Trace struct {
	Source Source
	// Reference is that of the incarnation that bore the name. It is 0 where that
	// is not recorded, and has sequence number 0 where only the FILE record is
	// known, and not which of the files that lived in it bore the name.
	Reference ntfs.FileReference
	Name      ntfs.FileName // with its times as of then
	Offset    int64         // bytes from the start of the volume
	Detail    string        // where exactly, for a person
	// Slack: it lies behind the attributes of a FILE record.
	Slack bool
	// Content is the file's content where the trace carries it, else nil.
	Content []byte
	// Runs are the clusters of the content, DataSize bytes of it, where the trace
	// names them; else nil and 0.
	Runs     []ntfs.Run
	DataSize int64
}
