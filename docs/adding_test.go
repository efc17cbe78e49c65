// Package docs_test holds the documents to the source that they quote.
package docs_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
)

// TestExamplesAreSource: each example of adding.md stands in a file of the source,
// so that it compiles.
func TestExamplesAreSource(t *testing.T) {
	doc, err := os.ReadFile("adding.md")
	if err != nil {
		t.Fatal(err)
	}
	examples := regexp.MustCompile("(?s)\n```go\n(.*?)\n```").FindAllStringSubmatch(string(doc), -1)
	if len(examples) == 0 {
		t.Fatal("no examples")
	}
	missing := make(map[string]bool)
	for _, e := range examples {
		missing[unindented(e[1])] = true
	}
	err = filepath.WalkDir("..", func(name string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() || !strings.HasSuffix(name, ".go") {
			return err
		}
		b, err := os.ReadFile(name)
		if err != nil {
			return err
		}
		text := unindented(string(b))
		for e := range missing {
			if strings.Contains(text, e) {
				delete(missing, e)
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	for e := range missing {
		t.Errorf("in no file of the source:\n%s", e)
	}
}

// TestFilesExist: what adding.md names as a file or folder is there.
func TestFilesExist(t *testing.T) {
	doc, err := os.ReadFile("adding.md")
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range regexp.MustCompile("`([a-z_]+/[a-z_/.*]+)`").FindAllStringSubmatch(string(doc), -1) {
		if found, err := filepath.Glob(filepath.Join("..", filepath.FromSlash(m[1]))); err != nil || len(found) == 0 {
			t.Errorf("%s: there is no such file", m[1])
		}
	}
}

// unindented takes the white space at the beginnings of lines away.
func unindented(s string) string {
	lines := strings.Split(s, "\n")
	for i := range lines {
		lines[i] = strings.TrimLeft(lines[i], " \t")
	}
	return strings.Join(lines, "\n")
}
