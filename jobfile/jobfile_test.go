package jobfile

import (
	"errors"
	"reflect"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/parse"
)

func mustParse(t *testing.T, b []byte) *Job {
	t.Helper()
	j, err := Parse(b)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return j
}

func TestFixedSection(t *testing.T) {
	x := plainJob()
	x.product, x.retries, x.retryInterval, x.idleDeadline, x.idleWait = 0x0A00, 1, 2, 3, 4
	x.priority, x.maxRun, x.exitCode, x.status, x.flags = 0x80, 5, 0xC0000005, 0x41306, 0x2007
	x.lastRun = [8]uint16{2013, 8, 6, 24, 12, 42, 1, 112}
	x.running = 9
	j := mustParse(t, x.bytes())
	got := []any{j.Product.Name(), j.FileVersion, j.UUID.String(), j.ApplicationOffset, j.TriggerOffset, j.ErrorRetryCount,
		j.ErrorRetryInterval, j.IdleDeadline, j.IdleWait, j.Priority.String(), uint32(j.MaxRunTime), j.ExitCode,
		j.Status.String(), j.Flags.Names(), j.LastRun.String(), j.RunningInstances}
	want := []any{"Windows 10 or later", uint16(1), "0df2cfeb-5293-41e9-a45e-733720c2e1fa", uint16(70), uint16(j.TriggersOffset), uint16(1),
		uint16(2), uint16(3), uint16(4), "high", uint32(5), uint32(0xC0000005),
		"0x00041306 TERMINATED", []string{"INTERACTIVE", "DELETE_WHEN_DONE", "DISABLED", "RUN_ONLY_IF_LOGGED_ON"},
		"2013-08-24T12:42:01.112", uint16(9)}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got  %v\nwant %v", got, want)
	}
}

func TestProductNames(t *testing.T) {
	for p, want := range map[Product]string{
		0x0400: "Windows NT 4.0", 0x0500: "Windows 2000", 0x0501: "Windows XP", 0x0502: "Windows Server 2003",
		0x0600: "Windows Vista / Server 2008", 0x0601: "Windows 7 / Server 2008 R2", 0x0602: "Windows 8 / Server 2012",
		0x0603: "Windows 8.1 / Server 2012 R2", 0x0A00: "Windows 10 or later", 0x0105: "", 0x0700: "", 0: "",
	} {
		if got := p.Name(); got != want {
			t.Errorf("%s: got %q, want %q", p, got, want)
		}
	}
}

func TestPriorities(t *testing.T) {
	for p, want := range map[Priority]string{0x20: "normal", 0x40: "idle", 0x80: "high", 0x100: "realtime", 0: "", 0x60: "", 0x800000: ""} {
		if got := p.String(); got != want {
			t.Errorf("%#x: got %q, want %q", uint32(p), got, want)
		}
	}
}

func TestStatusNames(t *testing.T) {
	for s, want := range map[Status]string{
		0x41300: "READY", 0x41301: "RUNNING", 0x41302: "DISABLED", 0x41303: "HAS_NOT_RUN", 0x41304: "NO_MORE_RUNS",
		0x41305: "NOT_SCHEDULED", 0x41306: "TERMINATED", 0x41307: "NO_VALID_TRIGGERS", 0x41308: "EVENT_TRIGGER",
		0x4131B: "SOME_TRIGGERS_FAILED", 0x4131C: "BATCH_LOGON_PROBLEM", 0x41325: "QUEUED", 0x41309: "",
		0x80041309: "TRIGGER_NOT_FOUND", 0x80041313: "UNKNOWN_OBJECT_VERSION", 0x80041326: "TASK_DISABLED",
		0x8007052E: "LOGON_FAILURE", 0x001D0FFF: "", 0: "OK",
	} {
		if got := s.Name(); got != want {
			t.Errorf("%#x: got %q, want %q", uint32(s), got, want)
		}
	}
}

