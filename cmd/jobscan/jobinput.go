package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"golang.org/x/term"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/split"
	"github.com/jobscan/jobscan/jobfile"
)

// inputs turns arguments into names of files: folders become the job files in
// them, patterns what they match. What is not there stays, to fail on opening.
func (r *jobRun) inputs(args []string) []string {
	var out []string
	for _, arg := range args {
		info, err := os.Stat(arg)
		switch {
		case arg == "-":
			out = append(out, arg)
		case err == nil && info.IsDir():
			names, err := jobsInFolder(arg)
			if err != nil {
				r.failed = true
				r.warn(err)
			} else if len(names) == 0 {
				r.warn(fmt.Errorf("%s: no *.job file in this folder", arg))
			}
			out = append(out, names...)
		case err != nil && strings.ContainsAny(arg, "*?["):
			names, globErr := filepath.Glob(arg)
			if globErr != nil || len(names) == 0 {
				names = []string{arg}
			}
			out = append(out, names...)
		default:
			out = append(out, arg)
		}
	}
	return out
}

// jobsInFolder lists the *.job files of one folder, without regard to case.
// Pipes, devices and folders of that name are left out.
func jobsInFolder(folder string) ([]string, error) {
	entries, err := os.ReadDir(folder)
	if err != nil {
		return nil, err
	}
	var out []string
	for _, e := range entries {
		name := filepath.Join(folder, e.Name())
		if !isJobName(name) {
			continue
		}
		if info, err := os.Stat(name); err == nil && !info.Mode().IsRegular() {
			continue
		}
		out = append(out, name)
	}
	return out, nil
}

// isJobName reports the name of a job file, without regard to case.
func isJobName(name string) bool { return strings.EqualFold(filepath.Ext(name), ".job") }

// jobInput is an opened file, or standard input.
type jobInput struct {
	r     io.Reader
	file  *os.File     // nil when it cannot be read at any offset
	size  int64        // -1 when not known
	disk  *disk.Opened // the disk in the file, once it was entered
	plain bool         // an ordinary file that was named
	shut  func() error

	endless bool // a character device that has no size, and is no terminal
}

func openJobInput(a *app, name string) (*jobInput, error) {
	in := &jobInput{r: a.stdin, size: -1}
	file, ok := a.stdin.(*os.File)
	if name != "-" {
		f, err := os.Open(name)
		if err != nil {
			return nil, err
		}
		in.r, file, ok, in.shut = f, f, true, f.Close
	}
	if !ok {
		return in, nil
	}
	info, err := file.Stat()
	if err != nil || info.IsDir() {
		in.close()
		if err == nil {
			err = fmt.Errorf("%s is a folder", name)
		}
		return nil, err
	}
	switch {
	case info.Mode().IsRegular():
		in.file, in.size = file, info.Size()
		in.plain = name != "-" && !disk.DeviceName(name)
	case name != "-" && info.Mode()&os.ModeDevice != 0:
		in.file = file
		if size, err := file.Seek(0, io.SeekEnd); err == nil && size > 0 {
			in.size = size
			_, err = file.Seek(0, io.SeekStart)
			return in, err
		}
		in.endless = info.Mode()&os.ModeCharDevice != 0
	case info.Mode()&os.ModeCharDevice != 0:
		in.endless = !term.IsTerminal(int(file.Fd()))
	}
	return in, nil
}

// enter opens the disk in an ordinary file, if it is a container or one of the
// numbered files of an image. Otherwise, and on error, the input stays the bytes
// of the file.
func (in *jobInput) enter(name string) (err error) {
	if in.plain {
		in.disk, err = openJobDisk(name)
	}
	return err
}

// openJobDisk opens the disk that is not simply the bytes of the file; nil where
// it is.
func openJobDisk(name string) (*disk.Opened, error) {
	opened, err := disk.Open(name, diskFormats)
	if err != nil {
		return nil, err
	}
	if opened.Format.AsIs && opened.Format.Name != split.Format.Name {
		return nil, opened.Image.Close()
	}
	return opened, nil
}

