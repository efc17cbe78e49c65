package ecs

import (
	"encoding/hex"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/internal/wintime"
	"github.com/jobscan/jobscan/rule/eql"
)

func str(s string) func(Record) eql.Value {
	return func(Record) eql.Value { return eql.Str(s) }
}

// fields is the table.
var fields = []Field{
	{"event.kind", "always event", eql.KindString, Metadata, str("event")},
	{"event.category", "file; process for the run of a job", eql.KindString, Metadata,
		func(r Record) eql.Value {
			if r.Event.Action == event.Execution {
				return eql.Str("process")
			}
			return eql.Str("file")
		}},
	{"event.type", "creation, change or deletion; start for the run of a job", eql.KindString, Metadata,
		func(r Record) eql.Value {
			if r.Event.Action == event.Execution {
				return eql.Str("start")
			}
			return eql.Str(r.Event.Type())
		}},
	{"event.action", "creation, rename, link, modification or deletion", eql.KindString, Metadata,
		func(r Record) eql.Value { return eql.Str(string(r.Event.Action)) }},
	{"host.os.type", "always windows", eql.KindString, Metadata, str("windows")},
	{"host.os.family", "always windows", eql.KindString, Metadata, str("windows")},

	{"file.path", "the path at the moment of the event", eql.KindString, Metadata,
		fromPath(func(p winpath.Path, drive byte) eql.Value { return eql.Str(p.WithDrive(drive)) })},
	{"file.directory", "the folder at the moment of the event", eql.KindString, Metadata,
		fromPath(func(p winpath.Path, drive byte) eql.Value { return eql.Str(p.Directory(drive)) })},
	{"file.drive_letter", "the volume's letter", eql.KindString, Metadata,
		func(r Record) eql.Value {
			if r.Drive == 0 || r.Drive == winpath.UnknownDrive {
				return eql.NotKnown()
			}
			return eql.Str(string(rune(r.Drive)))
		}},
	{"file.name", "the name at the moment of the event", eql.KindString, Metadata,
		func(r Record) eql.Value { return eql.Str(r.Event.Path.Name()) }},
	{"file.extension", "what follows the last dot of the name", eql.KindString, Metadata,
		func(r Record) eql.Value {
			if ext, ok := winpath.Extension(r.Event.Path.Name()); ok {
				return eql.Str(ext)
			}
			return eql.Missing()
		}},
	{"file.type", "always file", eql.KindString, Metadata, str("file")},
	{"file.inode", "FILE record and sequence number", eql.KindString, Metadata,
		func(r Record) eql.Value { return eql.Str(r.Event.File.Reference.String()) }},
	{"file.size", "bytes, where the size has not changed since", eql.KindInt, Metadata,
		func(r Record) eql.Value {
			f := r.Event.File
			if f.Times == nil || f.Size < 0 || r.Event.Time < f.SizeSince {
				return eql.NotKnown()
			}
			return eql.Int(f.Size)
		}},
	{"file.created", "$STANDARD_INFORMATION creation time, where nothing happened to the file since", eql.KindString, Metadata,
		fromTimes(func(t *event.Times) wintime.Filetime { return t.Created })},
	{"file.mtime", "$STANDARD_INFORMATION last write, where nothing happened to the file since", eql.KindString, Metadata,
		fromTimes(func(t *event.Times) wintime.Filetime { return t.Modified })},
	{"file.ctime", "$STANDARD_INFORMATION last change of the record, where nothing happened to the file since", eql.KindString, Metadata,
		fromTimes(func(t *event.Times) wintime.Filetime { return t.Changed })},
	{"file.accessed", "$STANDARD_INFORMATION last access, where it is no later than the event", eql.KindString, Metadata,
		func(r Record) eql.Value {
			if f := r.Event.File; f.Times == nil || r.Event.Time < max(f.TimesSince, f.Times.Accessed) {
				return eql.NotKnown()
			}
			return eql.Str(r.Event.File.Times.Accessed.String())
		}},
	{"file.Ext.original.path", "the path before a rename", eql.KindString, Metadata,
		fromPrevious(func(p winpath.Path, drive byte) eql.Value { return eql.Str(p.WithDrive(drive)) })},
	{"file.Ext.original.name", "the name before a rename", eql.KindString, Metadata,
		fromPrevious(func(p winpath.Path, _ byte) eql.Value { return eql.Str(p.Name()) })},
	{"file.Ext.original.extension", "the extension before a rename", eql.KindString, Metadata,
		fromPrevious(func(p winpath.Path, _ byte) eql.Value {
			if ext, ok := winpath.Extension(p.Name()); ok {
				return eql.Str(ext)
			}
			return eql.Missing()
		})},
	{"file.hash.sha256", "of the content, where all of it was recovered and has not changed since", eql.KindString, Content,
		fromFacts(func(f *event.Facts) eql.Value {
			if f.SHA256 == "" {
				return eql.NotKnown()
			}
			return eql.Str(f.SHA256)
		})},
	{"file.Ext.header_bytes", "the first 16 bytes in hexadecimal, where they have not changed since", eql.KindString, Content,
		fromFacts(func(f *event.Facts) eql.Value {
			if f.Header == nil {
				return eql.NotKnown()
			}
			return eql.Str(hex.EncodeToString(f.Header))
		})},
	{"file.Ext.windows.zone_identifier", "ZoneId of the stream Zone.Identifier", eql.KindInt, Content,
		func(r Record) eql.Value {
			f := r.Event.File.Facts
			switch {
			case f == nil || r.Event.Action == event.Deletion || r.Event.Time < f.StreamsChanged:
				return eql.NotKnown()
			case f.HasZone:
				return eql.Int(f.Zone)
			case f.ZoneKnown:
				return eql.Missing()
			}
			return eql.NotKnown()
		}},

	{"process.executable", "the program that did it", eql.KindString, NotNTFS,
		fromProcess(func(p *event.Process) string { return p.Executable })},
	{"process.name", "its file name", eql.KindString, NotNTFS,
		fromProcess(func(p *event.Process) string { return p.Name })},
	{"process.entity_id", "its identity in the telemetry", eql.KindString, NotNTFS,
		fromProcess(func(p *event.Process) string { return p.EntityID })},
	{"user.name", "the account it ran as", eql.KindString, NotNTFS,
		fromProcess(func(p *event.Process) string { return p.UserName })},
	{"user.id", "the account's SID", eql.KindString, NotNTFS,
		fromProcess(func(p *event.Process) string { return p.UserID })},
}

