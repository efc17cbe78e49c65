// Package evidence turns what an analyst has into volumes: images and devices
// with their partitions, a live volume, or the $MFT and $J that a triage tool
// took out of one. It recognises by content; names are hints at most.
//
// Together with disk it is the only place where evidence is opened, and it
// opens for reading alone. It does not interpret: what FILE records and USN
// records say is for others.
package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"slices"

	"github.com/jobscan/jobscan/internal/disk"
)

// Options say how to open evidence.
type Options struct {
	Formats []disk.Format // tried in order
	// Volume keeps only the volume with this Index, and its shadow copies unless
	// it is itself one; 0 keeps all.
	Volume   int
	NoShadow bool // leave shadow copies alone
}

// Host is all evidence of one run, taken as one machine's.
type Host struct {
	Volumes  []*Volume // numbered from 1 in the order of the evidence, shadow copies after all others
	Files    []*File   // what was opened
	Problems []Problem // what could not be opened, or only in part

	images []disk.Image
}

// Problem is something that opening met.
type Problem struct {
	Path    string // as it was given, or as it was found in a folder
	Volume  int    // Index of the volume concerned; 0 for none
	Err     error  // without the path
	Warning bool   // nothing was lost by it
}

// Open opens every path. What cannot be opened becomes a problem, as long as
// anything can; otherwise the error names each path and what is wrong with it.
// A loose $MFT and a loose $J become one volume, in whichever order they come.
// The caller closes the host.
func Open(ctx context.Context, paths []string, opts Options) (*Host, error) {
	o := opener{opts: opts, host: &Host{}}
	for _, f := range opts.Formats {
		if f.Name == disk.Raw {
			o.raw = append(o.raw, f)
		}
	}
	for _, path := range paths {
		if err := ctx.Err(); err != nil {
			return nil, errors.Join(err, o.host.Close())
		}
		o.path(ctx, path)
	}
	o.joinLoose()
	return o.finish()
}

// OpenReader opens evidence that is no file: size bytes of r, under a name.
func OpenReader(ctx context.Context, name string, r io.ReaderAt, size int64) (*Host, error) {
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	o := opener{host: &Host{}}
	img := reader{r, size}
	o.content(&File{Path: name, Container: disk.Raw, Size: size, image: img, data: dataOf(img), parts: []disk.Part{{Path: name, Image: img}}})
	o.joinLoose()
	return o.finish()
}

// reader makes an Image of an io.ReaderAt that belongs to someone else.
type reader struct {
	io.ReaderAt
	size int64
}

func (r reader) Size() int64  { return r.size }
func (r reader) Close() error { return nil }

// Close closes all evidence. Volumes must not be used afterwards.
func (h *Host) Close() error {
	var errs []error
	for _, img := range h.images {
		errs = append(errs, img.Close())
	}
	h.images = nil
	return errors.Join(errs...)
}

// opener collects a host.
type opener struct {
	opts  Options
	raw   []disk.Format // that of opts which takes a file as it is
	host  *Host
	loose []*loose
	// leftAlone are the images of disks that lie in the folder at hand.
	leftAlone []string
	// refused are the files of that folder whose names promised more.
	refused []refused
}

// fail notes evidence that could not be opened.
func (o *opener) fail(path string, err error) {
	o.host.Problems = append(o.host.Problems, Problem{Path: path, Err: plain(err)})
}

// plain drops the path from an error of the system: problems have it already.
func plain(err error) error {
	var e *fs.PathError
	if errors.As(err, &e) {
		return fmt.Errorf("cannot %s: %w", e.Op, e.Err)
	}
	return err
}

// finish numbers the volumes, keeps the wanted one, and decides whether there
// is anything to work on.
func (o *opener) finish() (*Host, error) {
	h := o.host
	opened := 0
	for _, v := range h.Volumes {
		if v.OpenErr == nil {
			opened++
		}
	}
	if opened == 0 {
		return nil, errors.Join(h.refusal(), h.Close())
	}
	if !o.opts.NoShadow {
		o.shadows()
	}
	if n := o.opts.Volume; n != 0 {
		if n < 1 || n > len(h.Volumes) {
			return nil, errors.Join(fmt.Errorf("there is no volume %d: the evidence has %d", n, len(h.Volumes)), h.Close())
		}
		if v := h.Volumes[n-1]; v.OpenErr != nil {
			return nil, errors.Join(fmt.Errorf("%q: volume %d: %w", v.EvidencePath, n, v.OpenErr), h.Close())
		}
		h.Volumes = slices.DeleteFunc(h.Volumes, func(v *Volume) bool { return v.Index != n && v.ShadowOf != n })
	}
	return h, nil
}

// refusal says, in a sentence for each path, why nothing could be opened.
func (h *Host) refusal() error {
	var all error
	for _, p := range h.Problems {
		if p.Warning {
			continue
		}
		err := fmt.Errorf("%q: %w", p.Path, p.Err)
		if all != nil {
			err = fmt.Errorf("%w; %w", all, err)
		}
		all = err
	}
	if all == nil {
		all = errors.New("no evidence was given")
	}
	return all
}
