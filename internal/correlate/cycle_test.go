package correlate

import (
	"testing"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
	"github.com/jobscan/jobscan/usn"
)

// TestCycles is about reasons that pile up from open to close, cycles without
// a CLOSE, and cycles that began before the journal.
func TestCycles(t *testing.T) {
	tests := []eventsTest{
		{
			name: "created and deleted in one cycle of which the journal holds the end",
			journal: []usn.Record{
				rec(200, tasks, "x.job", create|extend|remove|closed),
			},
			want: []string{
				`200 creation ?:\Windows\Tasks\x.job (created) !time_is_upper_bound overwritten`,
				`200 deletion ?:\Windows\Tasks\x.job overwritten`,
			},
		},
		{
			name: "a link added in the cycle that created the file",
			journal: []usn.Record{
				rec(100, temp, "a.dat", create), rec(200, tasks, "x.job", create|link), rec(210, temp, "a.dat", create|link|closed),
			},
			record: inUse(fileName(temp, "a.dat", 100), fileName(tasks, "x.job", 100)),
			want: []string{
				`100 creation ?:\Temp\a.dat (created) allocated`,
				`200 link ?:\Windows\Tasks\x.job (linked) allocated`,
			},
		},
		{
			name: "a link removed in a cycle that had added another",
			journal: []usn.Record{
				rec(200, tasks, "x.job", link), rec(300, temp, "b.dat", link|closed),
			},
			record: inUse(fileName(temp, "a.dat", 50), fileName(tasks, "x.job", 50)),
			want: []string{
				`50 creation ?:\Temp\a.dat (created) allocated`,
				`50 creation ?:\Temp\b.dat (unknown) allocated`,
				`200 link ?:\Windows\Tasks\x.job (linked) allocated`,
				`300 deletion ?:\Temp\b.dat allocated`,
			},
		},
		{
			name: "renamed with links in its cycle: a record under another name is no arrival there",
			journal: []usn.Record{
				rec(200, tasks, "x.job", oldName), rec(210, tasks, "y.job", newName),
				rec(300, temp, "a.dat", newName|over), rec(310, temp, "a.dat", newName|over|closed),
			},
			record: inUse(fileName(temp, "a.dat", 50), fileName(tasks, "y.job", 50)),
			want: []string{
				`50 creation ?:\Temp\a.dat (created) allocated`,
				`50 creation ?:\Windows\Tasks\x.job (unknown) allocated`,
				`210 rename ?:\Windows\Tasks\y.job from ?:\Windows\Tasks\x.job (renamed_in) allocated`,
				`300 modification ?:\Temp\a.dat allocated`,
			},
		},
		{
			name: "renamed twice in one cycle",
			journal: []usn.Record{
				rec(100, temp, "a.dat", create), rec(110, temp, "a.dat", create|closed),
				rec(200, temp, "a.dat", oldName), rec(210, tasks, "x.job", newName),
				rec(300, tasks, "x.job", oldName|newName), rec(310, tasks, "y.job", newName), rec(320, tasks, "y.job", newName|closed),
			},
			want: []string{
				`100 creation ?:\Temp\a.dat (created) overwritten`,
				`210 rename ?:\Windows\Tasks\x.job from ?:\Temp\a.dat (renamed_in) overwritten`,
				`310 rename ?:\Windows\Tasks\y.job from ?:\Windows\Tasks\x.job (renamed_in) overwritten`,
			},
		},
		{
			name: "the same change after a stop without CLOSE is another change",
			journal: []usn.Record{
				rec(100, tasks, "x.job", create), rec(110, tasks, "x.job", create|closed),
				rec(200, tasks, "x.job", over), rec(300, tasks, "x.job", over), rec(310, tasks, "x.job", over|closed),
			},
			want: []string{
				`100 creation ?:\Windows\Tasks\x.job (created) overwritten`,
				`200 modification ?:\Windows\Tasks\x.job overwritten`,
				`300 modification ?:\Windows\Tasks\x.job overwritten`,
			},
		},
		{
			name: "the journal begins behind the renaming of the file that it closes",
			journal: []usn.Record{
				rec(200, tasks, "x.job", newName|closed),
			},
			record: inUse(fileName(tasks, "x.job", 50)),
			want:   []string{`200 rename ?:\Windows\Tasks\x.job (renamed_in) !time_is_upper_bound allocated`},
		},
		{
			name: "a change in the middle of its cycle is older than its record",
			journal: []usn.Record{
				rec(200, tasks, "x.job", over|closed),
			},
			record: inUse(fileName(tasks, "x.job", 50)),
			want: []string{
				`50 creation ?:\Windows\Tasks\x.job (created) allocated`,
				`200 modification ?:\Windows\Tasks\x.job !time_is_upper_bound allocated`,
			},
		},
		{
			name: "a link in the middle of a cycle: not there before its record, which may be its own",
			journal: []usn.Record{
				rec(300, tasks, "x.job", create|link), rec(310, tasks, "x.job", create|link|closed),
			},
			record: inUse(fileName(temp, "a.dat", 50), fileName(tasks, "x.job", 50)),
			folders: map[ntfs.FileReference][]event.FolderRecord{
				tasks: {folderRec(200, windows, "Jobs", oldName), folderRec(210, windows, "Tasks", newName)},
			},
			want: []string{
				`50 creation ?:\Temp\a.dat (created) allocated`,
				`300 link ?:\Windows\Tasks\x.job (linked) !time_is_upper_bound allocated`,
			},
		},
		{
			name: "a link removed in a cycle that began with a rename before the journal",
			journal: []usn.Record{
				rec(200, tasks, "x.job", newName|link|closed), rec(300, temp, "a.dat", remove|closed),
			},
			want: []string{
				`200 creation ?:\Windows\Tasks\x.job (unknown) !time_is_upper_bound overwritten`,
				`200 deletion ?:\Windows\Tasks\x.job overwritten`,
				`300 creation ?:\Temp\a.dat (unknown) !time_is_upper_bound overwritten`,
				`300 deletion ?:\Temp\a.dat overwritten`,
			},
		},
		{
			name:   "a file deleted before the journal goes along with no folder",
			record: &event.FileRecord{Names: []ntfs.FileName{fileName(tasks, "x.job", 50)}, Size: -1},
			folders: map[ntfs.FileReference][]event.FolderRecord{
				tasks: {folderRec(200, windows, "Jobs", oldName), folderRec(210, windows, "Tasks", newName)},
			},
			want: []string{`50 creation ?:\Windows\Jobs\x.job (created) deleted`},
		},
		{
			name:   "a folder renamed where the journal begins: the move is known, the name before is not",
			record: inUse(fileName(tasks, "x.job", 50)),
			folders: map[ntfs.FileReference][]event.FolderRecord{
				tasks: {folderRec(210, windows, "Tasks", newName)},
			},
			want: []string{
				`50 creation ?:\<unknown parent 65-1>\x.job (created) !broken_path allocated`,
				`210 rename ?:\Windows\Tasks\x.job from ?:\<unknown parent 65-1>\x.job (renamed_in) allocated`,
			},
		},
		{
			name:   "a folder renamed twice in a cycle: its first record still names it",
			record: inUse(fileName(tasks, "x.job", 50)),
			folders: map[ntfs.FileReference][]event.FolderRecord{
				tasks: {folderRec(200, windows, "Jobs", oldName|newName), folderRec(210, windows, "Tasks", newName)},
			},
			want: []string{
				`50 creation ?:\Windows\Jobs\x.job (created) allocated`,
				`210 rename ?:\Windows\Tasks\x.job from ?:\Windows\Jobs\x.job (renamed_in) allocated`,
			},
		},
		{
			name:   "a folder whose creation is closed in the journal may be older than it",
			record: inUse(fileName(tasks, "x.job", 50)),
			folders: map[ntfs.FileReference][]event.FolderRecord{
				tasks: {folderRec(200, windows, "Tasks", create|closed)},
			},
			want: []string{`50 creation ?:\Windows\Tasks\x.job (created) allocated`},
		},
	}
	for _, tt := range tests {
		t.Run(tt.name, tt.run)
	}
}
