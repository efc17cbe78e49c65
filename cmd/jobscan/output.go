package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
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

func (f *outputFlags) open(a *app, host *evidence.Host) (*output, error) {
	format, err := f.find()
	if err != nil {
		return nil, err
	}
	location, err := time.LoadLocation(f.timezone)
	if err != nil {
		return nil, fmt.Errorf("--timezone: %w", err)
	}
	options := report.Options{Location: location}
	out := &output{}
	var w io.Writer = a.stdout
	if f.file != "" {
		if err := notEvidence(f.file, host, f.given); err != nil {
			return nil, err
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
	return report.Format{}, fmt.Errorf("--format %q: expected one of %s", f.format, strings.Join(names, ", "))
}

// notEvidence refuses an output file that is part of the evidence: what was
// opened, what was given and could not be, and all that is in a folder that was given.
func notEvidence(name string, host *evidence.Host, given []string) error {
	info, err := os.Stat(name)
	if err != nil {
		return nil // it does not exist yet, or creating it will tell
	}
	paths := slices.Clone(given)
	for _, file := range host.Files {
		for _, part := range file.Describe().Files { // all files of a container
			paths = append(paths, part.Path)
		}
	}
	for _, path := range paths {
		other, err := os.Stat(path)
		if err == nil && (os.SameFile(info, other) || other.IsDir() && inFolder(name, path)) {
			return fmt.Errorf("%s is evidence: it is never written to", name)
		}
	}
	return nil
}

// inFolder reports that a file is in a folder or below it, links followed.
func inFolder(file, folder string) bool {
	var real [2]string
	for i, path := range []string{folder, file} {
		path, err := filepath.EvalSymlinks(path)
		if err != nil {
			return false
		}
		if real[i], err = filepath.Abs(path); err != nil {
			return false
		}
	}
	rel, err := filepath.Rel(real[0], real[1])
	return err == nil && filepath.IsLocal(rel)
}

// createOutput never overwrites without force, and never follows a race to do so.
func createOutput(name string, force bool) (*os.File, error) {
	flags := os.O_WRONLY | os.O_CREATE | os.O_EXCL
	if force {
		flags = os.O_WRONLY | os.O_CREATE | os.O_TRUNC
	}
	file, err := os.OpenFile(name, flags, 0o644)
	if errors.Is(err, fs.ErrExist) {
		return nil, fmt.Errorf("%s exists: use --force to overwrite it", name)
	}
	return file, err
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
