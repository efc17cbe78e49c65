package main

import (
	"context"
	"fmt"
	"maps"
	"path/filepath"
	"runtime"
	"slices"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/format/evtx/binxml"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/scan"
	"github.com/jobscan/jobscan/internal/wintime"
)

// scanFlags are the flags that scan and timeline share.
type scanFlags struct {
	output     outputFlags
	rules      []string
	from, to   string
	drive      string
	volume     int
	noUSN      bool
	noMFT      bool
	allEvents  bool
	carve      bool
	noShadow   bool
	hash       bool
	workers    int
	quiet      bool
	noProgress bool
	exitZero   bool

	commandLine []string          // as it was given
	changed     map[string]string // flags that were given
}

// silent are the flags that change nothing of what a report says, or only how it
// is shown; they are left out of its header, so that they do not change its bytes
// either, and a saved report can be rendered in any format later.
var silent = []string{"jobs", "format", "timezone", "output", "force", "quiet", "no-progress", "no-color", "exit-zero"}

// note keeps the command line for the report's header, in a form that can be run
// again.
func (f *scanFlags) note(cmd *cobra.Command, args []string) {
	f.commandLine = []string{"jobscan", cmd.Name()}
	f.changed = make(map[string]string)
	cmd.Flags().Visit(func(flag *pflag.Flag) { // in the order of their names
		if slices.Contains(silent, flag.Name) {
			return
		}
		f.changed[flag.Name] = flag.Value.String()
		values := []string{flag.Value.String()}
		if list, ok := flag.Value.(pflag.SliceValue); ok {
			values = list.GetSlice()
		}
		for _, value := range values {
			f.commandLine = append(f.commandLine, "--"+flag.Name+"="+value)
		}
	})
	if slices.ContainsFunc(args, func(arg string) bool { return strings.HasPrefix(arg, "-") }) {
		f.commandLine = append(f.commandLine, "--")
	}
	f.commandLine = append(f.commandLine, args...)
}

func (f *scanFlags) register(cmd *cobra.Command) {
	f.output.register(cmd, reportFormats)
	cmd.SetFlagErrorFunc(scanFlagError)
	fs := cmd.Flags()
	fs.StringArrayVar(&f.rules, "rule", nil, "rule `FILE` or builtin:NAME (repeatable; default builtin:2024-10)")
	fs.StringVar(&f.from, "from", "", "report events from this `TIME` on (RFC 3339, or a date)")
	fs.StringVar(&f.to, "to", "", "report events before this `TIME` (RFC 3339), or up to and including a date")
	fs.StringVar(&f.drive, "drive", "", "drive `LETTER` of the volume")
	fs.IntVar(&f.volume, "volume", 0, "scan only the `N`-th NTFS volume of the evidence")
	fs.BoolVar(&f.noUSN, "no-usn", false, "do not read the USN journal")
	fs.BoolVar(&f.noMFT, "no-mft", false, "do not read the $MFT")
	fs.BoolVar(&f.carve, "carve", false, "also go over all bytes of each volume for what no live structure leads to")
	fs.BoolVar(&f.noShadow, "no-shadow", false, "do not read shadow copies")
	fs.BoolVar(&f.allEvents, "all-events", false, "decide modifications and deletions as well as arrivals")
	fs.BoolVar(&f.hash, "hash", false, "put the SHA-256 of the evidence into the report")
	fs.IntVarP(&f.workers, "jobs", "j", runtime.NumCPU(), "number of `N` workers")
	fs.BoolVarP(&f.quiet, "quiet", "q", false, "nothing on standard error but errors")
	fs.BoolVar(&f.noProgress, "no-progress", false, "no progress display")
	fs.BoolVar(&f.exitZero, "exit-zero", false, "exit with 0 also for findings and incomplete evidence")
}

func newScanCommand(a *app) *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "scan [flags] EVIDENCE...",
		Short: "Report each .job file that was planted, with a verdict",
		Long: `Scan reads NTFS evidence and reports one finding for each file and path that the
rule concerns. EVIDENCE is a volume, a disk with partitions, or an extracted $MFT
with or without its $J (two files, or a folder that holds them), as one of these:

` + formatsHelp(),
		Args: needEvidence,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.note(cmd, args)
			return runScan(cmd.Context(), a, &f, args, false)
		},
	}
	f.register(cmd)
	return cmd
}

// formatsHelp lists what evidence may be.
func formatsHelp() string {
	var b strings.Builder
	for _, f := range diskFormats {
		fmt.Fprintf(&b, "  %-7s %s\n", f.Name, f.Doc)
	}
	return strings.TrimRight(b.String(), "\n")
}

func newTimelineCommand(a *app) *cobra.Command {
	var f scanFlags
	cmd := &cobra.Command{
		Use:   "timeline [flags] EVIDENCE...",
		Short: "Report every event of the files concerned, in time order",
		Args:  needEvidence,
		RunE: func(cmd *cobra.Command, args []string) error {
			f.note(cmd, args)
			return runScan(cmd.Context(), a, &f, args, true)
		},
	}
	f.register(cmd)
	return cmd
}

