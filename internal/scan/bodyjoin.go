package scan

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"regexp"
	"slices"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/jobfile"
)

// maxBodyLines bounds the bodies of one volume that are listed one by one.
const maxBodyLines = 256

// joinBodies gives bodies to files that lost theirs, on each volume with its
// shadow copies, and lists those that are left.
func joinBodies(scans []*volumeScan, findings []*report.Finding) {
	groups := make(map[int][]*volumeScan)
	var order []int
	for _, s := range scans {
		base := cmp.Or(s.volume.ShadowOf, s.volume.Index)
		if groups[base] == nil {
			order = append(order, base)
		}
		groups[base] = append(groups[base], s)
	}
	for _, base := range order {
		j := bodyJoin{files: jobFilesOf(groups[base], findings)}
		omitted := 0
		for _, s := range groups[base] {
			j.bodies.join(&s.bodies)
		}
		omitted = j.bodies.omitted
		j.dropHeld()
		j.byRecord()
		j.byUUID()
		j.byNameAndSize()
		j.list(omitted)
	}
}

// bodyJoin is the work on one volume with its shadow copies.
type bodyJoin struct {
	files  []*jobFile
	bodies bodies
}

// dropHeld sets bodies aside that are what a file has, or was found to have had.
func (j *bodyJoin) dropHeld() {
	byUUID := make(map[jobfile.UUID][]*jobfile.Job)
	for _, f := range j.files {
		if c := f.file.Content; c != nil && c.Job != nil && c.Job.Complete {
			byUUID[c.Job.UUID] = append(byUUID[c.Job.UUID], c.Job)
		}
	}
	for _, b := range j.bodies.list {
		for _, held := range byUUID[b.job.UUID] {
			b.taken = b.taken || sameJob(b.job, held)
		}
	}
}

// sameJob: every value that a run of the job, or a change of it, would change
// is the same.
func sameJob(a, b *jobfile.Job) bool {
	return a.UUID == b.UUID && a.DecodedBytes == b.DecodedBytes && a.CommandLine() == b.CommandLine() &&
		a.LastRun == b.LastRun && a.Status == b.Status && a.ExitCode == b.ExitCode && a.Flags == b.Flags &&
		a.RunningInstances == b.RunningInstances && a.StartError == b.StartError && a.TriggerCount == b.TriggerCount &&
		a.Author.Value == b.Author.Value && a.Comment.Value == b.Comment.Value && a.WorkingDirectory.Value == b.WorkingDirectory.Value
}

// pair is a body that fits a file.
type pair struct {
	file *jobFile
	body *body
}

// unique keeps the pairs whose body and whose file are in no other.
func unique(pairs []pair) []pair {
	files, bodies := make(map[*jobFile]int), make(map[*body]int)
	for _, p := range pairs {
		files[p.file]++
		bodies[p.body]++
	}
	var out []pair
	for _, p := range pairs {
		if files[p.file] == 1 && bodies[p.body] == 1 {
			out = append(out, p)
		}
	}
	return out
}

// maxTailChecks bounds the pairs whose bytes are read to see whether something
// follows the job.
const maxTailChecks = 1 << 12

// each gives the pairs of lost files and of those bodies still to be had, among
// the ones that could be the file's, for which fits holds.
func (j *bodyJoin) each(could func(*jobFile) []*body, fits func(*jobFile, *body) bool) []pair {
	var out []pair
	for _, f := range j.files {
		if !f.lost() && !f.earlier() {
			continue
		}
		for _, b := range could(f) {
			if !b.taken && fits(f, b) {
				out = append(out, pair{f, b})
			}
		}
	}
	return out
}

// byRecord joins by the place: the slack of a FILE record that the file had, or
// the clusters that a record of it names.
func (j *bodyJoin) byRecord() {
	type slot struct {
		scan   *volumeScan
		slack  bool
		number uint64 // of the FILE record, or of the byte
	}
	at := make(map[slot][]*body)
	for _, b := range j.bodies.list {
		for _, p := range b.places {
			n := p.record
			if !p.slack {
				n = uint64(p.offset)
			}
			at[slot{p.scan, p.slack, n}] = append(at[slot{p.scan, p.slack, n}], b)
		}
	}
	could := func(f *jobFile) []*body {
		var slots []slot
		for _, n := range f.hadRecords() {
			slots = append(slots, slot{f.scan, true, n})
		}
		if start, ok := f.firstByte(); ok {
			slots = append(slots, slot{f.scan, false, start})
		}
		var out []*body
		for _, s := range slots {
			for _, b := range at[s] {
				if !slices.Contains(out, b) {
					out = append(out, b)
				}
			}
		}
		return out
	}
	for _, p := range unique(j.each(could, inRecordOf)) {
		p.adopt("content_joined_by_record", "it lies where a FILE record of the file has its content", true)
	}
}

// inRecordOf decides on a body at a place of the file: it must be as long as the
// file was, if that is known, and else the file's name has to lie beside it.
func inRecordOf(f *jobFile, b *body) bool {
	if f.file.Size > 0 {
		_, ok := b.placeFor(f.file.Size, f.owns)
		return ok
	}
	return slices.ContainsFunc(b.places, func(p bodyPlace) bool { return p.slack && slices.Contains(f.records, p.record) })
}

