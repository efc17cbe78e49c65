package main

import (
	"bufio"
	"context"
	"encoding/csv"
	"errors"
	"fmt"
	"io"
	"os"
	"time"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/report/table/jobs"
	"github.com/jobscan/jobscan/jobfile"
)

// jobFlags are the flags of the command job.
type jobFlags struct {
	carve, force, exitZero bool
	next                   int
	after                  string
	format, output         string
}

func newJobCommand(a *app) *cobra.Command {
	f := &jobFlags{}
	cmd := &cobra.Command{
		Use:   "job [flags] FILE...",
		Short: "Decode .job files alone",
		Long: `Decode Task Scheduler 1.0 job files: what they run, when, as the file says it.

FILE is a job file, a folder (the *.job files in it, not those in its
sub-folders), a pattern such as C:\Windows\Tasks\*.job, or - for standard input.
With --carve, job files are searched inside each FILE, which may be anything: a
disk image, an extracted $MFT, a memory dump. In a container (E01, QCOW2, VMDK,
VHD, VHDX, VDI) and in numbered raw files (x.001, x.002 ...; name one of them)
the disk is searched, and offsets are those of the disk. The bytes of any other
container or archive, or of one that does not open, are searched as they lie,
and a warning says so.

All times are local times of the machine that the file is from; a zone in
--after is ignored.

Exit codes: 0 every file was decoded, 3 one was not, or a part of what was to be
searched could not be read, 2 wrong usage, or a file that could not be opened or
written.`,
		Args: atLeastOne("FILE"),
		RunE: func(cmd *cobra.Command, args []string) error { return f.run(cmd.Context(), a, args) },
	}
	fs := cmd.Flags()
	fs.BoolVar(&f.carve, "carve", false, "find job files inside each FILE, or the disk in it")
	fs.IntVar(&f.next, "next", 0, "list the next `N` runs")
	fs.StringVar(&f.after, "after", "", "list runs after `TIME` (RFC 3339 or a date; default: now)")
	fs.StringVar(&f.format, "format", "table", "output `FORMAT`: table, csv, jsonl")
	fs.StringVarP(&f.output, "output", "o", "", "write to `FILE` instead of standard output")
	fs.BoolVar(&f.force, "force", false, "overwrite the output file")
	fs.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 also when a file did not decode")
	return cmd
}

func (f *jobFlags) run(ctx context.Context, a *app, args []string) error {
	after, err := f.check()
	if err != nil {
		return failure(err)
	}
	r := &jobRun{ctx: ctx, app: a, flags: f, after: after}
	inputs := r.inputs(args)
	if err := r.open(args, inputs); err != nil {
		return failure(err)
	}
	for _, in := range inputs {
		if err = ctx.Err(); err != nil {
			break
		}
		if err = r.input(in); err != nil {
			break
		}
	}
	if closeErr := r.close(); err == nil {
		err = closeErr
	}
	switch {
	case err != nil:
		return failure(err)
	case r.failed:
		return exitError{code: exitFailure}
	case r.incomplete && !f.exitZero:
		return exitError{code: exitIncomplete}
	}
	return nil
}

// check looks at the flags and gives the time of --after.
func (f *jobFlags) check() (jobfile.LocalTime, error) {
	switch f.format {
	case "table", "csv", "jsonl":
	default:
		return jobfile.LocalTime{}, fmt.Errorf("--format %q: expected table, csv or jsonl", f.format)
	}
	if f.next < 0 || f.next > jobfile.MaxRuns {
		return jobfile.LocalTime{}, fmt.Errorf("--next %d: expected a number of runs, at most %d", f.next, jobfile.MaxRuns)
	}
	if f.after == "" {
		now, err := startTime()
		return jobfile.LocalTimeOf(now), err
	}
	for _, layout := range []string{time.RFC3339Nano, "2006-01-02T15:04:05", "2006-01-02T15:04", "2006-01-02 15:04:05", "2006-01-02 15:04", time.DateOnly} {
		if t, err := time.Parse(layout, f.after); err == nil {
			if lt := jobfile.LocalTimeOf(t); lt.Valid() {
				return lt, nil
			}
		}
	}
	return jobfile.LocalTime{}, fmt.Errorf("--after %q: expected RFC 3339 (2024-05-01T12:00:00Z) or a date (2024-05-01) from 1601 on", f.after)
}

// jobRun is one run of the command.
type jobRun struct {
	ctx    context.Context
	app    *app
	flags  *jobFlags
	after  jobfile.LocalTime
	buffer *bufio.Writer
	file   *os.File
	csv    *csv.Writer
	table  []report.Document
	sets   map[string]string // disks in several files that were carved → the file that was named

	failed     bool // something could not be opened or read
	incomplete bool // a job was not decoded to its end
}

func (r *jobRun) warn(err error) { fmt.Fprintf(r.app.stderr, "jobscan: %s\n", errorText(err)) }

