package winpath

import (
	"strings"
	"testing"
)

func TestRender(t *testing.T) {
	tests := []struct {
		name      string
		path      Path
		drive     byte
		want, dir string
	}{
		{"drive known", Of("Windows", "Tasks", "x.job"), 'C', `C:\Windows\Tasks\x.job`, `C:\Windows\Tasks`},
		{"drive unknown", Of("x.job"), 0, `?:\x.job`, `?:\`},
		{"root", Path{}, 'D', `D:\`, `D:\`},
		{"broken", broken("x.job"), 0, `?:\<unknown parent 65-3>\x.job`, `?:\<unknown parent 65-3>`},
		{"broken above", broken("Tasks", "x.job"), 'C', `C:\<unknown parent 65-3>\Tasks\x.job`, `C:\<unknown parent 65-3>\Tasks`},
	}
	for _, tt := range tests {
		if got := tt.path.WithDrive(tt.drive); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
		if got := tt.path.Directory(tt.drive); got != tt.dir {
			t.Errorf("%s: directory: got %s, want %s", tt.name, got, tt.dir)
		}
	}
}

func TestExtension(t *testing.T) {
	tests := []struct {
		name, want string
		ok         bool
	}{
		{"x.job", "job", true},
		{"X.JOB", "JOB", true},
		{"a.tar.gz", "gz", true},
		{".job", "job", true},
		{"name.", "", true},
		{"name", "", false},
		{"x.job.bak", "bak", true},
	}
	for _, tt := range tests {
		if got, ok := Extension(tt.name); got != tt.want || ok != tt.ok {
			t.Errorf("%q: got %q %v, want %q %v", tt.name, got, ok, tt.want, tt.ok)
		}
	}
}

func broken(names ...string) Path {
	p := Of(names...)
	p.Broken, p.Gap = "reused", "65-3"
	return p
}

func TestSharedFolder(t *testing.T) {
	folder := &Folder{Name: "Tasks", Above: &Folder{Name: "Windows"}}
	whole, part := New(folder, 2, "x.job"), New(folder, 1, "x.job")
	if !whole.Equal(Of("Windows", "Tasks", "x.job")) || part.Equal(whole) || !part.Equal(Of("Tasks", "x.job")) {
		t.Errorf("got %s and %s", whole.WithDrive(0), part.WithDrive(0))
	}
	if p := whole.Parent().Parent().Child("Temp"); !p.Equal(Of("Windows", "Temp")) || folder.Above.Name != "Windows" {
		t.Errorf("got %s", p.WithDrive(0))
	}
	if p := part.Parent().Parent().Parent(); !p.Equal(Path{}) {
		t.Errorf("got %s", p.WithDrive(0))
	}
}

// TestCompare: paths are in the order of what is rendered.
func TestCompare(t *testing.T) {
	folder := &Folder{Name: "a", Above: &Folder{Name: "b"}}
	paths := []Path{{}, New(folder, 2, "x"), New(folder, 2, "xy"), New(folder, 2, "!"), New(folder, 1, "x"),
		New(folder.Above, 1, "a"), Of("b", "a", "x"), Of("b", "a!"), Of("a"), broken("a"), broken("b", "a", "x")}
	for _, p := range paths {
		for _, o := range paths {
			if got, want := p.Compare(o), strings.Compare(p.WithDrive(0), o.WithDrive(0)); got != want {
				t.Errorf("%s, %s: got %d, want %d", p.WithDrive(0), o.WithDrive(0), got, want)
			}
		}
	}
}