// byUUID joins a body to the file of whose content a part, or an earlier
// version, has the same UUID. Where several files have it, it decides nothing.
func (j *bodyJoin) byUUID() {
	owners := make(map[jobfile.UUID]int)
	for _, f := range j.files {
		if id, ok := f.uuid(); ok {
			owners[id]++
		}
	}
	bodies := make(map[jobfile.UUID][]*body)
	for _, b := range j.bodies.list {
		bodies[b.job.UUID] = append(bodies[b.job.UUID], b)
	}
	could := func(f *jobFile) []*body {
		if id, ok := f.uuid(); ok && owners[id] == 1 {
			return bodies[id]
		}
		return nil
	}
	for _, p := range unique(j.each(could, func(f *jobFile, b *body) bool {
		_, fits := b.placeFor(f.file.Size, nil)
		return fits || f.file.Size <= 0
	})) {
		p.adopt("content_joined_by_uuid", "it has the UUID of what is left of the file's own content", false)
	}
}

// byNameAndSize joins by size, first to the byte, then with something behind the job.
func (j *bodyJoin) byNameAndSize() {
	byLength := make(map[int64][]*body)
	for _, b := range j.bodies.list {
		byLength[b.length] = append(byLength[b.length], b)
	}
	fits := func(f *jobFile, b *body) bool { return f.file.Size > 0 && !f.earlier() && b.loose() }
	j.decide(j.each(func(f *jobFile) []*body { return byLength[f.file.Size] }, fits))

	checks := 0
	longer := j.each(func(*jobFile) []*body { return j.bodies.list }, func(f *jobFile, b *body) bool {
		if checks > maxTailChecks || !fits(f, b) || f.file.Size <= b.length || f.file.Size > b.length+maxTail {
			return false
		}
		checks++
		_, ok := b.placeFor(f.file.Size, nil)
		return ok
	})
	if checks <= maxTailChecks { // else not all pairs are known
		j.decide(longer)
	}
}

// decide joins where size fits one file and one body only. Where it fits
// several, what the job says of itself decides, if it speaks for one.
func (j *bodyJoin) decide(pairs []pair) {
	var marked []pair
	for _, p := range pairs {
		if bearsMarks(p.file.names, p.body.job) {
			marked = append(marked, p)
		}
	}
	for _, p := range unique(pairs) {
		p.adopt("content_joined_by_size", "that it is this file's is concluded from its size alone", false)
	}
	for _, p := range unique(marked) {
		if !p.body.taken {
			p.adopt("content_joined_by_name", "other bodies or files have the same size; what the job says of itself fits the file's name, which is weak", false)
		}
	}
}

// atName is the name of a job made by at.exe.
var atName = regexp.MustCompile(`(?i)^at[0-9]+\.job$`)

// atComment is what NetScheduleJobAdd, behind at.exe, writes into a job.
const atComment = "Created by NetScheduleJobAdd."

// bearsMarks: the job's own text speaks for one of the names.
func bearsMarks(names []string, job *jobfile.Job) bool {
	program := plainWord(programOf(job.Application.Value))
	for _, n := range names {
		if atName.MatchString(n) {
			if job.Comment.Value == atComment {
				return true
			}
			continue
		}
		if name := plainWord(n[:len(n)-len(".job")]); len(program) >= 4 && strings.Contains(name, program) || len(name) >= 4 && strings.Contains(program, name) {
			return true
		}
	}
	return false
}

// programOf is the last component of a program's path, without its extension.
func programOf(path string) string {
	path = strings.Trim(path, `" `)
	path = path[strings.LastIndexAny(path, `\/`)+1:]
	if i := strings.LastIndexByte(path, '.'); i > 0 {
		path = path[:i]
	}
	return path
}

// plainWord keeps letters and digits, in lower case.
func plainWord(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9', r >= 0x80:
			return r
		}
		return -1
	}, s)
}

// adopt gives the body to the file. certain says that all of the content is
// known to be the file's.
func (p pair) adopt(code, why string, certain bool) {
	f, b := p.file.file, p.body
	b.taken, p.file.joined = true, true
	if !p.file.reported {
		return // the body is explained, and no other file lost it
	}
	c := &event.Content{RecoveredFrom: "unallocated", Job: b.job}
	detail := fmt.Sprintf("the content was found %s; %s", b.where(), why)
	own := p.file.owns
	if !certain {
		own = nil
	}
	place, whole := b.placeFor(f.Size, own)
	if !whole {
		place = b.places[0]
	}
	if place.slack {
		c.RecoveredFrom = "record_slack"
	}
	sum := b.sum
	if whole && f.Size > b.length {
		data := b.read(place, f.Size)
		if job, err := jobfile.ParsePrefix(data); err == nil {
			c.Job, sum = job, sha256.Sum256(data)
			detail += fmt.Sprintf("; %d bytes follow the job", f.Size-b.length)
		}
	}
	if c.Complete = certain && whole; c.Complete {
		c.SHA256 = hex.EncodeToString(sum[:])
	}
	f.Content = c
	f.Anomalies = append(f.Anomalies, event.Anomaly{Code: code, Detail: detail})
	p.file.scan.checkContent(f, p.file.path)
}

// list notes the bodies that are left on the volume where they were found.
func (j *bodyJoin) list(omitted int) {
	lines := make(map[*volumeScan]int)
	var first *volumeScan
	for _, b := range j.bodies.list {
		if b.taken {
			continue
		}
		s := b.places[0].scan
		if first = cmp.Or(first, s); lines[s] == maxBodyLines {
			omitted++
			continue
		}
		lines[s]++
		s.coverage.Artifacts = append(s.coverage.Artifacts, b.artifact())
	}
	if omitted > 0 && len(j.bodies.list) > 0 {
		first = cmp.Or(first, j.bodies.list[0].places[0].scan)
		first.coverage.Artifacts = append(first.coverage.Artifacts, fmt.Sprintf("%d further job bodies without a name", omitted))
	}
}
