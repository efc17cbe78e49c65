// Package jobscan_test holds the house rules that a test can check: which
// package may import which, who owns a dependency, that every package says
// what it is, and how long a file may grow.
package jobscan_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"io/fs"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"
)

const module = "github.com/jobscan/jobscan/"

// floors: a package imports only packages of lower floors, or its own
// sub-packages. The longest prefix counts.
var floors = map[string]int{
	"cmd/jobscan":        7,
	"bench":              7,
	"internal/scan":      6,
	"internal/report":    5,
	"internal/source":    4,
	"internal/correlate": 4,
	"internal/ecs":       4,
	"internal/evidence":  3,
	"internal/event":     3,
	"usn":                2,
	"ntfs":               1,
	"jobfile":            1,
	"internal/format":    1,
	"internal/disk":      1,
	"internal/isolate":   1,
	"rule":               1,
	"internal/hugestart": 0,
	"internal/parse":     0,
	"internal/wintime":   0,
	"internal/guid":      0,
	"internal/winpath":   0,
	"rule/eql":           0,
	"internal/wtf8":      -1,
	"internal/corpus":    -1,
	// What builds test evidence shares no code with what reads it.
	"fixtures": -1,
}

// owners: only packages under these folders import the dependency.
var owners = map[string][]string{
	"www.velocidex.com/golang/go-ntfs":  {"ntfs", "bench"},
	"www.velocidex.com/golang/evtx":     {"internal/format/evtx/binxml"},
	"github.com/Velocidex/ordereddict":  {"internal/report", "internal/format/evtx/binxml"},
	"github.com/olekukonko/tablewriter": {"internal/report/table"},
	"github.com/spf13/cobra":            {"cmd/jobscan"},
	"github.com/pelletier/go-toml":      {"rule"},
	"github.com/klauspost/compress":     {"internal/disk", "fixtures/conformance"},
	"os/exec":                           {"internal/isolate", "fixtures/conformance", "bench"},
}

const maxLines = 500

type source struct {
	dir, file string
	test      bool
	syntax    *ast.File
	lines     int
}

func sources(t *testing.T) []source {
	t.Helper()
	var out []source
	fset := token.NewFileSet()
	err := filepath.WalkDir(".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if d.IsDir() && (d.Name() == "testdata" || strings.HasPrefix(d.Name(), ".") && name != ".") {
			return filepath.SkipDir
		}
		if !strings.HasSuffix(name, ".go") {
			return nil
		}
		f, err := parser.ParseFile(fset, name, nil, parser.ParseComments|parser.SkipObjectResolution)
		if err != nil {
			return err
		}
		name = filepath.ToSlash(name)
		out = append(out, source{dir: path.Dir(name), file: name, test: strings.HasSuffix(name, "_test.go"),
			syntax: f, lines: fset.File(f.Pos()).LineCount()})
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func imports(s source) []string {
	var out []string
	for _, i := range s.syntax.Imports {
		p, _ := strconv.Unquote(i.Path.Value)
		out = append(out, p)
	}
	return out
}

// floorOf gives the floor of a package and the folder that it belongs to.
func floorOf(dir string) (floor int, owner string, ok bool) {
	for d := dir; d != "." && d != "/"; d = path.Dir(d) {
		if f, found := floors[d]; found {
			return f, d, true
		}
	}
	return 0, "", false
}

func under(dir string, folders []string) bool {
	for _, f := range folders {
		if dir == f || strings.HasPrefix(dir, f+"/") {
			return true
		}
	}
	return false
}

func TestFloors(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.dir == "." {
			continue
		}
		floor, owner, ok := floorOf(s.dir)
		if !ok {
			t.Errorf("%s: package %s has no floor", s.file, s.dir)
			continue
		}
		for _, p := range imports(s) {
			dir, ours := strings.CutPrefix(p, module)
			if !ours {
				continue
			}
			lower, other, ok := floorOf(dir)
			if !ok || lower >= floor && owner != other {
				t.Errorf("%s (floor %d) imports %s (floor %d)", s.file, floor, dir, lower)
			}
		}
	}
}

func TestImportOwners(t *testing.T) {
	for _, s := range sources(t) {
		for _, p := range imports(s) {
			for dependency, folders := range owners {
				if (p == dependency || strings.HasPrefix(p, dependency+"/")) && !under(s.dir, folders) {
					t.Errorf("%s imports %s, which belongs to %v", s.file, p, folders)
				}
			}
		}
	}
}

// TestTestSupport: what helps tests stays out of the program.
func TestTestSupport(t *testing.T) {
	for _, s := range sources(t) {
		if s.test || s.dir == "internal/corpus" {
			continue
		}
		for _, p := range imports(s) {
			ours := strings.HasPrefix(p, module) && strings.HasSuffix(p, "test") // reporttest, disktest
			if p == module+"internal/corpus" || ours || p == "testing" && !strings.HasSuffix(s.dir, "test") {
				t.Errorf("%s imports %s, which is for tests", s.file, p)
			}
		}
	}
}

func TestPackageComments(t *testing.T) {
	commented := map[string]bool{}
	for _, s := range sources(t) {
		if !s.test {
			commented[s.dir] = commented[s.dir] || s.syntax.Doc != nil
		}
	}
	for dir, ok := range commented {
		if !ok {
			t.Errorf("package %s has no package comment", dir)
		}
	}
}

func TestFileLength(t *testing.T) {
	for _, s := range sources(t) {
		if !s.test && s.lines > maxLines {
			t.Errorf("%s has %d lines, more than %d: split it by idea", s.file, s.lines, maxLines)
		}
	}
}

func TestNoInitFunctions(t *testing.T) {
	for _, s := range sources(t) {
		for _, d := range s.syntax.Decls {
			if f, ok := d.(*ast.FuncDecl); ok && f.Recv == nil && f.Name.Name == "init" {
				t.Errorf("%s has an init function", s.file)
			}
		}
	}
}
