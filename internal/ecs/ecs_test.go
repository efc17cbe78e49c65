package ecs

import (
	"testing"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/rule/eql"
)

func TestFields(t *testing.T) {
	path := winpath.Of
	from := path("Temp", "x.tmp")
	file := &event.File{Reference: ntfs.NewFileReference(66, 2), Size: 340, Times: &event.Times{Created: 50, Accessed: 70}}
	changed := &event.File{Size: 340, Times: file.Times, SizeSince: 60, TimesSince: 61}
	early, late := &event.Event{Time: 59, File: changed}, &event.Event{Time: 61, File: changed}
	created := &event.Event{Action: event.Creation, File: file, Path: path("Windows", "Tasks", "x.job")}
	renamed := &event.Event{Action: event.Rename, File: file, Path: created.Path, Previous: &from}
	lost := &event.Event{Action: event.Rename, File: file, Path: created.Path}
	broken := &event.Event{Action: event.Creation, File: &event.File{Size: -1}, Path: path("x.job")}
	doubtful := &event.Event{Action: event.Creation, File: file, Path: created.Path}
	broken.Path.Broken, broken.Path.Gap = "reused", "65-3"
	doubtful.Path.Doubt = "the folder was moved"
	bare := &event.Event{Action: event.Deletion, File: file, Path: path("name")}
	written := &event.Event{Action: event.Creation, File: file, Path: created.Path, Process: &event.Process{Executable: `C:\a.exe`}}

	tests := []struct {
		name  string
		event *event.Event
		drive byte
		field string
		want  eql.Value
	}{
		{"path with letter", created, 'C', "file.path", eql.Str(`C:\Windows\Tasks\x.job`)},
		{"folder", created, 'C', "file.directory", eql.Str(`C:\Windows\Tasks`)},
		{"letter not known", created, winpath.UnknownDrive, "file.drive_letter", eql.NotKnown()},
		{"extension", created, 'C', "file.extension", eql.Str("job")},
		{"no extension", bare, 'C', "file.extension", eql.Missing()},
		{"deletion", bare, 'C', "event.type", eql.Str("deletion")},
		{"a rename is a change", renamed, 'C', "event.type", eql.Str("change")},
		{"inode", created, 'C', "file.inode", eql.Str("66-2")},
		{"size", created, 'C', "file.size", eql.Int(340)},
		{"size before it changed", early, 'C', "file.size", eql.NotKnown()},
		{"size since it changed", late, 'C', "file.size", eql.Int(340)},
		{"time before a change", early, 'C', "file.created", eql.NotKnown()},
		{"time since a change", late, 'C', "file.created", eql.Str("1601-01-01T00:00:00.0000050Z")},
		{"read later", late, 'C', "file.accessed", eql.NotKnown()},
		{"size not known", broken, 'C', "file.size", eql.NotKnown()},
		{"doubtful path", doubtful, 'C', "file.path", eql.NotKnown()},
		{"doubtful path, known name", doubtful, 'C', "file.name", eql.Str("x.job")},
		{"broken path", broken, 'C', "file.path", eql.NotKnown()},
		{"broken path, known name", broken, 'C', "file.name", eql.Str("x.job")},
		{"where it came from", renamed, 'C', "file.Ext.original.path", eql.Str(`C:\Temp\x.tmp`)},
		{"where it came from, not kept", lost, 'C', "file.Ext.original.path", eql.NotKnown()},
		{"no rename", created, 'C', "file.Ext.original.name", eql.Missing()},
		{"process not known", created, 'C', "process.executable", eql.NotKnown()},
		{"process named", written, 'C', "process.executable", eql.Str(`C:\a.exe`)},
		{"process named, user not", written, 'C', "user.name", eql.NotKnown()},
		{"a field nobody has heard of", created, 'C', "dns.question.name", eql.NotKnown()},
	}
	for _, tt := range tests {
		got := Record{Event: tt.event, Drive: tt.drive}.Field(tt.field)
		if got.State != tt.want.State || got.One != tt.want.One {
			t.Errorf("%s: %s: got %+v, want %+v", tt.name, tt.field, got, tt.want)
		}
	}
}

func TestTableIsComplete(t *testing.T) {
	seen := map[string]bool{}
	for _, f := range fields {
		if f.Name == "" || f.Doc == "" || f.Get == nil || f.Kind == eql.KindNull {
			t.Errorf("%q is not complete", f.Name)
		}
		if seen[f.Name] {
			t.Errorf("%q is there twice", f.Name)
		}
		seen[f.Name] = true
	}
}

func TestLookup(t *testing.T) {
	tests := []struct {
		name string
		ok   bool
		from Availability
		kind eql.Kind
	}{
		{"file.path", true, Metadata, eql.KindString},
		{"process.executable", true, NotNTFS, eql.KindString},
		{"process.pid", true, NotNTFS, eql.KindNull},
		{"process.code_signature.trusted", true, NotNTFS, eql.KindNull},
		{"user.domain", true, NotNTFS, eql.KindNull},
		{"event.code", true, NotNTFS, eql.KindNull},
		{"source.ip", true, NotNTFS, eql.KindNull},
		{"process", false, 0, 0},
		{"process.", false, 0, 0},
		{"processes.pid", false, 0, 0},
		{"event.codes", false, 0, 0},
		{"file.pth", false, 0, 0},
		{"", false, 0, 0},
	}
	for _, tt := range tests {
		f, ok := Lookup(tt.name)
		if ok != tt.ok || f.From != tt.from || f.Kind != tt.kind || ok && f.Name != tt.name {
			t.Errorf("%q: got %+v, %v, want %v, %v", tt.name, f, ok, tt.from, tt.ok)
		}
		if ok && tt.kind == eql.KindNull {
			if got := f.Get(Record{}); got.State != eql.StateUnknown {
				t.Errorf("%q: got %+v, want unknown", tt.name, got)
			}
		}
	}
}
