package jobfile

import (
	"bytes"
	"os"
	"path/filepath"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
)

func FuzzParse(f *testing.F) {
	f.Add(plainJob().bytes())
	x := plainJob()
	x.par, x.userData, x.tail = wide("-p"), []byte("user"), append(signature(), "MZ"...)
	x.triggers = append(x.triggers,
		triggerBytes([3]uint16{2024, 2, 29}, [3]uint16{2030, 1, 1}, 1, 2, 90, 7, 1, 3, 0xFF, 0xFF, 0xFF, 0x7F, 0xFF, 0x0F),
		triggerBytes([3]uint16{2024, 2, 29}, [3]uint16{}, 1, 2, 0, 0, 0, 4, 5, 0, 0x7F, 0, 0xFF, 0x0F),
		triggerBytes([3]uint16{2024, 2, 29}, [3]uint16{}, 23, 59, 1440, 60, 0, 2, 2, 0, 0x7F, 0))
	f.Add(x.bytes())
	f.Add([]byte("MZ\x90\x00"))
	for _, b := range corpusFiles() {
		f.Add(b)
	}
	f.Fuzz(func(t *testing.T, b []byte) { checkInvariants(t, b) })
}

func FuzzCarve(f *testing.F) {
	f.Add(append(make([]byte, 100), plainJob().bytes()...))
	f.Add(fileRecord(plainJob().bytes(), 448, 0x1234))
	f.Fuzz(func(t *testing.T, b []byte) {
		last := int64(-1)
		for c, err := range Carve(bytes.NewReader(b), int64(len(b))) {
			if err != nil {
				t.Fatalf("error from memory: %v", err)
			}
			if c.Offset <= last || c.Offset+int64(c.Length) > int64(len(b)) || c.Job == nil || c.Job.Size != c.Length {
				t.Fatalf("hit %+v after %d in %d bytes", c, last, len(b))
			}
			last = c.Offset
		}
	})
}

// corpusFiles are the job files of the corpus by name, none where it is not there.
func corpusFiles() map[string][]byte {
	out := map[string][]byte{}
	root := corpus.Root()
	if root == "" {
		return out
	}
	for _, folder := range []string{"job", "ntfs/jobs"} {
		names, _ := filepath.Glob(filepath.Join(root, folder, "*.job"))
		for _, name := range names {
			if b, err := os.ReadFile(name); err == nil {
				out[filepath.Base(name)] = b
			}
		}
	}
	return out
}
