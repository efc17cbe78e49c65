package evidence

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/disk/partition"
)

// path opens one argument of the command line.
func (o *opener) path(ctx context.Context, path string) {
	if !disk.DeviceName(path) {
		info, err := os.Stat(path)
		if err != nil {
			o.fail(path, err)
			return
		}
		if info.IsDir() {
			o.folder(ctx, path)
			return
		}
	}
	f, err := o.open(path)
	if again := (*againError)(nil); errors.As(err, &again) {
		o.host.Problems = append(o.host.Problems, Problem{Path: path, Err: err, Warning: true})
		return
	}
	if err != nil {
		o.fail(path, err)
		return
	}
	o.content(f)
}

// open opens a file or device and keeps it for Close.
func (o *opener) open(path string) (*File, error) {
	opened, err := disk.Open(path, o.opts.Formats)
	if err != nil {
		return nil, err
	}
	f := newFile(path, opened)
	if other := o.openAlready(f); other != "" {
		return nil, errors.Join(&againError{other}, opened.Image.Close())
	}
	o.host.images = append(o.host.images, opened.Image)
	if img, ok := opened.Image.(disk.Flawed); ok {
		for _, flaw := range img.Flaws() {
			o.host.Problems = append(o.host.Problems, Problem{Path: path, Err: plain(flaw.Err), Warning: flaw.Warning})
		}
	}
	return f, nil
}

// againError refuses to read evidence twice, as all that it holds would be reported
// twice.
type againError struct{ other string }

func (e *againError) Error() string {
	return fmt.Sprintf("it is part of %s, which is read already", e.other)
}

// openAlready gives the path of evidence that lies in one of the files of f too.
func (o *opener) openAlready(f *File) string {
	for _, part := range f.parts {
		info, err := os.Stat(part.Path)
		if err != nil || !info.Mode().IsRegular() {
			continue
		}
		for _, other := range o.host.Files {
			for _, p := range other.parts {
				if i, err := os.Stat(p.Path); err == nil && os.SameFile(i, info) {
					return other.Path
				}
			}
		}
	}
	return ""
}

// content adds what a file or device holds.
func (o *opener) content(f *File) {
	o.host.Files = append(o.host.Files, f)
	if f.Size == 0 {
		o.fail(f.Path, errors.New("empty file: expected an NTFS volume, a disk, or an extracted $MFT or $J"))
		return
	}
	if k := classify(f); k != kindImage {
		o.loose = append(o.loose, &loose{file: f, kind: k})
		return
	}
	o.image(f)
}

// image adds the volumes of a volume or disk image.
func (o *opener) image(f *File) {
	head := readHead(f.image, f.Size)
	if !hasNTFS(head) && fileSystem(head) == "" {
		table, problems := partition.Parse(f.image, f.Size)
		if table.Scheme != partition.SchemeNone {
			damaged := false
			for _, err := range problems {
				p := Problem{Path: f.Path, Err: err, Warning: !lost(table, err)}
				o.host.Problems = append(o.host.Problems, p)
				damaged = damaged || !p.Warning
			}
			o.partitions(f, table, damaged)
			return
		}
		if !hasBackup(f.image, f.Size) && o.lostVolumes(f, nil, "disk without a partition table") {
			return
		}
	}
	v := &Volume{EvidencePath: f.Path, Container: f.Container, Reader: f.image, Size: f.Size, file: f, DriveLetter: letterOfDevice(f.Path)}
	v.NTFS, v.OpenErr = openNTFS(v.Reader, v.Size)
	if v.OpenErr != nil {
		o.fail(f.Path, instead(f, v.OpenErr))
		return
	}
	o.add(v)
}

// lost reports that a problem of a partition table may have cost a partition.
// Where the backup stands in for a damaged GPT nothing is lost.
func lost(t partition.Table, err error) bool {
	return t.Scheme != partition.SchemeGPT || len(t.Partitions) == 0 || strings.Contains(err.Error(), "GPT entry")
}

// partitions adds the NTFS volumes among the partitions of a disk. One whose
// type is for NTFS but that does not open is a volume with OpenErr; one that
// holds another file system is no concern, unless that hides NTFS. Where the
// table is damaged, volumes that it has lost are looked for.
func (o *opener) partitions(f *File, t partition.Table, damaged bool) {
	before := len(o.host.Volumes)
	var others []string
	for _, p := range t.Partitions {
		r := io.NewSectionReader(f.image, p.Start, p.Length)
		head := readHead(r, p.Length)
		other := fileSystem(head)
		switch {
		case hasNTFS(head) || other == "" && (p.ForNTFS() || hasBackup(r, p.Length)):
			v := &Volume{EvidencePath: f.Path, Container: f.Container, Partition: p.Index, Reader: r, Offset: p.Start, Size: p.Length, file: f}
			if v.NTFS, v.OpenErr = openNTFS(r, p.Length); v.OpenErr != nil {
				v.OpenErr = fmt.Errorf("partition %d at %#x: %w", p.Index, p.Start, v.OpenErr)
			}
			o.add(v)
		case hidesNTFS(other):
			o.fail(f.Path, fmt.Errorf("partition %d at %#x: expected NTFS, found %s", p.Index, p.Start, other))
		case other == "" && p.Dynamic():
			o.fail(f.Path, fmt.Errorf("partition %d at %#x: dynamic disk, whose volumes are not read: image the volume itself", p.Index, p.Start))
		}
		if other == "" {
			other = "no file system that is known"
		}
		others = append(others, fmt.Sprintf("partition %d (type %s) has %s", p.Index, p.Type, other))
	}
	if damaged {
		o.lostVolumes(f, o.host.Volumes[before:], "disk with a damaged partition table")
	}
	if len(o.host.Volumes) > before {
		return
	}
	if len(others) == 0 {
		others = []string{"its table has no partition within the image"}
	}
	o.fail(f.Path, fmt.Errorf("%s disk without an NTFS volume: %s", t.Scheme, strings.Join(others, ", ")))
}

// hidesNTFS reports encryption, behind which a volume of Windows can be.
func hidesNTFS(fileSystem string) bool { return strings.Contains(fileSystem, "BitLocker") }

// letterOfDevice gives the drive letter of "C:" or "\\.\C:", else 0.
func letterOfDevice(path string) byte {
	if !disk.DeviceName(path) {
		return 0
	}
	return driveLetter(strings.TrimRight(path, `\/`)[max(0, len(strings.TrimRight(path, `\/`))-2):])
}

// driveLetter gives the upper-case letter of "c:", else 0.
func driveLetter(s string) byte {
	if len(s) != 2 || s[1] != ':' {
		return 0
	}
	if c := s[0] &^ 0x20; c >= 'A' && c <= 'Z' {
		return c
	}
	return 0
}
