package eventlog

import (
	"cmp"
	"slices"
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/internal/wintime"
)

// Run is one execution of a task: the events that tell of it, in time order.
type Run struct {
	Task    string
	Entries []Entry
}

// Time is that of the first event of the run, UTC.
func (r *Run) Time() wintime.Filetime { return r.Entries[0].Time }

// joinWithin bounds how far apart the events of one run may lie where no instance
// joins them, in ticks of 100 ns.
const joinWithin = 60 * 10_000_000

// Runs joins the events of runs: by the identifier of the task's instance, and an
// event without one by task and time. The entries may come from several logs.
func Runs(entries []Entry) []*Run {
	entries = slices.DeleteFunc(slices.Clone(entries), func(e Entry) bool { return !e.Kind.IsRun() || e.Task == "" })
	slices.SortStableFunc(entries, compareEntries)
	byInstance := make(map[[2]string]*Run)
	byTask := make(map[string][]*Run)
	var out []*Run
	open := func(e Entry) *Run {
		r := &Run{Task: e.Task, Entries: []Entry{e}}
		out = append(out, r)
		task := strings.ToLower(e.Task)
		runs := byTask[task]
		byTask[task] = slices.Insert(runs, position(runs, e.Time), r)
		return r
	}
	for _, e := range entries {
		if e.Instance == "" {
			continue
		}
		key := [2]string{strings.ToLower(e.Task), strings.ToLower(e.Instance)}
		if r := byInstance[key]; r != nil {
			r.Entries = append(r.Entries, e)
		} else {
			byInstance[key] = open(e)
		}
	}
	for _, e := range entries {
		if e.Instance != "" {
			continue
		}
		if r := nearest(byTask[strings.ToLower(e.Task)], e); r != nil {
			at, _ := slices.BinarySearchFunc(r.Entries, e, compareEntries)
			r.Entries = slices.Insert(r.Entries, at, e)
		} else {
			open(e)
		}
	}
	slices.SortStableFunc(out, func(a, b *Run) int { return compareEntries(a.Entries[0], b.Entries[0]) })
	return out
}

func compareEntries(a, b Entry) int {
	return cmp.Or(cmp.Compare(a.Time, b.Time), cmp.Compare(a.RecordID, b.RecordID), cmp.Compare(a.EventID, b.EventID))
}

// maxNeighbours bounds how many runs on either side of an event are looked at.
const maxNeighbours = 64

// nearest is the run whose beginning lies nearest to an event that names no
// instance, within a minute and without an event of its kind. The runs are in
// time order.
func nearest(runs []*Run, e Entry) *Run {
	at := position(runs, e.Time)
	var best *Run
	for _, r := range runs[max(0, at-maxNeighbours):min(len(runs), at+maxNeighbours)] {
		if distance(r.Time(), e.Time) > joinWithin || best != nil && distance(best.Time(), e.Time) <= distance(r.Time(), e.Time) {
			continue
		}
		if !slices.ContainsFunc(r.Entries, func(o Entry) bool { return o.Kind == e.Kind }) {
			best = r
		}
	}
	return best
}

func position(runs []*Run, t wintime.Filetime) int {
	at, _ := slices.BinarySearchFunc(runs, t, func(r *Run, t wintime.Filetime) int { return cmp.Compare(r.Time(), t) })
	return at
}

func distance(a, b wintime.Filetime) wintime.Filetime { return max(a, b) - min(a, b) }

// Sentence tells of the run as a whole, for a person.
func (r *Run) Sentence() string {
	var program, process, result, user, instance, completed string
	for _, e := range r.Entries {
		if e.Kind == ProcessCreated {
			program, process = cmp.Or(e.Program, program), cmp.Or(e.Process, process)
		}
		program, result = cmp.Or(program, e.Program), cmp.Or(result, e.Result)
		user, instance = cmp.Or(user, e.User), cmp.Or(instance, e.Instance)
		if e.Kind == Completed || e.Kind == ActionCompleted {
			completed = e.Time.String()
		}
	}
	parts := []string{`task \` + r.Task + " ran"}
	if program != "" {
		parts[0] += " " + program
	}
	add := func(words, value string) {
		if value != "" {
			parts = append(parts, words+value)
		}
	}
	add("process ", process)
	add("completed ", completed)
	add("result code ", code(result))
	add("for user ", user)
	add("instance ", instance)
	return strings.Join(parts, ", ")
}

// code renders a result code in hexadecimal, as such codes are written.
func code(result string) string {
	if n, err := strconv.ParseUint(result, 10, 64); err == nil {
		return "0x" + strconv.FormatUint(n, 16)
	}
	return result
}

var verbs = map[Kind]string{
	Registered: "registered", Updated: "updated", Deleted: "deleted", Enabled: "enabled", Disabled: "disabled",
	ProcessCreated: "process created", Started: "started", Completed: "completed",
	ActionStarted: "action started", ActionCompleted: "action completed",
}

// Sentence tells of one event, for a person.
func (e *Entry) Sentence() string {
	verb := verbs[e.Kind]
	if e.IsSave() && e.Kind == Registered {
		verb = "registered or changed"
	}
	parts := []string{"task " + e.Path + " " + verb}
	if e.User != "" {
		if e.Kind.IsRun() {
			parts[0] += " for " + e.User
		} else {
			parts[0] += " by " + e.User
		}
	}
	if e.Program != "" {
		parts = append(parts, e.Program)
	}
	if e.Process != "" && e.Kind == ProcessCreated {
		parts = append(parts, "process "+e.Process)
	}
	if e.Result != "" {
		parts = append(parts, "result code "+code(e.Result))
	}
	if e.Said != "" {
		parts = append(parts, e.Said)
	}
	return strings.Join(parts, ", ")
}
