package evidence

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"
)

// namedKind is what a file is by its name alone: kindMFT, kindJournal, or
// kindImage for neither. Collectors write "$MFT", "C_$MFT", "$J", "$UsnJrnl_$J",
// "$UsnJrnl%3A$J", "UsnJrnl.bin". What tools make out of these, and what else
// bears their names, is neither.
func namedKind(name string) kind {
	n := strings.ToLower(strings.ReplaceAll(name, "%24", "$"))
	if isMaxName(name) || isMirrorName(n) || strings.Contains(n, "$max") || strings.Contains(n, "$bitmap") || slices.Contains(derived, filepath.Ext(n)) {
		return kindImage
	}
	stem := strings.TrimSuffix(strings.TrimSuffix(n, ".bin"), ".raw")
	switch {
	case hasWord(n, "$usnjrnl") || hasWord(n, "$j") || stem == "usnjrnl":
		return kindJournal
	case hasWord(n, "$mft") || stem == "mft":
		return kindMFT
	}
	return kindImage
}

// derived are the extensions of what is no copy of a stream: results of tools,
// notes, programs, and the slack that some collectors save apart.
var derived = []string{".csv", ".tsv", ".txt", ".json", ".jsonl", ".ndjson", ".xml", ".html", ".htm", ".log", ".md", ".db",
	".sqlite", ".body", ".bodyfile", ".xls", ".xlsx", ".pdf", ".yaml", ".yml", ".md5", ".sha1", ".sha256", ".lnk", ".pf",
	".exe", ".py", ".ps1", ".fileslack", ".tkape", ".mkape", ".parquet"}

// hasWord reports that a word stands in a name, and no letter or digit behind it.
func hasWord(name, word string) bool {
	for {
		_, after, found := strings.Cut(name, word)
		if !found {
			return false
		}
		if after == "" || after[0] < '0' || after[0] > '9' && after[0] < 'a' || after[0] > 'z' {
			return true
		}
		name = after
	}
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
// files those from the given one on were taken.
func (o *opener) tellRefused(root string, from int) {
	told := 0
	for _, r := range o.refused {
		if o.isHusk(&r, from) {
			continue
		}
		if told++; told <= maxRefused {
			o.fail(r.path, fmt.Errorf("named as a %s is, and not read: %s", r.kind, r.why))
		}
	}
	o.refused = nil
	if told > maxRefused {
		o.fail(root, fmt.Errorf("%d further files are named as a $MFT or $J is, and not read", told-maxRefused))
	}
}

// isHusk: the file is the unnamed stream of $UsnJrnl, which is always empty, and
// its $J was taken from the same folder.
func (o *opener) isHusk(r *refused, from int) bool {
	if r.why != emptyFile || !strings.EqualFold(filepath.Base(r.path), "$UsnJrnl") {
		return false
	}
	return slices.ContainsFunc(o.loose[from:], func(l *loose) bool {
		return l.kind == kindJournal && filepath.Dir(l.file.Path) == filepath.Dir(r.path)
	})
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
