package schedlgu

import (
	"errors"
	"reflect"
	"strings"
	"testing"
	"unicode/utf16"

	"github.com/jobscan/jobscan/internal/parse"
)

const marker = "[ ***** Most recent entry is above this line ***** ]\r\n"

// wideText is UTF-16LE with a byte order mark.
func wideText(s string) []byte {
	b := []byte{0xFF, 0xFE}
	for _, u := range utf16.Encode([]rune(s)) {
		b = append(b, byte(u), byte(u>>8))
	}
	return b
}

func mustParse(t *testing.T, b []byte) *Log {
	t.Helper()
	l, err := Parse(b)
	if err != nil {
		t.Fatalf("Parse: %v", err)
	}
	return l
}

// brief is a record in one line.
func brief(r Record) string {
	s := string(r.Kind) + " " + r.Name
	if r.Program != "" {
		s += " (" + r.Program + ")"
	}
	for i, t := range r.Times {
		s += []string{" ", " or "}[min(i, 1)] + t.String()
	}
	if r.ExitCode != "" {
		s += " exit " + r.ExitCode
	}
	if r.HasErrorCode {
		s += " error"
	}
	return s
}

func briefs(l *Log) []string {
	var out []string
	for _, r := range l.Records {
		out = append(out, brief(r))
	}
	return out
}

const english = "\"Task Scheduler Service\"\r\n" +
	"\tStarted at 4/22/2018 11:55:23 AM\r\n" +
	"\"Task Scheduler Service\"\r\n" +
	"\t6.1.7600.16385 (win7_rtm.090713-1255)\r\n" +
	"\"At1.job\" (cmd.exe)\r\n" +
	"\tStarted 4/22/2018 12:30:00 PM\r\n" +
	"\"At1.job\" (cmd.exe)\r\n" +
	"\tFinished 4/22/2018 12:30:07 PM\r\n" +
	"\tResult: The task completed with an exit code of (65).\r\n" +
	"\"a (b).job\" (x (1).bat) 4/23/2018 2:15:00 AM ** ERROR **\r\n" +
	"\tThe attempt to log on to the account associated with the task failed, therefore, the task did not run.\r\n" +
	"\tThe specific error is:\r\n" +
	"\t0x8007052e: Logon failure: unknown user name or bad password.\r\n" +
	"\tVerify that the task's Run-as name and password are valid and try again.\r\n" +
	"\"c.job\" (c.exe) 4/23/2018 2:16:00 AM ** WARNING **\r\n" +
	"    The task was missed.\r\n" +
	"\"c.job\" (c.exe)\r\n" +
	"    Finished 4/23/2018 2:17:00 AM\r\n" +
	"    Result: Unable to find a message for task exit code 1f.\r\n" +
	"\"Task Scheduler Service\"\r\n" +
	"\tExited at 4/23/2018 3:00:00 AM\r\n" + marker

var englishRecords = []string{
	"service_started Task Scheduler Service 2018-04-22T11:55:23",
	"other Task Scheduler Service",
	"job_started At1.job (cmd.exe) 2018-04-22T12:30:00",
	"job_finished At1.job (cmd.exe) 2018-04-22T12:30:07 exit 65",
	"error a (b).job (x (1).bat) 2018-04-23T02:15:00 error",
	"warning c.job (c.exe) 2018-04-23T02:16:00",
	"job_finished c.job (c.exe) 2018-04-23T02:17:00 exit 1f",
	"service_exited Task Scheduler Service 2018-04-23T03:00:00",
}

func TestRecords(t *testing.T) {
	for name, b := range map[string][]byte{"utf-16le": wideText(english), "ansi": []byte(english)} {
		l := mustParse(t, b)
		if got := briefs(l); !reflect.DeepEqual(got, englishRecords) {
			t.Errorf("%s:\ngot  %s\nwant %s", name, strings.Join(got, "\n     "), strings.Join(englishRecords, "\n     "))
		}
		if l.Encoding != name || l.Wrapped || l.Order != OrderMDY || l.OrderBy != "field above 12" {
			t.Errorf("%s: got %s, wrapped %v, %q by %q", name, l.Encoding, l.Wrapped, l.Order, l.OrderBy)
		}
	}
	l := mustParse(t, wideText(english))
	if r := l.Records[4]; r.ErrorCode != 0x8007052E || len(r.Lines) != 5 {
		t.Errorf("error: got %#x in %d lines", r.ErrorCode, len(r.Lines))
	}
	if r := l.Records[1]; r.Offset != 2+2*strings.Index(english, "\"Task Scheduler Service\"\r\n\t6.1") {
		t.Errorf("offset of the second record: got %d", r.Offset)
	}
}