func TestFlagNames(t *testing.T) {
	for f, want := range map[Flags]string{
		0x1: "INTERACTIVE", 0x2: "DELETE_WHEN_DONE", 0x4: "DISABLED", 0x8: "", 0x10: "START_ONLY_IF_IDLE",
		0x20: "KILL_ON_IDLE_END", 0x40: "DONT_START_IF_ON_BATTERIES", 0x80: "KILL_IF_GOING_ON_BATTERIES",
		0x100: "RUN_ONLY_IF_DOCKED", 0x200: "HIDDEN", 0x400: "RUN_IF_CONNECTED_TO_INTERNET",
		0x800: "RESTART_ON_IDLE_RESUME", 0x1000: "SYSTEM_REQUIRED", 0x2000: "RUN_ONLY_IF_LOGGED_ON",
		0x01000000: "APPLICATION_NAME", 0x20000000: "",
	} {
		if got := strings.Join(f.Names(), "|"); got != want {
			t.Errorf("%#x: got %q, want %q", uint32(f), got, want)
		}
	}
	if f := Flags(0x2080000C); f.Unnamed() != 0x20800008 {
		t.Errorf("unnamed bits: got %#x, want 0x20800008", uint32(f.Unnamed()))
	}
}

func TestRunTime(t *testing.T) {
	for r, want := range map[RunTime]string{
		259200000: "3 days", 0xFFFFFFFF: "no limit", 0xFFFFFFFE: "no limit", 90000: "90 seconds", 60000: "1 minute",
		1: "1 millisecond", 0xFFFFFFFD: "4294967293 milliseconds", 0: "0 seconds",
	} {
		if got := r.String(); got != want {
			t.Errorf("%d: got %q, want %q", uint32(r), got, want)
		}
	}
}

func TestStrings(t *testing.T) {
	tests := []struct {
		name  string
		units []uint16
		want  String
	}{
		{"absent", nil, String{}},
		{"empty", []uint16{0}, String{Present: true, Terminated: true}},
		{"text", []uint16{'a', 'b', 0}, String{Present: true, Value: "ab", Terminated: true}},
		{"no NUL", []uint16{'a', 'b'}, String{Present: true, Value: "ab"}},
		{"data after NUL", []uint16{'a', 0, 'b', 0}, String{Present: true, Value: "a", Terminated: true, AfterNUL: "b"}},
		{"data after NUL without another", []uint16{'a', 0, 'b'}, String{Present: true, Value: "a", AfterNUL: "b"}},
		{"NUL padding", []uint16{'a', 0, 0, 0}, String{Present: true, Value: "a", Terminated: true}},
		{"lone surrogate", []uint16{0xD83D, 0}, String{Present: true, Value: "\xED\xA0\xBD", Terminated: true}},
		{"pair", []uint16{0xD83D, 0xDC7E, 0}, String{Present: true, Value: "👾", Terminated: true}},
	}
	for _, tt := range tests {
		x := plainJob()
		x.par = tt.units
		tt.want.Units = tt.units
		tt.want.Offset = 70 + 2 + 2*len(x.app)
		if got := mustParse(t, x.bytes()).Parameters; !reflect.DeepEqual(got, tt.want) {
			t.Errorf("%s:\ngot  %+v\nwant %+v", tt.name, got, tt.want)
		}
	}
}

func TestVariableSectionInOrder(t *testing.T) {
	x := plainJob()
	x.par, x.note = wide("-p"), wide("note")
	x.userData = []byte("user")
	x.reserved = []byte{0x2E, 0x05, 0x07, 0x80, 7, 0, 0, 0}
	j := mustParse(t, x.bytes())
	got := []string{j.Application.Value, j.Parameters.Value, j.WorkingDirectory.Value, j.Author.Value, j.Comment.Value, string(j.UserData), j.StartError.String()}
	want := []string{`C:\WINDOWS\system32\calc.exe`, "-p", `C:\WINDOWS\system32`, "Administrator", "note", "user", "0x8007052E LOGON_FAILURE"}
	if !reflect.DeepEqual(got, want) {
		t.Errorf("got %q, want %q", got, want)
	}
	if !j.HasStartError || j.TaskFlags != 7 {
		t.Errorf("reserved data: got %v, %d, want true, 7", j.HasStartError, j.TaskFlags)
	}
}

