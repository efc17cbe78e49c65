package ewf

import (
	"bytes"
	"errors"
	"fmt"
	"math"
	"os"
	"path/filepath"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// set is the segment files of one image.
type set struct {
	source    *disk.Source
	number    int        // of the segment that was named
	segments  []*segment // by number, the first at 0; nil where one is missing
	volume    volume
	flaws     flaws
	tables    tables
	unpackers unpackers
	walked    int
	unused    map[int]bool // segments that are there and cannot be used, and told of
	own       []disk.Image // that were opened here

	placed   []*group // by their first chunk
	complete bool     // every chunk has its place
}

// readSet opens the segment files and reads their sections. The set is given with
// an error too, to be closed.
func readSet(s *disk.Source) (*set, error) {
	e := &set{source: s, unused: map[int]bool{}}
	e.tables.free = maxKept
	number, err := parseFileHeader(s.Head)
	if err != nil {
		return e, err
	}
	e.number = number
	names := map[int]string{number: s.Name()}
	if s.Path != "" {
		all, err := s.Siblings()
		if err != nil {
			e.flaws.add(fmt.Errorf("listing the folder: %w", err), lossUnless)
		}
		if found := siblings(s.Name(), number, all); found != nil {
			names = found
		} else if number != 1 {
			e.flaws.add(fmt.Errorf("segment %d: file name %q is not that of such a segment, so the others cannot be found", number, s.Name()), lossUnless)
		}
	}
	last := 0
	for n := range names {
		last = max(last, n)
	}
	for n := 1; ; n++ {
		name := names[n]
		if name == "" {
			name = e.unlisted(n)
		}
		if name == "" && n > last {
			break
		}
		g, err := e.readSegment(n, number, name)
		e.segments = append(e.segments, g)
		switch {
		case err != nil:
			e.flaws.add(err, lossUnless)
			e.unused[n] = true
		case g != nil && g.refused != nil:
			return e, g.refused
		case g != nil && g.done:
			if n < number {
				named := &segment{Part: disk.Part{Path: s.Path}, number: number}
				e.flaws.add(fmt.Errorf("%s: the set ends with %s, so it is not used", named, g), loss)
			}
			return e, nil
		}
	}
	return e, nil
}

// unlisted gives the name of a segment that is in the folder and was not listed as
// an ordinary file, "" if there is none.
func (e *set) unlisted(n int) string {
	if e.source.Path == "" {
		return ""
	}
	for _, name := range namesOf(e.source.Name(), e.number, n) {
		if _, err := os.Lstat(filepath.Join(filepath.Dir(e.source.Path), name)); err == nil {
			return name
		}
	}
	return ""
}

// readSegment reads one segment; it is nil if there is no such file. Errors say
// which segment and file they are about.
func (e *set) readSegment(n, named int, name string) (*segment, error) {
	if name == "" {
		return nil, nil
	}
	part := disk.Part{Path: e.source.Path, Image: e.source.Image}
	if n != named {
		var err error
		if part, err = e.source.Sibling(name); err != nil {
			return nil, fmt.Errorf("segment %d: %w", n, err) // which names the file
		}
		e.own = append(e.own, part.Image)
	}
	g := &segment{Part: part, number: n, size: part.Image.Size(), flaws: &e.flaws, tables: &e.tables, walked: &e.walked, unpackers: &e.unpackers}
	found := 0
	b, err := g.read(0, fileHeaderSize, "EWF file header")
	if err == nil {
		found, err = parseFileHeader(b)
	}
	if err == nil && found != n {
		err = &parse.Error{Structure: "EWF file header", Field: "segment number", Offset: 9, Err: parse.ErrRange, Detail: fmt.Sprintf("expected %d, found %d, so it is not used", n, found)}
	}
	if err != nil {
		return nil, fmt.Errorf("%s: %w", g, err)
	}
	g.readSections()
	return g, nil
}

// chooseVolume takes the volume section, or a copy of it in a data section.
func (e *set) chooseVolume() error {
	for _, g := range e.segments {
		if g != nil && g.volume != nil {
			e.volume = *g.volume
			return nil
		}
		if g != nil && errors.Is(g.noVolume, errLargeChunk) {
			return g.noVolume // it is not damaged, so no copy stands in
		}
	}
	for _, g := range e.segments {
		if g != nil && g.data != nil {
			e.volume = *g.data
			g.flaw(errors.New("there is no volume section that can be read; its copy in the data section is used"), harmless)
			return nil
		}
	}
	err := error(&parse.Error{Structure: "EWF volume section", Err: errors.New("there is none that can be read")})
	if len(e.flaws.list) > 0 {
		err = fmt.Errorf("%w; %w", err, e.flaws.list[0].err)
	}
	return err
}

// checkSegments leaves out segments of another set and tells of missing ones.
func (e *set) checkSegments() {
	for i, g := range e.segments {
		if g == nil {
			continue
		}
		v := g.volume
		if v == nil || *v == e.volume {
			v = g.data
		}
		switch {
		case v == nil || e.volume.sameDisk(*v):
		case g.volume != nil && *g.volume == e.volume:
			g.flaw(fmt.Errorf("volume and data section contradict one another: %s and %s", e.volume.identity(), v.identity()), loss)
		default:
			g.flaw(fmt.Errorf("it is of another set and is not used: expected %s, found %s", e.volume.identity(), v.identity()), lossUnless)
			e.segments[i] = nil
		}
	}
	for i := 0; i < len(e.segments); i++ {
		if e.segments[i] != nil || e.unused[i+1] {
			continue
		}
		first := i
		for i+1 < len(e.segments) && e.segments[i+1] == nil && !e.unused[i+2] {
			i++
		}
		e.missing(first+1, i+1)
	}
	if n := len(e.segments); n > 0 && e.segments[n-1] != nil && !e.segments[n-1].done {
		e.missing(n+1, math.MaxInt)
		e.segments = append(e.segments, nil)
	}
}

func (e *set) missing(first, last int) {
	text := fmt.Sprintf("segments %d to %d are missing", first, last)
	switch {
	case first == last:
		text = fmt.Sprintf("segment %d is missing", first)
	case last == math.MaxInt:
		text = fmt.Sprintf("segment %d and all that follow are missing", first)
	}
	if names := namesOf(e.source.Name(), e.number, first); len(names) > 0 {
		text += fmt.Sprintf(": expected %q", names[0])
		if names = namesOf(e.source.Name(), e.number, last); first < last && len(names) > 0 {
			text += fmt.Sprintf(" to %q", names[0])
		}
	}
	e.flaws.add(errors.New(text), lossUnless)
}

// hashes gives the hashes of the whole disk, each once.
func (e *set) hashes() (out []disk.StoredHash) {
	var d digests
	for _, g := range e.segments {
		if g == nil {
			continue
		}
		for _, found := range []digests{g.digest, g.hash} {
			if d.MD5 != nil && found.MD5 != nil && !bytes.Equal(d.MD5, found.MD5) {
				g.flaw(fmt.Errorf("hash and digest sections contradict one another: MD5 %x and %x", d.MD5, found.MD5), loss)
			}
			if d.MD5 == nil {
				d.MD5 = found.MD5
			}
			if d.SHA1 == nil {
				d.SHA1 = found.SHA1
			}
		}
	}
	if d.MD5 != nil {
		out = append(out, disk.StoredHash{Name: "md5", Sum: d.MD5})
	}
	if d.SHA1 != nil {
		out = append(out, disk.StoredHash{Name: "sha1", Sum: d.SHA1})
	}
	if n := len(e.segments); out == nil && e.segments[n-1] != nil && e.segments[n-1].done {
		e.flaws.add(errors.New("there is no hash of the whole disk"), harmless)
	}
	return out
}

func (e *set) allFlaws() []disk.Flaw { return e.flaws.all(e.complete) }

// parts lists the files that are used, and the named one.
func (e *set) parts() (out []disk.Part) {
	named := false
	for _, g := range e.segments {
		if g != nil {
			out = append(out, g.Part)
			named = named || g.Image == e.source.Image
		}
	}
	if !named {
		out = append(out, disk.Part{Path: e.source.Path, Image: e.source.Image})
	}
	return out
}

func (e *set) closeSiblings() (err error) {
	for _, f := range e.own {
		err = errors.Join(err, f.Close())
	}
	return err
}

func (e *set) close() error { return errors.Join(e.source.Image.Close(), e.closeSiblings()) }