// A log that went round: what stands below the marker is older.
func TestRing(t *testing.T) {
	text := "\"b.job\" (b.exe)\r\n\tStarted 3/1/2010 1:00:00 PM\r\n" + marker +
		"rted 2/4/2010 1:00:00 PM\r\n" +
		"\"a.job\" (a.exe)\r\n\tFinished 2/5/2010 1:00:05 PM\r\n\tResult: The task completed with an exit code of (0).\r\n"
	l := mustParse(t, wideText(text))
	want := []string{
		"fragment ",
		"job_finished a.job (a.exe) 2010-02-05T13:00:05 exit 0",
		"job_started b.job (b.exe) 2010-03-01T13:00:00",
	}
	if got := briefs(l); !reflect.DeepEqual(got, want) || !l.Wrapped {
		t.Errorf("wrapped %v:\ngot  %q\nwant %q", l.Wrapped, got, want)
	}
	if l.Order != OrderMDY || l.OrderBy != "order of records" {
		t.Errorf("got order %q by %q", l.Order, l.OrderBy)
	}
}

func TestDates(t *testing.T) {
	rec := func(dates ...string) string {
		s := ""
		for _, d := range dates {
			s += "\"x.job\" (x.exe)\r\n\tStarted " + d + "\r\n"
		}
		return s
	}
	tests := []struct {
		name string
		text string
		by   string
		want []string
	}{
		{"both ways", rec("2/6/2010 2:30:00 PM"), "", []string{"2010-02-06T14:30:00 2010-06-02T14:30:00"}},
		{"same either way", rec("2/2/2010 2:30:00 PM"), "", []string{"2010-02-02T14:30:00"}},
		{"day first, dashes", rec("14-9-2003 13:21:01", "2-10-2003 8:00:00"), "field above 12", []string{"2003-09-14T13:21:01", "2003-10-02T08:00:00"}},
		{"day first, dots", rec("22.04.2018 11:55:23"), "field above 12", []string{"2018-04-22T11:55:23"}},
		{"day first by order", rec("1/2/2010 08:00:00", "2/2/2010 08:00:00", "1/3/2010 08:00:00"), "order of records",
			[]string{"2010-02-01T08:00:00", "2010-02-02T08:00:00", "2010-03-01T08:00:00"}},
		{"year first", rec("2010-02-03 08:00:00"), "year first", []string{"2010-02-03T08:00:00"}},
		{"two-digit year", rec("4/22/99 8:00:00 AM"), "field above 12", []string{"1999-04-22T08:00:00"}},
		{"midnight and noon", rec("4/22/2018 12:00:01 AM", "4/22/2018 12:00:01 PM"), "field above 12", []string{"2018-04-22T00:00:01", "2018-04-22T12:00:01"}},
		{"half-day before the time", rec("2018/4/22 下午 1:02:03"), "year first", []string{"2018-04-22T13:02:03"}},
		{"no such date", rec("31/31/2010 08:00:00"), "", []string{""}},
		{"no such time", rec("4/22/2018 25:00:00"), "", []string{""}},
	}
	for _, tt := range tests {
		l := mustParse(t, wideText(tt.text))
		var got []string
		for _, r := range l.Records {
			var times []string
			for _, at := range r.Times {
				times = append(times, at.String())
			}
			got = append(got, strings.Join(times, " "))
		}
		if !reflect.DeepEqual(got, tt.want) || l.OrderBy != tt.by {
			t.Errorf("%s: got %q by %q, want %q by %q", tt.name, got, l.OrderBy, tt.want, tt.by)
		}
	}
}