// Application of Vista is the string at the header's offset, of XP the first.
func TestApplicationOffset(t *testing.T) {
	x := plainJob()
	x.tail = append([]byte{3, 0}, 'e', 0, 'v', 0, 0, 0)
	x.appOffset = uint16(len(x.bytes()) - len(x.tail))
	j := mustParse(t, x.bytes())
	if j.Application.Value != "ev" || j.ApplicationSequential.Value != `C:\WINDOWS\system32\calc.exe` {
		t.Errorf("got %q and %q", j.Application.Value, j.ApplicationSequential.Value)
	}
	x.appOffset = 0xFFFF
	j = mustParse(t, x.bytes())
	if ok, why := j.Loadable(); j.Application.Value != j.ApplicationSequential.Value || ok || !strings.Contains(why, "refuse") {
		t.Errorf("unreadable offset: got %q, loadable %v %q", j.Application.Value, ok, why)
	}
}

func TestSignatureAndTrailing(t *testing.T) {
	zero := append([]byte{1, 0, 1, 0}, make([]byte, 64)...)
	other := append([]byte{2, 0, 1, 0}, make([]byte, 64)...)
	tests := []struct {
		name     string
		tail     []byte
		state    SignatureState
		trailing int
		magic    string
	}{
		{"none", nil, SignatureAbsent, 0, ""},
		{"real", signature(), SignaturePresent, 0, ""},
		{"zeros, as Wine writes", zero, SignatureZero, 0, ""},
		{"other version is ignored", other, SignatureAbsent, 68, ""},
		{"incomplete is ignored", signature()[:67], SignatureAbsent, 67, ""},
		{"payload behind it", append(signature(), "MZ\x90"...), SignaturePresent, 3, "a Windows program (MZ)"},
		{"payload alone", []byte("MZ\x90"), SignatureAbsent, 3, "a Windows program (MZ)"},
	}
	for _, tt := range tests {
		x := plainJob()
		x.tail = tt.tail
		j := mustParse(t, x.bytes())
		if j.Signature.State != tt.state || j.TrailingBytes != tt.trailing || j.Trailing.Magic != tt.magic {
			t.Errorf("%s: got %s, %d, %q", tt.name, j.Signature.State, j.TrailingBytes, j.Trailing.Magic)
		}
	}
}

func TestParseHeadKnowsTheWholeFile(t *testing.T) {
	b := plainJob().bytes()
	j, err := ParseHead(b, 1<<30)
	if err != nil || j.Size != 1<<30 || j.TrailingBytes != 1<<30-len(b) {
		t.Errorf("got size %d, trailing %d, %v", j.Size, j.TrailingBytes, err)
	}
}

func TestErrorsNameTheField(t *testing.T) {
	whole := plainJob()
	lying := plainJob()
	lying.triggerCount = 0xFFFF
	foreignBytes := append([]byte("MZ\x90\x00"), make([]byte, 200)...)
	at := func(n int) []byte { return whole.bytes()[:n] }
	tests := []struct {
		name             string
		b                []byte
		structure, field string
		offset           int64
		cause            error
	}{
		{"empty", nil, "fixed section", "product version", 0, parse.ErrTruncated},
		{"in the header", at(50), "fixed section", "flags", 48, parse.ErrTruncated},
		{"in the last run", at(67), "fixed section", "last run", 52, parse.ErrTruncated},
		{"before the running count", at(69), "variable section", "running instance count", 68, parse.ErrTruncated},
		{"in the application", at(80), "variable section", "application name", 72, parse.ErrTruncated},
		{"before the author", at(174), "variable section", "author count", 174, parse.ErrTruncated},
		{"triggers missing", lying.bytes(), "trigger 2 of 65535", "trigger", int64(len(lying.bytes())), parse.ErrTruncated},
		{"a program", foreignBytes, "fixed section", "product version", 0, parse.ErrSignature},
		{"XML", []byte("<?xml version=\"1.0\"?>"), "fixed section", "product version", 0, parse.ErrSignature},
		{"zeros", make([]byte, 400), "fixed section", "product version", 0, parse.ErrSignature},
	}
	for _, tt := range tests {
		j, err := Parse(tt.b)
		var e *parse.Error
		if j != nil || !errors.As(err, &e) || e.Structure != tt.structure || e.Field != tt.field || e.Offset != tt.offset || !errors.Is(err, tt.cause) {
			t.Errorf("%s: got %v, %v; want %s: %s at %d, %v", tt.name, j, err, tt.structure, tt.field, tt.offset, tt.cause)
		}
	}
}

