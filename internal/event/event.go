// Package event holds what happened to files, as far as the evidence tells:
// one Event per arrival, change or departure of a file at a path, with all the
// testimony that supports it. It knows no source, no rule and no output format.
package event

import (
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/jobfile"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// Action says what happened.
type Action string

// The actions, as the report spells them.
const (
	Creation     Action = "creation"
	Rename       Action = "rename" // also a move, and the move of a folder above the file
	Link         Action = "link"   // a further name (hard link) was added
	Modification Action = "modification"
	Deletion     Action = "deletion"  // of the file, or of one of its names
	Execution    Action = "execution" // the job ran
)

// Arrives reports that the action brings a file to its path.
func (a Action) Arrives() bool { return a == Creation || a == Rename || a == Link }

// Arrival says how a file came to a path.
type Arrival string

// The arrivals, as the report spells them.
const (
	Created        Arrival = "created"
	RenamedIn      Arrival = "renamed_in"
	Linked         Arrival = "linked"
	UnknownArrival Arrival = "unknown"
)

// State says what is left of the file.
type State string

// The states, as the report spells them.
const (
	Allocated    State = "allocated"
	Deleted      State = "deleted"     // its FILE record is free and still describes it
	Overwritten  State = "overwritten" // its FILE record describes another file
	UnknownState State = "unknown"     // there is no $MFT to ask
)

// Source names a kind of testimony.
type Source string

// The sources, as the report spells them.
const (
	MFT        Source = "mft"
	USN        Source = "usn"
	USNCarved  Source = "usn_carved"
	MFTCarved  Source = "mft_carved"
	IndexSlack Source = "index_slack"
	LogFile    Source = "logfile"
	SchedLgU   Source = "schedlgu"
	Job        Source = "job"
	// Event logs of Windows.
	TaskScheduler Source = "task_scheduler"
	Security      Source = "security"
)

// Support is one testimony for an event.
type Support struct {
	Source    Source
	Volume    int // 1-based index of the volume in the report
	Reference ntfs.FileReference
	USN       int64 // valid for Source USN
	Offset    int64 // bytes: in $J for USN, in $MFT for MFT
	Time      wintime.Filetime
	Detail    string
}

// Anomaly is something decoded that contradicts how things normally are.
type Anomaly struct{ Code, Detail string }

// File is one incarnation of a FILE record, that is one file from its creation
// to its deletion. Events of the same file share it.
type File struct {
	Volume int
	// Reference is 0 where only a trace of a name is left, and not of which
	// incarnation.
	Reference ntfs.FileReference
	State     State
	// Times is from $STANDARD_INFORMATION; nil where no FILE record describes the file.
	Times *Times
	// Size is the unnamed $DATA stream's size in bytes; negative when not known.
	Size int64
	// Links counts the names that are not DOS-only; 0 when not known.
	Links   int
	Content *Content
	// Facts are read only where a rule asks for them.
	Facts *Facts
	// Trace is content that a trace carries, of a file whose FILE record is gone.
	Trace     *TraceContent
	Anomalies []Anomaly
	// SizeSince and TimesSince bound from below since when Size and Times are
	// what they are: events before them saw others.
	SizeSince, TimesSince wintime.Filetime
}

// Facts are what rules may ask of a file's content, as the volume has it now.
type Facts struct {
	// Changed is the time of the last known change of content, StreamsChanged of
	// alternate streams: what is read now is what was there from then on.
	Changed, StreamsChanged wintime.Filetime
	Header                  []byte // up to 16 first bytes; nil where they could not be read
	SHA256                  string // lower-case hex; "" where not all of the content was read
	// Zone is the ZoneId of the stream Zone.Identifier; HasZone tells whether
	// there is one, ZoneKnown whether the file's streams could be listed.
	Zone      int64
	HasZone   bool
	ZoneKnown bool
}

// TraceContent is a file's content as a trace holds it.
type TraceContent struct {
	Source Source
	Slack  bool   // it lies in the slack of a FILE record
	Data   []byte // nil where only the clusters are known
	// Runs are the clusters of the content, which may hold something else by now.
	Runs []ntfs.Run
}

// Times are the four times of $STANDARD_INFORMATION, UTC.
type Times struct{ Created, Modified, Changed, Accessed wintime.Filetime }

// Content is what was recovered of a file's unnamed $DATA stream.
type Content struct {
	SHA256        string // lower-case hex; "" unless Complete
	Complete      bool
	RecoveredFrom string // data or deleted_record
	Job           *jobfile.Job
	JobError      error
}

// Process is who did it, where evidence names one.
type Process struct {
	Executable, Name, EntityID string
	PID                        int64
	UserName, UserID           string
}

// Event is one thing that happened to one file.
type Event struct {
	Action Action
	Time   wintime.Filetime
	// Order is the USN for events of the journal and -1 for events before it;
	// it orders events of equal time.
	Order    int64
	File     *File
	Path     winpath.Path
	Previous *winpath.Path // where a rename came from, if known
	Arrival  Arrival       // set for actions that arrive
	Process  *Process
	// Reason holds all reasons of the journal for a Modification; 0 for others.
	Reason  usn.Reason
	Support []Support
	// Anomalies of this event alone; those of the file stand in File.
	Anomalies []Anomaly
}

// Type is the event.type of the Elastic Common Schema.
func (e *Event) Type() string {
	switch e.Action {
	case Creation, Link:
		return "creation"
	case Deletion:
		return "deletion"
	}
	return "change"
}
