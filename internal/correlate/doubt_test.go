package correlate

import (
	"testing"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// TestRemnants: names from outside $MFT and journal. Their paths are proven only
// where nothing speaks for another path of their folders.
func TestRemnants(t *testing.T) {
	slack := []event.Trace{{Source: event.IndexSlack, Reference: file, Name: fileName(tasks, "x.job", 50), Offset: 9}}
	moved := map[ntfs.FileReference][]event.FolderRecord{
		tasks: {folderRec(200, windows, "Jobs", oldName), folderRec(210, windows, "Tasks", newName)},
	}
	folder := rec(150, tasks, "folder.job", create)
	folder.FileAttributes = usn.AttributeDirectory
	tests := []eventsTest{
		{
			name:   "a remnant in a folder that has always been there",
			traces: slack,
			want:   []string{`50 creation ?:\Windows\Tasks\x.job (created) overwritten`},
		},
		{
			name:      "a remnant in a folder that may have been renamed",
			traces:    slack,
			unsettled: []ntfs.FileReference{windows},
			want:      []string{`50 creation ?:\Windows\Tasks\x.job (created) !path_unproven overwritten`},
		},
		{
			name:    "a remnant in a folder that was renamed",
			traces:  slack,
			folders: moved,
			want:    []string{`50 creation ?:\Windows\Jobs\x.job (created) !path_unproven overwritten`},
		},
		{
			name:   "a carved journal record",
			carved: []usn.Record{rec(150, tasks, "x.job", create)},
			want:   []string{`150 creation ?:\Windows\Tasks\x.job (created) !carved_journal_record overwritten`},
		},
		{
			name:    "a carved journal record under a folder that was renamed",
			carved:  []usn.Record{rec(150, tasks, "x.job", create)},
			folders: moved,
			want:    []string{`150 creation ?:\Windows\Jobs\x.job (created) !path_unproven !carved_journal_record overwritten`},
		},
		{
			name:   "a carved record whose folder another record calls otherwise than the $MFT does",
			carved: []usn.Record{rec(150, tasks, "x.job", create)},
			folders: map[ntfs.FileReference][]event.FolderRecord{
				tasks: {folderRec(140, windows, "Other", over)},
			},
			want: []string{`150 creation ?:\Windows\Other\x.job (created) !path_unproven !carved_journal_record overwritten`},
		},
		{
			name:   "a carved journal record of a folder is none of a file",
			carved: []usn.Record{folder},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestWindowBegins: what the journal's first records of a file and of the
// folders above it tell of the time before.
func TestWindowBegins(t *testing.T) {
	moved := map[ntfs.FileReference][]event.FolderRecord{
		tasks: {folderRec(200, windows, "Jobs", oldName), folderRec(210, windows, "Tasks", newName)},
	}
	tests := []eventsTest{
		{
			name:    "a rename whose record of the old name is not there was before the journal",
			journal: []usn.Record{rec(300, tasks, "x.job", over|newName), rec(310, tasks, "x.job", over|newName|closed)},
			record:  inUse(fileName(tasks, "x.job", 50)),
			folders: moved,
			want: []string{
				`210 rename ?:\Windows\Jobs\x.job (renamed_in) !time_is_upper_bound allocated`,
				`210 rename ?:\Windows\Tasks\x.job from ?:\Windows\Jobs\x.job (renamed_in) allocated`,
				`300 modification ?:\Windows\Tasks\x.job !time_is_upper_bound allocated`,
			},
		},
		{
			name:    "unless it is the first record of all",
			journal: []usn.Record{rec(100, tasks, "x.job", over|newName), rec(110, tasks, "x.job", over|newName|closed)},
			record:  inUse(fileName(tasks, "x.job", 50)),
			want: []string{
				`100 modification ?:\Windows\Tasks\x.job !time_is_upper_bound allocated`,
				`100 rename ?:\Windows\Tasks\x.job (renamed_in) !time_is_upper_bound allocated`,
			},
		},
		{
			name:    "a name that was there before the folder moved came before that",
			journal: []usn.Record{rec(300, tasks, "x.job", over), rec(400, tasks, "x.job", remove|closed)},
			folders: moved,
			want: []string{
				`210 creation ?:\Windows\Jobs\x.job (unknown) !time_is_upper_bound overwritten`,
				`210 rename ?:\Windows\Tasks\x.job from ?:\Windows\Jobs\x.job (renamed_in) overwritten`,
				`300 modification ?:\Windows\Tasks\x.job overwritten`,
				`400 deletion ?:\Windows\Tasks\x.job overwritten`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}

// TestLostCloses: links of a file whose whole life is in the journal, where
// cycles ended without their CLOSE.
func TestLostCloses(t *testing.T) {
	tests := []eventsTest{
		{
			name: "a link that the file never had was added, not removed",
			journal: []usn.Record{
				rec(100, temp, "o.txt", create), rec(110, temp, "o.txt", create|closed),
				rec(200, tasks, "l.job", link), rec(300, tasks, "l.job", link|closed),
				rec(400, temp, "o.txt", remove|closed),
			},
			want: []string{
				`100 creation ?:\Temp\o.txt (created) overwritten`,
				`200 link ?:\Windows\Tasks\l.job (linked) overwritten`,
				`300 deletion ?:\Windows\Tasks\l.job overwritten`,
				`400 deletion ?:\Temp\o.txt overwritten`,
			},
		},
		{
			name: "the same link told twice is of two cycles",
			journal: []usn.Record{
				rec(100, temp, "o.txt", create), rec(110, temp, "o.txt", create|closed),
				rec(200, tasks, "l.job", link),
				rec(400, tasks, "l.job", link), rec(410, tasks, "l.job", link|closed),
			},
			record: inUse(fileName(temp, "o.txt", 100), fileName(tasks, "l.job", 100)),
			want: []string{
				`100 creation ?:\Temp\o.txt (created) allocated`,
				`200 link ?:\Windows\Tasks\l.job (linked) allocated`,
			},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}
