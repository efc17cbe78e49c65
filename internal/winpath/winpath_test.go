package winpath

import "testing"

func TestRender(t *testing.T) {
	tests := []struct {
		name      string
		path      Path
		drive     byte
		want, dir string
	}{
		{"drive known", Path{Names: []string{"Windows", "Tasks", "x.job"}}, 'C', `C:\Windows\Tasks\x.job`, `C:\Windows\Tasks`},
		{"drive unknown", Path{Names: []string{"x.job"}}, 0, `?:\x.job`, `?:\`},
		{"root", Path{}, 'D', `D:\`, `D:\`},
		{"broken", Path{Names: []string{"x.job"}, Broken: "reused", Gap: "65-3"}, 0, `?:\<unknown parent 65-3>\x.job`, `?:\<unknown parent 65-3>`},
		{"broken above", Path{Names: []string{"Tasks", "x.job"}, Broken: "reused", Gap: "65-3"}, 'C', `C:\<unknown parent 65-3>\Tasks\x.job`, `C:\<unknown parent 65-3>\Tasks`},
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