// runScan is the main job: evidence in, report out, exit code as error.
func runScan(ctx context.Context, a *app, f *scanFlags, paths []string, timeline bool) error {
	o, err := f.options(timeline)
	if err != nil {
		return failure(err)
	}
	host, err := evidence.Open(ctx, paths, evidence.Options{Formats: diskFormats, Volume: f.volume, NoShadow: f.noShadow})
	if err != nil {
		return failure(err)
	}
	defer host.Close()
	adviseProblems(host)
	f.output.given = paths
	return a.scanHost(ctx, host, o, f)
}

// scanHost scans opened evidence and writes the report to where the flags say.
func (a *app) scanHost(ctx context.Context, host *evidence.Host, o scan.Options, f *scanFlags) error {
	header, err := f.header(o)
	if err != nil {
		return failure(err)
	}
	out, err := f.output.open(a, host)
	if err != nil {
		return failure(err)
	}
	w := out.writer
	if f.output.format == "csv" {
		w = withProblems{w, a.stderr, f.quiet}
	}
	tell, end := progress(a.stderr, f.quiet || f.noProgress)
	o.Progress = tell
	var summary report.Summary
	if header.Evidence, err = f.describe(ctx, host); err == nil {
		summary, err = scan.Run(ctx, host, header, o, w)
	}
	end()
	if closeErr := out.close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return failure(fmt.Errorf("the report is not complete: %w", err))
	}
	return f.exit(&summary)
}

func (f *scanFlags) exit(s *report.Summary) error {
	switch {
	case f.exitZero:
		return nil
	case s.Match+s.Undecided > 0:
		return exitError{code: exitFindings}
	case !s.Complete:
		return exitError{code: exitIncomplete}
	}
	return nil
}

func (f *scanFlags) options(timeline bool) (scan.Options, error) {
	o := scan.Options{Timeline: timeline, AllEvents: f.allEvents, NoMFT: f.noMFT, NoUSN: f.noUSN, Carve: f.carve, Workers: f.workers,
		EventLogDecoder: decoderProcess(binxml.Name)}
	if f.noMFT && f.noUSN {
		return o, fmt.Errorf("--no-mft and --no-usn together leave nothing to read")
	}
	if err := f.output.check(); err != nil {
		return o, err
	}
	var err error
	if o.Rules, o.Problems, err = loadRules(f.rules); err != nil {
		return o, err
	}
	if o.Drive, err = parseDrive(f.drive); err != nil {
		return o, err
	}
	if o.From, err = parseBound("--from", f.from, false); err != nil {
		return o, err
	}
	if o.To, err = parseBound("--to", f.to, true); err != nil {
		return o, err
	}
	return o, f.check(&o)
}

// check refuses values that nobody can mean.
func (f *scanFlags) check(o *scan.Options) error {
	_, volume := f.changed["volume"]
	switch {
	case o.To != 0 && o.From >= o.To:
		return fmt.Errorf("--from %s is not before --to %s", f.from, f.to)
	case f.workers < 1:
		return fmt.Errorf("--jobs %d: expected 1 or more", f.workers)
	case volume && f.volume < 1:
		return fmt.Errorf("--volume %d: volumes are counted from 1", f.volume)
	}
	return nil
}

// parseDrive accepts C, c, C: and C:\.
func parseDrive(s string) (byte, error) {
	if s == "" {
		return 0, nil
	}
	letter := strings.ToUpper(strings.TrimSuffix(strings.TrimSuffix(s, `\`), ":"))
	if len(letter) != 1 || letter[0] < 'A' || letter[0] > 'Z' {
		return 0, fmt.Errorf("--drive %q: expected a letter from A to Z", s)
	}
	return letter[0], nil
}

// header makes the report's header; what the evidence is comes from describe.
func (f *scanFlags) header(o scan.Options) (*report.Header, error) {
	started, err := startTime()
	if err != nil {
		return nil, err
	}
	return &report.Header{Version: version, Started: wintime.FromTime(started), CommandLine: f.commandLine, Rules: o.Rules,
		Options: f.changed, OptionNames: slices.Sorted(maps.Keys(f.changed))}, nil
}

// describe says what the evidence is. With --hash all of it is read.
func (f *scanFlags) describe(ctx context.Context, host *evidence.Host) ([]report.EvidenceFile, error) {
	var out []report.EvidenceFile
	for _, file := range host.Files {
		d := file.Describe()
		if f.hash {
			var err error
			if d, err = host.Hash(ctx, file); err != nil {
				return nil, err
			}
		}
		out = append(out, evidenceFile(file, &d))
	}
	return out, nil
}

// evidenceFile makes the header's entry for a file; of a container's files, the
// one that was named stands for it.
func evidenceFile(file *evidence.File, d *evidence.Description) report.EvidenceFile {
	e := report.EvidenceFile{Path: file.Path, Container: file.Container}
	if !file.Modified.IsZero() {
		e.Modified = wintime.FromTime(file.Modified)
	}
	for _, p := range d.Files {
		if filepath.Clean(p.Path) == filepath.Clean(file.Path) || len(d.Files) == 1 {
			e.Size, e.SHA256 = p.Size, p.SHA256
		}
		if len(d.Files) > 1 {
			e.Files = append(e.Files, report.EvidencePart(p))
		}
	}
	if d.Disk != nil {
		e.Disk = &report.EvidenceDisk{Size: d.Disk.Size, SHA256: d.Disk.SHA256}
		for _, s := range d.Disk.Stored {
			e.Disk.Stored = append(e.Disk.Stored, report.StoredHash(s))
		}
	}
	return e
}
