package ecs

import (
	"testing"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/winpath"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/rule/eql"
)

func TestFields(t *testing.T) {
	path := func(names ...string) winpath.Path { return winpath.Path{Names: names} }
	from := path("Temp", "x.tmp")
	file := &event.File{Reference: ntfs.NewFileReference(66, 2), Size: 340}
	created := &event.Event{Action: event.Creation, File: file, Path: path("Windows", "Tasks", "x.job")}
	renamed := &event.Event{Action: event.Rename, File: file, Path: created.Path, Previous: &from}
	lost := &event.Event{Action: event.Rename, File: file, Path: created.Path}
	broken := &event.Event{Action: event.Creation, File: &event.File{Size: -1},
		Path: winpath.Path{Names: []string{"x.job"}, Broken: "reused", Gap: "65-3"}}
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
		{"size not known", broken, 'C', "file.size", eql.NotKnown()},
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
	for _, f := range Fields() {
		if f.Name == "" || f.Doc == "" || f.Get == nil || f.Kind == eql.KindNull {
			t.Errorf("%q is not complete", f.Name)
		}
		if seen[f.Name] {
			t.Errorf("%q is there twice", f.Name)
		}
		seen[f.Name] = true
	}
}
