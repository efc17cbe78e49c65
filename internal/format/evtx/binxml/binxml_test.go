package binxml

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"math"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/jobscan/jobscan/fixtures"
	"github.com/jobscan/jobscan/internal/corpus"
	"github.com/jobscan/jobscan/internal/format/evtx"
	"github.com/jobscan/jobscan/internal/wintime"
)

var noon = time.Date(2024, 5, 1, 12, 0, 0, 123456700, time.UTC)

func value(name string, v any) fixtures.LogValue { return fixtures.LogValue{Name: name, Value: v} }

// chunkOf makes a log of one chunk and gives the chunk.
func chunkOf(events ...fixtures.LogEvent) []byte {
	return fixtures.EventLog(fixtures.LogOptions{Computer: "HOST", FirstRecord: 100}, events...)[4096:][:evtx.ChunkSize]
}

func TestDecode(t *testing.T) {
	chunk := chunkOf(
		fixtures.TaskEvent(106, noon, "TaskRegisteredEvent", value("TaskName", `\Ä ü`), value("UserContext", `HOST\ann`)),
		fixtures.TaskEvent(201, noon.Add(time.Second), "ActionSuccess", value("TaskName", `\At1`), value("TaskInstanceId", fixtures.GUID{1, 2}), value("ResultCode", uint32(0x80070002))),
		fixtures.TaskEvent(106, noon, "TaskRegisteredEvent", value("TaskName", `\Second`), value("UserContext", "")),
		fixtures.TaskEvent(141, noon, "TaskDeleted", value("TaskName", `\Alone`)),
	)
	got, err := Decode(chunk)
	if err != nil {
		t.Fatal(err)
	}
	system := func(id uint32, record uint64, after time.Duration, data ...evtx.Datum) evtx.Event {
		return evtx.Event{RecordID: record, Time: wintime.FromTime(noon.Add(after)), ID: id, Provider: "Microsoft-Windows-TaskScheduler",
			Channel: "Microsoft-Windows-TaskScheduler/Operational", Computer: "HOST", Data: data}
	}
	want := []evtx.Event{
		system(106, 100, 0, evtx.Datum{Name: "TaskName", Value: `\Ä ü`}, evtx.Datum{Name: "UserContext", Value: `HOST\ann`}),
		system(201, 101, time.Second, evtx.Datum{Name: "TaskName", Value: `\At1`},
			evtx.Datum{Name: "TaskInstanceId", Value: "00000201-0000-0000-0000-000000000000"}, evtx.Datum{Name: "ResultCode", Value: "2147942402"}),
		system(106, 102, 0, evtx.Datum{Name: "TaskName", Value: `\Second`}, evtx.Datum{Name: "UserContext", Value: ""}),
		system(141, 103, 0, evtx.Datum{Name: "TaskName", Value: `\Alone`}),
	}
	frames, _ := evtx.Records(chunk)
	for i := range max(len(got), len(want)) {
		if i >= len(got) || i >= len(want) {
			t.Fatalf("got %d events, want %d", len(got), len(want))
		}
		want[i].Offset = frames[i].Offset
		g, _ := json.Marshal(got[i])
		w, _ := json.Marshal(want[i])
		if !bytes.Equal(g, w) {
			t.Errorf("event %d:\ngot  %s\nwant %s", i, g, w)
		}
	}
}

// TestDamage: what holds together on either side of damage is decoded.
func TestDamage(t *testing.T) {
	events := fixtures.TaskRun(noon, `\At1`, `C:\x.exe`, "SYSTEM", 42, 0, fixtures.GUID{1})
	frames, _ := evtx.Records(chunkOf(events...))
	tests := []struct {
		name   string
		change func(b []byte)
		want   []uint64 // records decoded
		failed []uint64
	}{
		{"whole", func([]byte) {}, []uint64{100, 101, 102, 103, 104}, nil},
		{"a frame lost", func(b []byte) { b[frames[2].Offset] = 0 }, []uint64{100, 101, 103, 104}, nil},
		{"the first frame lost, with the template that all use", func(b []byte) { b[frames[0].Offset] = 0 }, nil, []uint64{101, 102, 103, 104}},
		{"no binary XML in a record", func(b []byte) { clear(b[frames[3].Offset+24 : frames[3].Offset+60]) }, []uint64{100, 101, 102, 104}, []uint64{103}},
		{"counts of the header", func(b []byte) { binary.LittleEndian.PutUint64(b[16:], 0) }, []uint64{100, 101, 102, 103, 104}, nil},
	}
	for _, tt := range tests {
		b := chunkOf(events...)
		tt.change(b)
		before := bytes.Clone(b)
		got, err := Decode(b)
		if err != nil {
			t.Fatal(err)
		}
		var decoded, failed []uint64
		for _, e := range got {
			if e.Error == "" {
				decoded = append(decoded, e.RecordID)
			} else {
				failed = append(failed, e.RecordID)
			}
		}
		if !slices.Equal(decoded, tt.want) || !slices.Equal(failed, tt.failed) {
			t.Errorf("%s: decoded %v, failed %v; want %v, %v", tt.name, decoded, failed, tt.want, tt.failed)
		}
		if !bytes.Equal(b, before) {
			t.Errorf("%s: the chunk was changed", tt.name)
		}
	}
}