func TestPrefixKeepsWhatWasDecoded(t *testing.T) {
	x := plainJob()
	x.triggerCount = 3
	j, err := ParsePrefix(x.bytes())
	if err == nil || j.Complete || j.Err == nil || len(j.Triggers) != 1 || j.Author.Value != "Administrator" {
		t.Errorf("got %d triggers, author %q, complete %v, %v", len(j.Triggers), j.Author.Value, j.Complete, err)
	}
	j, _ = ParsePrefix(x.bytes()[:80])
	if j.Application.Value != `C:\W` || !j.Application.Truncated || j.UUID.IsZero() {
		t.Errorf("cut application: got %+v", j.Application)
	}
}

// Every beginning of a job is an error of a field inside it, and nothing else.
func TestEveryTruncation(t *testing.T) {
	x := plainJob()
	x.par, x.note, x.userData = wide("-p"), wide("note"), []byte("user")
	b := x.bytes()
	for n := range b {
		j, err := Parse(b[:n])
		checkInvariants(t, b[:n])
		var e *parse.Error
		if j != nil || !errors.As(err, &e) || e.Offset < 0 || e.Offset > int64(n) {
			t.Fatalf("%d of %d bytes: got %v, %v", n, len(b), j, err)
		}
	}
}

// No single flipped bit makes the decoder break its promises.
func TestEveryBitFlip(t *testing.T) {
	x := plainJob()
	x.par, x.note, x.userData = wide("-p"), wide("note"), []byte("user")
	x.tail = signature()
	b := x.bytes()
	for i := range len(b) * 8 {
		b[i/8] ^= 1 << (i % 8)
		checkInvariants(t, b)
		b[i/8] ^= 1 << (i % 8)
	}
}

// checkInvariants holds for any input.
func checkInvariants(t *testing.T, b []byte) {
	t.Helper()
	before := string(b)
	strict, err := Parse(b)
	j, prefixErr := ParsePrefix(b)
	switch {
	case string(b) != before:
		t.Fatal("the input was changed")
	case (strict == nil) != (err != nil), (err == nil) != (prefixErr == nil):
		t.Fatalf("job %v, error %v, prefix error %v", strict, err, prefixErr)
	case j == nil || j.Complete != (prefixErr == nil) || (j.Err == nil) != (prefixErr == nil):
		t.Fatalf("prefix: complete does not fit the error %v", prefixErr)
	case j.Size != len(b) || j.DecodedBytes > len(b) || j.Complete && j.DecodedBytes+j.TrailingBytes != len(b):
		t.Fatalf("sizes: %d bytes, decoded %d, trailing %d", j.Size, j.DecodedBytes, j.TrailingBytes)
	case len(j.Triggers)*triggerSize > len(b) || len(j.Anomalies) > maxAnomalies+100:
		t.Fatalf("%d triggers, %d anomalies from %d bytes", len(j.Triggers), len(j.Anomalies), len(b))
	}
	if err != nil {
		var e *parse.Error
		if !errors.As(err, &e) || e.Structure == "" || e.Offset < 0 || e.Offset > int64(len(b)) {
			t.Fatalf("error without a place in the input: %v", err)
		}
	}
	for _, a := range j.Anomalies {
		if a.Weight() == "" || a.Offset < 0 || a.Offset > len(b) || !strings.HasSuffix(a.Detail, ".") {
			t.Fatalf("anomaly %+v in %d bytes", a, len(b))
		}
	}
	if ok, why := j.Loadable(); ok != (why == "") {
		t.Fatalf("loadable %v, %q", ok, why)
	}
	for _, trig := range j.Triggers {
		if trig.Text() == "" {
			t.Fatal("trigger without text")
		}
	}
	after := LocalTime{Year: 2024, Month: 2, Day: 28, Hour: 12}
	last := after
	for _, r := range j.NextRuns(after, 3) {
		if !r.Valid() || r.Compare(last) <= 0 {
			t.Fatalf("next run %s after %s", r, last)
		}
		last = r
	}
}