// families are the fields of the schema that no event of a volume can give,
// beyond those of the table: single ones, and with a dot at the end all below a
// name. They are known fields, of whatever kind, and always unknown.
var families = []Field{
	{"process.", "of the program that did it", eql.KindNull, NotNTFS, notGiven},
	{"user.", "of the account it ran as", eql.KindNull, NotNTFS, notGiven},
	{"source.ip", "where a remote access came from", eql.KindNull, NotNTFS, notGiven},
	{"event.code", "the number of an event log's entry", eql.KindNull, NotNTFS, notGiven},
	{"event.provider", "what wrote an event log's entry", eql.KindNull, NotNTFS, notGiven},
	{"event.outcome", "success or failure, as telemetry reports it", eql.KindNull, NotNTFS, notGiven},
}

func notGiven(Record) eql.Value { return eql.NotKnown() }

// fromTimes gives a time of the FILE record, if it is the one that the event
// left: what happens to a file later can set them all.
func fromTimes(get func(*event.Times) wintime.Filetime) func(Record) eql.Value {
	return func(r Record) eql.Value {
		f := r.Event.File
		if f.Times == nil || r.Event.Time < f.TimesSince {
			return eql.NotKnown()
		}
		return eql.Str(get(f.Times).String())
	}
}

// fromFacts gives what is known of the content, if it is the content that the
// event left: a file that was changed later had another.
func fromFacts(get func(*event.Facts) eql.Value) func(Record) eql.Value {
	return func(r Record) eql.Value {
		f := r.Event.File.Facts
		if f == nil || r.Event.Action == event.Deletion || r.Event.Time < f.Changed {
			return eql.NotKnown()
		}
		return get(f)
	}
}
