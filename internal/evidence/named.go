package evidence

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"regexp"
	"strings"
)

// namedKind is what a file is by its whole name alone: kindMFT, kindJournal, or
// kindImage for neither. Collectors write "$MFT", "C_$MFT", "$J", "$UsnJrnl_$J",
// "$UsnJrnl%3A$J", "UsnJrnl.bin". What tools make out of these, or lay beside them,
// has a name that goes on: "$MFT.sha512", "$UsnJrnl%3A$J.idx".
func namedKind(name string) kind {
	n := escapes.Replace(strings.ToLower(name))
	switch {
	case journalName.MatchString(n):
		return kindJournal
	case mftName.MatchString(n):
		return kindMFT
	}
	return kindImage
}

// escapes are those of characters that a name of a file cannot hold everywhere.
var escapes = strings.NewReplacer("%24", "$", "%3a", ":", "%5c", `\`, "%2f", "/", "%20", " ")

// What may stand in a name before that of the stream, and behind it: the mark of a
// copy, of a drive, of an archive.
const (
	beforeStream = `^(?:.*[^\pL\pN])?`
	copyMark     = `\.bin|\.raw|\.copy\d*| ?\(\d+\)|\.(?:gz|zip|7z|xz|zst|bz2|rar|tar|tgz|wim)`
	behindStream = `(?:` + copyMark + `|_[a-z])*$`
)

var (
	mftName     = regexp.MustCompile(`(?s)(?:` + beforeStream + `\$mft|^mft)` + behindStream)
	journalName = regexp.MustCompile(`(?s)(?:` + beforeStream + `(?:\$extend)?(?:\$usnjrnl|\$j|\$usnjrnl\$j)|^usnjrnl)` + behindStream)
)

var copyMarks = regexp.MustCompile(`(?:` + copyMark + `)*$`)

// streamName is a name of a stream without the marks of copies and archives.
func streamName(name string) string {
	n := copyMarks.ReplaceAllString(escapes.Replace(strings.ToLower(name)), "")
	return strings.ReplaceAll(n, "$", "")
}

// hinted reports a name with that of $MFT or $J anywhere in it, whose file is worth
// more than a look at its first page.
func hinted(name string) bool {
	n := escapes.Replace(strings.ToLower(name))
	return namedKind(name) != kindImage || strings.Contains(n, "$mft") || strings.Contains(n, "$j")
}

// String is the name of the stream.
func (k kind) String() string {
	switch k {
	case kindMFT:
		return "$MFT"
	case kindJournal:
		return "$J"
	}
	return "image"
}

// refused is a file of a folder that is named as $MFT or $J is, and was not taken.
type refused struct {
	path string
	kind kind
	why  string // what it is, and what to do
}

// maxRefused bounds the refused files of one folder that are told one by one.
const maxRefused = 100

// refuse notes a file that is not taken, if it is named as $MFT or $J is.
func (o *opener) refuse(path, why string) {
	if k := namedKind(filepath.Base(path)); k != kindImage {
		o.refused = append(o.refused, refused{path: path, kind: k, why: why})
	}
}

// tooSmall says why a file of that many bytes is not taken.
func tooSmall(size int64) string {
	if size == 0 {
		return emptyFile
	}
	return fmt.Sprintf("its %d bytes are too few for one record: %s", size, adviceCollect)
}

// tellRefused makes problems of what was refused in the folder root, from whose
// files those from the given one on were taken. Beside a stream that was taken and
// has its name, a refused file is a warning: it may be another copy of it.
func (o *opener) tellRefused(root string, from int) {
	taken := takenFrom(o.loose[from:])
	told, warnings := 0, 0
	for i := range o.refused {
		r := &o.refused[i]
		if r.isHusk() && taken.beside(r.path, r.kind) || taken.same(r.path) {
			continue
		}
		isCopy := taken.copyOf(r.path, r.kind)
		if told++; told <= maxRefused {
			err := fmt.Errorf("named as a %s is, and not read: %s", r.kind, r.why)
			o.host.Problems = append(o.host.Problems, Problem{Path: r.path, Err: err, Warning: isCopy})
		} else if isCopy {
			warnings++
		}
	}
	o.refused = nil
	if left := told - maxRefused; left > 0 {
		err := fmt.Errorf("%d further files are named as a $MFT or $J is, and not read", left)
		o.host.Problems = append(o.host.Problems, Problem{Path: root, Err: err, Warning: left == warnings})
	}
}

// isHusk: the file is the unnamed stream of $UsnJrnl, which is always empty.
func (r *refused) isHusk() bool {
	return r.why == emptyFile && strings.EqualFold(filepath.Base(r.path), "$UsnJrnl")
}

const (
	adviceCopy    = "copy the file itself into the folder"
	adviceCollect = "collect it anew, with a tool that reads the volume itself"
	emptyFile     = "it is empty: " + adviceCollect
)

// noFile says what stands in place of a file.
func noFile(mode fs.FileMode) string {
	what := "something other than a file"
	switch {
	case mode&fs.ModeSymlink != 0:
		return "it is a link, which is not followed within a folder: " + adviceCopy + ", or name it"
	case mode&fs.ModeNamedPipe != 0:
		what = "a pipe"
	case mode&fs.ModeSocket != 0:
		what = "a socket"
	case mode&fs.ModeDevice != 0:
		what = "a device"
	}
	return "it is " + what + ": " + adviceCopy
}

// unlike says of a file's content why it is neither $MFT nor $J.
func unlike(f *File) string {
	switch {
	case hasNTFS(readHead(f.image, min(f.Size, headSize))):
		return "it is the image of a volume: name it to have it read"
	case f.onlyZeros():
		return fmt.Sprintf("its %d bytes are all zero: %s", f.Size, adviceCollect)
	}
	return "it holds neither FILE records nor USN records, being damaged beyond recognition or something else: " + adviceCollect
}

// maxZeros bounds the stored bytes among which one that is not zero is looked for.
const maxZeros = 64 << 20

// onlyZeros reports a file of zeros alone, at most maxZeros of which are stored.
func (f *File) onlyZeros() bool {
	buf := make([]byte, min(1<<20, f.Size))
	left := int64(maxZeros)
	for _, d := range f.data() {
		for at, end := d.Offset, d.Offset+d.Length; at < end; at += int64(len(buf)) {
			part := buf[:min(int64(len(buf)), end-at)]
			if left -= int64(len(part)); left < 0 {
				return false
			}
			if n, _ := f.image.ReadAt(part, at); n < len(part) || !allZero(part) {
				return false
			}
		}
	}
	return true
}