// setOf tells a disk in several files from others, whichever of its files was
// named; "" for a disk in one file.
func setOf(opened *disk.Opened) string {
	d, ok := opened.Image.(disk.Divided)
	if !ok {
		return ""
	}
	parts := d.Parts()
	if len(parts) < 2 {
		return ""
	}
	first, err := filepath.Abs(parts[0].Path)
	if err != nil {
		return ""
	}
	return opened.Format.Name + " " + first
}

// withParts adds to names of inputs the other files of the disks in them.
func withParts(names []string) []string {
	out := slices.Clone(names)
	for _, name := range names {
		// What is no ordinary file is not entered, and opening a pipe would wait.
		if info, err := os.Stat(name); err != nil || !info.Mode().IsRegular() || disk.DeviceName(name) {
			continue
		}
		opened, err := openJobDisk(name)
		if err != nil || opened == nil {
			continue // told when it is carved
		}
		if d, ok := opened.Image.(disk.Divided); ok {
			for _, part := range d.Parts() {
				out = append(out, part.Path)
			}
		}
		_ = opened.Image.Close() // opened for reading only
	}
	return out
}

func (in *jobInput) close() {
	if in.disk != nil {
		_ = in.disk.Image.Close()
	}
	if in.shut != nil {
		_ = in.shut() // opened for reading only: nothing is lost
	}
}

// head reads as much as a job file can hold and one byte more. size is that of
// the whole file, as far as it is known.
func (in *jobInput) head() (b []byte, size int64, err error) {
	b, err = io.ReadAll(io.LimitReader(in.r, jobfile.MaxSize+1))
	return b, max(in.size, int64(len(b))), err
}

// readerAt gives the input, or the disk in it, to Carve.
func (in *jobInput) readerAt() (io.ReaderAt, int64) {
	if in.disk != nil {
		return in.disk.Image, in.disk.Image.Size()
	}
	if in.file != nil {
		return in.file, in.size
	}
	return &streamReaderAt{r: in.r}, -1
}

// streamReaderAt reads a stream at rising offsets. It keeps the last bytes, so
// that a reader may look ahead as far as a job reaches and come back.
type streamReaderAt struct {
	r     io.Reader
	buf   []byte
	start int64 // offset of buf[0]
	err   error // of the stream, once it ended
}

// streamKeep is what stays behind the furthest byte: more than a job and the
// windows around it.
const streamKeep = 2*jobfile.MaxSize + 4<<20

var errStreamPassed = errors.New("the stream has passed this offset")

// ReadAt implements io.ReaderAt for offsets not far behind the furthest one.
func (s *streamReaderAt) ReadAt(p []byte, off int64) (int, error) {
	if off < s.start {
		return 0, errStreamPassed
	}
	end := off + int64(len(p))
	for s.err == nil && s.start+int64(len(s.buf)) < end {
		s.fill(int(end - s.start - int64(len(s.buf))))
	}
	if off >= s.start+int64(len(s.buf)) {
		return 0, s.err
	}
	n := copy(p, s.buf[off-s.start:])
	if n < len(p) {
		return n, s.err
	}
	return n, nil
}

// fill reads up to n more bytes and lets go of the oldest.
func (s *streamReaderAt) fill(n int) {
	if len(s.buf) > 2*streamKeep {
		cut := len(s.buf) - streamKeep
		s.start += int64(cut)
		s.buf = append(s.buf[:0], s.buf[cut:]...)
	}
	n = min(n, 1<<20)
	have := len(s.buf)
	s.buf = append(s.buf, make([]byte, n)...)
	got, err := s.r.Read(s.buf[have:])
	s.buf, s.err = s.buf[:have+got], err
}

// untilDone is a ReaderAt that fails once its context is cancelled.
type untilDone struct {
	ctx context.Context
	r   io.ReaderAt
}

// ReadAt implements io.ReaderAt.
func (u untilDone) ReadAt(p []byte, off int64) (int, error) {
	if err := u.ctx.Err(); err != nil {
		return 0, err
	}
	return u.r.ReadAt(p, off)
}
