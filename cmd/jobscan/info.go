package main

import (
	"fmt"
	"io"
	"runtime"
	"strings"

	"github.com/spf13/cobra"

	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/report"
	"github.com/jobscan/jobscan/internal/scan"
)

func newInfoCommand(a *app) *cobra.Command {
	var format, drive string
	cmd := &cobra.Command{
		Use:   "info [flags] EVIDENCE...",
		Short: "Say what the evidence is and what it covers",
		Args:  needEvidence,
		RunE: func(cmd *cobra.Command, args []string) error {
			if format != "text" && format != "jsonl" {
				return failure(fmt.Errorf("--format %q: expected text or jsonl", format))
			}
			o := scan.Options{Workers: runtime.NumCPU()}
			var err error
			if o.Drive, err = parseDrive(drive); err != nil {
				return failure(err)
			}
			host, err := evidence.Open(cmd.Context(), args, evidence.Options{Formats: diskFormats})
			if err != nil {
				return failure(err)
			}
			defer host.Close()
			adviseProblems(host)
			summary, problems, err := scan.Survey(cmd.Context(), host, o)
			if err != nil {
				return failure(err)
			}
			if err := writeInfo(a.stdout, format, host, &summary, problems); err != nil {
				return failure(err)
			}
			if !summary.Complete {
				return exitError{code: exitIncomplete}
			}
			return nil
		},
	}
	cmd.Flags().StringVar(&format, "format", "text", "output `FORMAT`: text or jsonl")
	cmd.Flags().StringVar(&drive, "drive", "", "drive `LETTER` of the volume")
	return cmd
}

func writeInfo(w io.Writer, format string, host *evidence.Host, s *report.Summary, problems []report.Problem) error {
	if format == "jsonl" {
		for i := range problems {
			if err := report.WriteJSONLine(w, report.ProblemDocument(&problems[i]).Dict); err != nil {
				return err
			}
		}
		return report.WriteJSONLine(w, report.SummaryDocument(s).Dict)
	}
	p := infoPrinter{w: w}
	for _, f := range host.Files {
		p.file(f)
	}
	for i := range s.Volumes {
		p.volume(&s.Volumes[i])
	}
	for i := range problems {
		p.line("%s", problemText(report.ProblemDocument(&problems[i])))
	}
	return p.err
}

// infoPrinter prints lines, made safe for a terminal, and keeps the first error.
type infoPrinter struct {
	w   io.Writer
	err error
}

func (p *infoPrinter) line(format string, args ...any) {
	if p.err == nil {
		_, p.err = fmt.Fprintln(p.w, report.Visible(fmt.Sprintf(format, args...)))
	}
}

// file says what a piece of evidence is; of a container also what lies in it.
func (p *infoPrinter) file(f *evidence.File) {
	p.line("evidence %s: %s, %d bytes", f.Path, f.Container, f.Size)
	d := f.Describe()
	if len(d.Files) > 1 {
		total := int64(0)
		for _, part := range d.Files {
			total += part.Size
		}
		p.line("  %d files, %s to %s, together %d bytes", len(d.Files), d.Files[0].Path, d.Files[len(d.Files)-1].Path, total)
	} else if d.Disk != nil {
		p.line("  a disk in a file of %d bytes", d.Files[0].Size)
	}
	if d.Disk != nil {
		for _, h := range d.Disk.Stored {
			p.line("  the container says that the disk's %s is %s; scan --hash compares", strings.ToUpper(h.Name), h.Stored)
		}
	}
}

func (p *infoPrinter) volume(v *report.VolumeSummary) {
	p.line("volume %d of %s", v.Volume, v.Evidence)
	if v.Partition > 0 {
		p.line("  partition: %d", v.Partition)
	}
	if v.ShadowCopy > 0 {
		p.line("  shadow copy %d, made %s", v.ShadowCopy, v.ShadowTime)
	}
	if v.Serial != 0 {
		p.line("  NTFS label %q, serial %016x, cluster %d bytes", v.Label, v.Serial, v.ClusterSize)
	}
	if v.DriveLetter != 0 {
		p.line("  drive letter: %c:", v.DriveLetter)
	} else {
		p.line("  drive letter: unknown")
	}
	if v.HasMFT {
		p.line("  $MFT: %d records, %d in use, %d deleted, %d torn, %d unreadable", v.MFT.Records, v.MFT.InUse, v.MFT.Deleted, v.MFT.Torn, v.MFT.Unreadable)
	} else {
		p.line("  $MFT: none")
	}
	p.journal(&v.USN)
}

func (p *infoPrinter) journal(u *report.USNCoverage) {
	switch {
	case !u.Present:
		p.line("  journal: none; the creation of files whose FILE record was reused since cannot be seen")
	case u.Records == 0:
		p.line("  journal: present, without records")
	default:
		p.line("  journal: %d records, USN %d to %d, %d bytes damaged, %d stale records", u.Records, u.FirstUSN, u.LastUSN, u.DamagedBytes, u.Stale)
		p.line("  a creation would have been seen from %s to %s", u.FirstTime, u.LastTime)
		if u.Gaps > 0 {
			p.line("  except in %d gaps of %d bytes", u.Gaps, u.GapBytes)
		}
		if u.ClockBackwards > 0 {
			p.line("  the clock ran backwards %d times", u.ClockBackwards)
		}
	}
}