// open prepares the output. It never writes over one of the inputs, which the
// arguments led to, nor makes one more.
func (r *jobRun) open(args, inputs []string) error {
	var w io.Writer = r.app.stdout
	if r.flags.output != "" {
		if r.flags.carve {
			inputs = withParts(inputs)
		}
		if isOneOf(r.flags.output, inputs) || isJobIn(r.flags.output, args) {
			return fmt.Errorf("%s is an input, or named as one in a folder of them: nothing is written there; name a file outside of it", r.flags.output)
		}
		file, err := createOutput(r.flags.output, r.flags.force)
		if err != nil {
			return err
		}
		r.file, w = file, file
	}
	r.buffer = bufio.NewWriterSize(w, 64<<10)
	if r.flags.format != "csv" {
		return nil
	}
	r.csv = csv.NewWriter(r.buffer)
	r.csv.UseCRLF = true
	var heading []string
	for _, c := range report.JobColumns() {
		heading = append(heading, c.Name)
	}
	return r.csv.Write(heading)
}

// input decodes one file, or carves it. An error is one of the output.
func (r *jobRun) input(name string) error {
	in, err := openJobInput(r.app, name)
	if err == nil && r.flags.carve && in.endless {
		in.close()
		err = fmt.Errorf("%s: the device gives no size: it may have no end, and is not searched", name)
	}
	if err != nil {
		r.failed = true
		r.warn(err)
		return nil
	}
	defer in.close()
	if r.flags.carve {
		return r.carve(name, in)
	}
	b, size, err := in.head()
	if err != nil {
		r.failed = true
		r.warn(fmt.Errorf("%s: %w", name, err))
		return nil
	}
	j, err := jobfile.ParseHead(b, size)
	if err != nil {
		r.warn(fmt.Errorf("%s: %w", name, err))
	}
	return r.job(report.JobDocument(j, name), j)
}

// toldRanges is how many unreadable ranges of a file are told one by one: a
// container that was cut short has one in every window.
const toldRanges = 10

func (r *jobRun) carve(name string, in *jobInput) error {
	if !r.enter(name, in) {
		return nil
	}
	src, size := in.readerAt()
	found, unread := 0, 0
	// The walk meets a cancelled context as a read error.
	for c, err := range jobfile.Carve(untilDone{r.ctx, src}, size) {
		if r.ctx.Err() != nil {
			return r.ctx.Err()
		}
		if err != nil {
			r.incomplete = true
			if unread++; unread <= toldRanges {
				r.warn(fmt.Errorf("%s: %w", name, err))
			}
			continue
		}
		found++
		if err := r.job(report.CarvedDocument(c, name), c.Job); err != nil {
			return err
		}
	}
	if unread > toldRanges {
		r.warn(fmt.Errorf("%s: %d more ranges could not be read", name, unread-toldRanges))
	}
	if found == 0 {
		r.warn(fmt.Errorf("%s: no job file inside", name))
	}
	return nil
}

// enter goes to the disk in a container and tells what is wrong with it. A
// container that does not open is left as the bytes that it is. false: it is a
// disk in several files that was carved already, by the name of another of them.
func (r *jobRun) enter(name string, in *jobInput) bool {
	if err := in.enter(name); err != nil {
		r.incomplete = r.incomplete || !disk.IsContainer(err) // damage hides what is in it
		r.warn(fmt.Errorf("%s: %w; its bytes are carved as they lie", name, err))
		return true
	}
	if in.disk == nil {
		return true
	}
	if key := setOf(in.disk); key != "" {
		if other, ok := r.sets[key]; ok && other != name {
			r.warn(fmt.Errorf("%s: belongs to the disk that was carved as %s", name, other))
			return false
		}
		if r.sets == nil {
			r.sets = map[string]string{}
		}
		r.sets[key] = name
	}
	if img, ok := in.disk.Image.(disk.Flawed); ok {
		for _, flaw := range img.Flaws() {
			r.incomplete = r.incomplete || !flaw.Warning
			r.warn(fmt.Errorf("%s: %w", name, flaw.Err))
		}
	}
	return true
}

// job writes one job, or keeps it for the table.
func (r *jobRun) job(d report.Document, j *jobfile.Job) error {
	r.incomplete = r.incomplete || !j.Complete
	if r.flags.next > 0 {
		report.SetNextRuns(d, j.NextRuns(r.after, r.flags.next))
	}
	switch r.flags.format {
	case "jsonl":
		return report.WriteJSONLine(r.buffer, d.Dict)
	case "csv":
		var cells []string
		for _, c := range report.JobColumns() {
			cells = append(cells, report.CSVCell(c.Get(d)))
		}
		return r.csv.Write(cells)
	}
	r.table = append(r.table, d)
	return nil
}

// close writes what is left. The error counts: a report that is cut short must
// not look like a success.
func (r *jobRun) close() error {
	var err error
	switch {
	case r.csv != nil:
		r.csv.Flush()
		err = r.csv.Error()
	case len(r.table) == 1:
		err = jobs.WriteCard(r.buffer, r.table[0])
	case len(r.table) > 1:
		width, _ := terminalWidth(r.app.stdout)
		if r.file != nil {
			width = 0
		}
		err = jobs.WriteTable(r.buffer, r.table, width)
	}
	err = errors.Join(err, r.buffer.Flush())
	if r.file != nil {
		err = errors.Join(err, r.file.Close())
	}
	return err
}