func TestNoChunk(t *testing.T) {
	if _, err := Decode(make([]byte, evtx.ChunkSize)); err == nil {
		t.Error("zeros were taken for a chunk")
	}
	if _, err := Decode(nil); err == nil {
		t.Error("nothing was taken for a chunk")
	}
}

// TestCorpus: the events of real logs, against what another reader found there.
func TestCorpus(t *testing.T) {
	files, err := filepath.Glob(filepath.Join(corpus.Path(t, "evtx"), "*.expected.json"))
	if err != nil || len(files) == 0 {
		t.Fatalf("%d files, %v", len(files), err)
	}
	for _, file := range files {
		b, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		var want []map[string]any
		if err := json.Unmarshal(b, &want); err != nil {
			t.Fatal(err)
		}
		log, err := os.ReadFile(file[:len(file)-len(".expected.json")] + ".evtx")
		if err != nil {
			t.Fatal(err)
		}
		events, err := Decode(log[4096:])
		if err != nil {
			t.Fatalf("%s: %v", file, err)
		}
		for _, e := range events {
			if e.Error != "" || e.Provider == "" || e.Channel == "" || len(e.Data) == 0 {
				t.Errorf("%s: record %d: %+v", file, e.RecordID, e)
			}
		}
		checkExpected(t, filepath.Base(file), events, want)
	}
}

// checkExpected: each expected event is there, with process, path and so on, and
// no other of its kinds is.
func checkExpected(t *testing.T, file string, events []evtx.Event, want []map[string]any) {
	t.Helper()
	byRecord := make(map[uint64]*evtx.Event)
	kinds := 0
	for i := range events {
		byRecord[events[i].RecordID] = &events[i]
		if id := events[i].ID; id == 11 || id == 4656 || id == 4663 {
			kinds++
		}
	}
	if kinds != len(want) {
		t.Errorf("%s: %d events of the kinds expected, want %d", file, kinds, len(want))
	}
	for _, w := range want {
		e := byRecord[uint64(w["record"].(float64))]
		if e == nil || float64(e.ID) != w["event"] {
			t.Errorf("%s: record %v: got %+v", file, w["record"], e)
			continue
		}
		for key, names := range map[string][]string{
			"process": {"Image", "ProcessName"}, "path": {"TargetFilename", "ObjectName"}, "creation": {"CreationUtcTime"},
		} {
			expected, ok := w[key]
			if !ok {
				continue
			}
			found := slices.ContainsFunc(names, func(n string) bool { v, ok := e.Get(n); return ok && v == expected })
			if !found {
				t.Errorf("%s: record %v: %s: got %+v, want %v", file, w["record"], key, e.Data, expected)
			}
		}
	}
}

// TestExactTime: exported logs have the frame's time of another record, and the
// library's own has lost the last digits.
func TestExactTime(t *testing.T) {
	const exact = wintime.Filetime(131974273243199452)
	raw := make([]byte, 64)
	binary.LittleEndian.PutUint64(raw[33:], uint64(exact))
	float := (float64(exact) - 116444736000000000) / 1e7
	for _, tt := range []struct {
		name    string
		seconds float64
		frame   wintime.Filetime
		raw     []byte
		want    wintime.Filetime
	}{
		{"the frame's", float, exact, nil, exact},
		{"in the record", float, exact + 5000, raw, exact},
		{"in the record, no frame", float, 0, raw, exact},
		{"no time at all", math.NaN(), 5, raw, 5},
		{"beyond all times", 1e300, 5, raw, 5},
		{"before all times", -1e300, 5, raw, 5},
	} {
		if got := exactTime(tt.seconds, tt.frame, tt.raw); got != tt.want {
			t.Errorf("%s: got %d, want %d", tt.name, got, tt.want)
		}
	}
	if got := exactTime(float, 0, nil); max(got, exact)-min(got, exact) > timeError {
		t.Errorf("nowhere: got %d, want about %d", got, exact)
	}
}