func TestOtherLanguages(t *testing.T) {
	text := "\"Taskplanerdienst\"\r\n\tGestartet am 22.04.2018 11:55:23\r\n" +
		"\"a.job\" (a.exe)\r\n\tGestartet 22.04.2018 12:00:00\r\n" +
		"\"a.job\" (a.exe)\r\n\tBeendet 22.04.2018 12:00:09\r\n\tErgebnis: Der Task wurde mit folgendem Exitcode beendet: (0).\r\n" +
		"\"b.job\" (b.exe) 22.04.2018 12:01:00 ** FEHLER **\r\n\t0x80070002: Das System kann die angegebene Datei nicht finden.\r\n" +
		"\"c.job\" (c.exe)\r\n\tQwertz 22.04.2018 12:02:00\r\n" +
		"\"c.job\" (c.exe)\r\n\tAsdf 22.04.2018 12:03:00\r\n\tYxcv (1).\r\n"
	want := []string{
		"service_started Taskplanerdienst 2018-04-22T11:55:23",
		"job_started a.job (a.exe) 2018-04-22T12:00:00",
		"job_finished a.job (a.exe) 2018-04-22T12:00:09 exit 0",
		"error b.job (b.exe) 2018-04-22T12:01:00 error",
		"job_started c.job (c.exe) 2018-04-22T12:02:00",
		"job_finished c.job (c.exe) 2018-04-22T12:03:00 exit 1",
	}
	if got := briefs(mustParse(t, wideText(text))); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %s\nwant %s", strings.Join(got, "\n     "), strings.Join(want, "\n     "))
	}
}

func TestRuns(t *testing.T) {
	l := mustParse(t, wideText(english))
	got := l.Runs()
	if len(got) != 2 || got[0].Start == nil || got[0].Finish == nil || got[0].ExitCode != "65" || got[1].Start != nil || got[1].Name != "c.job" {
		t.Errorf("got %+v", got)
	}
}

func TestNotALog(t *testing.T) {
	for name, b := range map[string][]byte{"empty": nil, "zeros": make([]byte, 1000), "program": []byte("MZ\x90\x00\x03"), "text": []byte("hello\r\n\tworld\r\n")} {
		l, err := Parse(b)
		var e *parse.Error
		if l != nil || !errors.As(err, &e) {
			t.Errorf("%s: got %v, %v", name, l, err)
		}
	}
}

func TestEveryTruncationAndBitFlip(t *testing.T) {
	b := wideText(english)
	for n := range b {
		checkInvariants(t, b[:n])
	}
	b = b[:900]
	for i := range len(b) * 8 {
		b[i/8] ^= 1 << (i % 8)
		checkInvariants(t, b)
		b[i/8] ^= 1 << (i % 8)
	}
}

func checkInvariants(t *testing.T, b []byte) {
	t.Helper()
	l, err := Parse(b)
	if (l == nil) != (err != nil) {
		t.Fatalf("log %v, error %v", l, err)
	}
	if l == nil {
		return
	}
	size := 0
	for _, r := range l.Records {
		if r.Offset < 0 || r.Offset >= len(b) || len(r.Lines) == 0 || len(r.Times) > 2 {
			t.Fatalf("record %+v in %d bytes", r, len(b))
		}
		for _, s := range r.Lines {
			size += len(s)
		}
	}
	if size > 2*len(b) {
		t.Fatalf("%d bytes of text from %d", size, len(b))
	}
	if n := len(l.Runs()); n > len(l.Records) {
		t.Fatalf("%d runs from %d records", n, len(l.Records))
	}
}

// TestNamesLikeDates: whoever names a job cannot set the time of its run.
func TestNamesLikeDates(t *testing.T) {
	log := mustParse(t, wideText("\"Report 01.02.2010 10.30.job\" (p.exe)\r\n"+
		"\tStarted 2/16/2011 12:30:00 PM\r\n"+
		"\"a.job\" (b 1-2-2010 10:00.bat)\r\n"+
		"\tStarted 2/17/2011 12:30:00 PM\r\n"+
		"\"c 1/2/2010 10:00.job\" (d) 2/18/2011 2:15:00 PM ** ERROR **\r\n"+
		"\tThe task did not run.\r\n"))
	want := []string{
		"job_started Report 01.02.2010 10.30.job (p.exe) 2011-02-16T12:30:00",
		"job_started a.job (b 1-2-2010 10:00.bat) 2011-02-17T12:30:00",
		"error c 1/2/2010 10:00.job (d) 2011-02-18T14:15:00",
	}
	if got := briefs(log); !reflect.DeepEqual(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
}
