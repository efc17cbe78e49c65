package index

import (
	"encoding/csv"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/ntfs"
)

// Real $I30 files, whose names in nodes and slack another tool has listed.
func TestIndexFiles(t *testing.T) {
	for _, c := range []struct{ name, file string }{
		{"before", "ez-i30-Start/I30.Start.bin"},
		{"after a deletion", "ez-i30-FirstDelete/I30.FirstDelete.bin"},
		{"one record", "artemis-i30/I30.bin"},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := corpus.Bytes(t, "ntfs/real", c.file)
			want := listed(t, filepath.Dir(c.file)+"/expected.indxparse.csv")
			var got []string
			headless := 0
			for at := 0; at+4096 <= len(b); at += 4096 {
				node, err := ntfs.ParseIndexRecord(b[at : at+4096])
				if err != nil {
					t.Logf("%#x: %v", at, err)
					continue
				}
				var folder ntfs.FileReference
				for _, e := range node.Entries {
					folder = e.FileName.Parent
					got = append(got, line(e.FileName))
				}
				for _, r := range ntfs.CarveIndexRemains(node.Slack, node.SlackAt, folder, 0) {
					got = append(got, line(r.FileName))
					if r.Reference == 0 {
						headless++
					}
				}
			}
			slices.Sort(got)
			got, want = slices.Compact(got), slices.Compact(want)
			for _, w := range want {
				if !slices.Contains(got, w) {
					t.Errorf("not found: %s", w)
				}
			}
			for _, g := range got {
				if !slices.Contains(want, g) {
					t.Logf("beyond the list: %s", g)
				}
			}
			t.Logf("%d, %d of them without reference; the list has %d", len(got), headless, len(want))
		})
	}
}

func line(n ntfs.FileName) string {
	return fmt.Sprintf("%s %d %d %s", n.Name, n.AllocatedSize, n.Size, strings.TrimSuffix(n.Created.String(), "Z")[:19])
}

// listed reads INDXParse's table, with the same content as line gives.
func listed(t *testing.T, file string) []string {
	t.Helper()
	r := csv.NewReader(corpus.Open(t, "ntfs/real", file))
	r.TrimLeadingSpace, r.FieldsPerRecord, r.LazyQuotes = true, -1, true
	rows, err := r.ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, row := range rows[1:] {
		if row[0] == "UNKNOWN FILE NAME" { // not an entry: its times are of 1601
			continue
		}
		name, _, _ := strings.Cut(row[0], " (slack at ")
		out = append(out, fmt.Sprintf("%s %s %s %s", name, row[1], row[2], strings.Replace(row[6], " ", "T", 1)[:19]))
	}
	slices.Sort(out)
	return out
}
