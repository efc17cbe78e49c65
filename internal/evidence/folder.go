package evidence

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/usn"
)

// How far a folder is searched.
const (
	maxDepth = 16
	maxFiles = 200_000
)

// errEnough ends a search.
var errEnough = errors.New("enough")

// folder looks for a loose $MFT and $J, and for the $Max beside that, in a
// folder and those below. Links are not followed. What else is there is left
// alone, images included: a folder is a collection, not a store of evidence. A file
// that is named as one of these and is not taken is a problem.
func (o *opener) folder(ctx context.Context, root string) {
	files, found := 0, len(o.loose)
	var maxes []string
	// The separator at the end makes a root that is itself a link a folder.
	err := filepath.WalkDir(root+string(filepath.Separator), func(path string, d fs.DirEntry, err error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		if err != nil {
			o.fail(path, err)
			return nil
		}
		if d.IsDir() && depth(root, path) > maxDepth {
			o.fail(path, fmt.Errorf("folder more than %d levels down was not searched", maxDepth))
			return fs.SkipDir
		}
		if !d.Type().IsRegular() {
			if !d.IsDir() {
				o.refuse(path, noFile(d.Type()))
			}
			return nil
		}
		if files++; files > maxFiles {
			o.fail(root, fmt.Errorf("folder with more than %d files was searched in part", maxFiles))
			return errEnough
		}
		if isMaxName(d.Name()) {
			maxes = append(maxes, path)
			return nil
		}
		o.sniff(root, path, d)
		return nil
	})
	if err != nil && !errors.Is(err, errEnough) {
		o.fail(root, err)
		return
	}
	o.tellRefused(root, found)
	images := o.images()
	if len(o.loose) == found {
		if images != "" {
			images = "; " + images
		}
		o.fail(root, fmt.Errorf("folder without evidence: expected an extracted $MFT or $J, found none among %d files%s", files, images))
		return
	}
	if images != "" {
		o.host.Problems = append(o.host.Problems, Problem{Path: root, Err: errors.New(images), Warning: true})
	}
	o.takeMaxes(maxes, found)
}

// images names the images of disks that were left alone in a folder, or gives "".
func (o *opener) images() string {
	const most = 5
	names := o.leftAlone
	o.leftAlone = nil
	if len(names) == 0 {
		return ""
	}
	more := ""
	if len(names) > most {
		more = fmt.Sprintf(" and %d more", len(names)-most)
		names = names[:most]
	}
	return fmt.Sprintf("images of disks in a folder are not read, name them to have them read: %q%s", names, more)
}

func depth(root, path string) int {
	rel, err := filepath.Rel(root, path)
	if err != nil || rel == "." {
		return 0
	}
	return strings.Count(rel, string(filepath.Separator)) + 1
}

// sniff takes a file that its content shows to be $MFT or $J.
func (o *opener) sniff(root, path string, d fs.DirEntry) {
	info, err := d.Info()
	if err != nil {
		o.fail(path, err)
		return
	}
	if info.Size() < smallestEvidence {
		o.refuse(path, tooSmall(info.Size()))
		return
	}
	if isMirrorName(d.Name()) {
		return
	}
	opened, err := disk.Open(path, o.raw)
	if disk.IsDisk(err) {
		o.leftAlone = append(o.leftAlone, path)
		return
	}
	if disk.IsContainer(err) {
		o.refuse(path, "it is in a "+err.Error())
		return
	}
	if err != nil {
		o.fail(path, err)
		return
	}
	f := newFile(path, opened)
	k := looseKind(f)
	if k == kindImage && hinted(d.Name()) {
		k = classify(f) // by more than its first page
	}
	if k == kindImage {
		named := namedKind(d.Name()) != kindImage
		switch head := readHead(f.image, headSize); {
		case f.Size >= smallestDisk && (hasNTFS(head) || !named && isPartitioned(head)):
			o.leftAlone = append(o.leftAlone, path)
		case named:
			o.refuse(path, unlike(f))
		}
		if err := opened.Image.Close(); err != nil {
			o.fail(path, err)
		}
		return
	}
	o.host.images = append(o.host.images, opened.Image)
	o.host.Files = append(o.host.Files, f)
	o.loose = append(o.loose, &loose{file: f, kind: k, letter: letterOfFolder(root, path)})
}

// smallestDisk tells an image of a volume from an extracted $Boot.
const smallestDisk = 1 << 20

// smallestEvidence is the size of the smallest USN record with a name.
const smallestEvidence = 64

// looseKind is classify for the many files of a folder: most are told by their
// first page to be something else.
func looseKind(f *File) kind {
	head := readHead(f.image, min(f.Size, 4096))
	switch {
	case isMFT(head):
		return kindMFT
	case hasNTFS(head):
		return kindImage
	case (allZero(head) || usn.Recognise(usn.NewFileSource(f.image, int64(len(head))))) && usn.Recognise(f.journal()):
		return kindJournal
	}
	return kindImage
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}

// isMaxName: $Max, $UsnJrnl_$Max, $UsnJrnl%3A$Max. Its 32 bytes have nothing
// to be recognised by.
func isMaxName(name string) bool { return strings.HasSuffix(strings.ToLower(name), "$max") }

// isMirrorName: $MFTMirr begins as $MFT does, and says nothing more.
func isMirrorName(name string) bool { return strings.Contains(strings.ToLower(name), "$mftmirr") }

// takeMaxes gives each $Max to the $J in the same folder.
func (o *opener) takeMaxes(paths []string, from int) {
	for _, path := range paths {
		for _, l := range o.loose[from:] {
			if l.kind != kindJournal || filepath.Dir(l.file.Path) != filepath.Dir(path) || l.max != nil {
				continue
			}
			if err := l.readMax(path); err != nil {
				o.host.Problems = append(o.host.Problems, Problem{Path: path, Err: plain(err), Warning: true})
			}
			break
		}
	}
}

func (l *loose) readMax(path string) (err error) {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	b := make([]byte, maxStreamSize)
	n, _ := f.ReadAt(b, 0)
	l.max, err = parseMax(b[:n])
	return err
}

// letterOfFolder gives the drive letter that collectors put into the path
// below root: "C/$MFT", "C:/$MFT", "C%3A/$MFT", "%5C%5C.%5CC%3A/$MFT".
func letterOfFolder(root, path string) byte {
	rel, err := filepath.Rel(root, path)
	if err != nil {
		return 0
	}
	for _, part := range strings.Split(filepath.ToSlash(filepath.Dir(rel)), "/") {
		p := strings.ToUpper(part)
		p = strings.TrimPrefix(p, "%5C%5C.%5C")
		p = strings.TrimSuffix(strings.TrimSuffix(p, "%3A"), ":")
		if len(p) == 1 {
			return driveLetter(p + ":")
		}
	}
	return 0
}
