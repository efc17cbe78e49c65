package main

import (
	"bufio"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/jobscan/jobscan/internal/evidence"
	"github.com/jobscan/jobscan/internal/report"
)

// outputFlags say where a report goes and in which format.
type outputFlags struct {
	format   string
	file     string
	force    bool
	timezone string
	noColor  bool
	formats  []report.Format
	given    []string // the evidence as the command line names it
}

func (f *outputFlags) register(cmd *cobra.Command, formats []report.Format) {
	f.formats = formats
	var names []string
	for _, format := range formats {
		names = append(names, format.Name)
	}
	fs := cmd.Flags()
	fs.StringVar(&f.format, "format", formats[0].Name, "output `FORMAT`: "+strings.Join(names, ", "))
	fs.StringVarP(&f.file, "output", "o", "", "write to `FILE` instead of standard output")
	fs.BoolVar(&f.force, "force", false, "overwrite the output file")
	fs.StringVar(&f.timezone, "timezone", "UTC", "time `ZONE` for display in tables and pages, such as Europe/Berlin")
	fs.BoolVar(&f.noColor, "no-color", false, "no colour (also: NO_COLOR)")
}

// output is an opened destination. close must be called; its error counts.
type output struct {
	writer report.Writer
	buffer *bufio.Writer
	file   *os.File
}

// check refuses values that open would refuse, before anything is read.
func (f *outputFlags) check() error {
	if _, err := f.find(); err != nil {
		return err
	}
	_, err := f.location()
	return err
}

// open creates the output. The host, if there is one, is what must not be written to.
func (f *outputFlags) open(a *app, host *evidence.Host) (*output, error) {
	format, err := f.find()
	if err != nil {
		return nil, err
	}
	location, err := f.location()
	if err != nil {
		return nil, err
	}
	options := report.Options{Location: location}
	out := &output{}
	var w io.Writer = a.stdout
	if f.file != "" {
		if isPartOf(f.file, f.evidence(host)) {
			return nil, fmt.Errorf("%s is evidence, or in a folder of it: nothing is written there; name a file outside of it", f.file)
		}
		if out.file, err = createOutput(f.file, f.force); err != nil {
			return nil, err
		}
		w = out.file
	} else if width, ok := terminalWidth(a.stdout); ok {
		options.Width = width
		options.Color = !f.noColor && os.Getenv("NO_COLOR") == ""
	} else if width, err := strconv.Atoi(os.Getenv("COLUMNS")); err == nil && width > 0 {
		options.Width = width
	}
	out.buffer = bufio.NewWriterSize(w, 64<<10)
	out.writer = format.New(out.buffer, options)
	return out, nil
}

func (f *outputFlags) find() (report.Format, error) {
	var names []string
	for _, format := range f.formats {
		if format.Name == f.format {
			return format, nil
		}
		names = append(names, format.Name)
	}
	if slices.Contains(laterFormats, f.format) {
		return report.Format{}, fmt.Errorf("--format %s: this version does not have it yet, only %s", f.format, strings.Join(names, ", "))
	}
	return report.Format{}, fmt.Errorf("--format %q: expected one of %s", f.format, strings.Join(names, ", "))
}

func (f *outputFlags) location() (*time.Location, error) {
	l, err := time.LoadLocation(f.timezone)
	if err != nil {
		return nil, fmt.Errorf("--timezone: %w", err)
	}
	return l, nil
}

// evidence gives the paths of what was opened, all files of a container, and of
// what was given and could not be.
func (f *outputFlags) evidence(host *evidence.Host) []string {
	paths := slices.Clone(f.given)
	if host == nil {
		return paths
	}
	for _, file := range host.Files {
		for _, part := range file.Describe().Files {
			paths = append(paths, part.Path)
		}
	}
	return paths
}

func (o *output) close() error {
	err := o.buffer.Flush()
	if o.file != nil {
		if closeErr := o.file.Close(); err == nil {
			err = closeErr
		}
	}
	return err
}

// terminalWidth gives the columns of a terminal.
func terminalWidth(w io.Writer) (int, bool) {
	file, ok := w.(*os.File)
	if !ok || !term.IsTerminal(int(file.Fd())) {
		return 0, false
	}
	width, _, err := term.GetSize(int(file.Fd()))
	return width, err == nil
}
