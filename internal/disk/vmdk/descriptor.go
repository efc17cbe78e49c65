package vmdk

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/internal/parse"
)

// Bounds of descriptors. A disk of 8 TiB split by 2 GiB has 4096 extents.
const (
	maxDescriptor         = 1 << 20 // bytes
	maxEmbeddedDescriptor = 1 << 20 // bytes
	maxExtents            = 8192
)

// noParent is the parentCID of a disk that builds on no other.
const noParent = 0xffffffff // CID_NOPARENT

// descriptor is the text that says of what extents a disk is made ("Virtual Disk
// Format 5.0", The Descriptor File). Keys have no case. Where a key occurs more
// than once the first counts, as in QEMU, except that any parent is a parent.
type descriptor struct {
	Version     string
	CreateType  string
	HasParent   bool // a parentCID other than noParent, or a parentFileNameHint
	ParentKnown bool // there is a parentCID at all
	ParentName  string
	Encrypted   bool
	Encoding    string // of file names
	Extents     []extentLine
}

// extentLine is "RW 4192256 SPARSE "test-s001.vmdk"" or the like.
type extentLine struct {
	Offset  int64  // of the line in the text, bytes
	Access  string // RW, RDONLY, NOACCESS
	Sectors int64
	Type    string // upper case: FLAT, SPARSE, ZERO, VMFS, ...
	File    string
	Start   int64 // of the data within the file, in sectors; FLAT and VMFS alone
}

// parseDescriptor decodes the text, which may be filled up with NUL bytes. A line
// that is no comment, assignment or extent is an error: were it passed over,
// everything after a damaged extent line would lie in the wrong place.
func parseDescriptor(b []byte) (descriptor, error) {
	text, rest, _ := strings.Cut(strings.TrimRight(string(b), "\x00"), "\x00")
	if !isFormerEnd(rest, text) {
		return descriptor{}, &parse.Error{Structure: "VMDK descriptor", Offset: int64(len(text)), Err: parse.ErrRange, Detail: "expected text, found a NUL byte"}
	}
	var d descriptor
	at := int64(0)
	for line := range strings.Lines(text) {
		if err := d.line(strings.TrimSpace(line), at); err != nil {
			return descriptor{}, err
		}
		at += int64(len(line))
	}
	if d.Version == "" {
		return descriptor{}, &parse.Error{Structure: "VMDK descriptor", Field: "version", Err: parse.ErrTruncated, Detail: "expected the key, found none"}
	}
	return d, nil
}

// isFormerEnd tells whether rest, behind the NUL that ends the text, is left of the
// text's own end when it was longer. QEMU writes a new CID without leading zeros at
// each first write, up to seven digits shorter than the last, and leaves what then
// lies behind the text.
func isFormerEnd(rest, text string) bool {
	if len(rest) >= len("ffffffff") {
		return false
	}
	for _, piece := range strings.Split(rest, "\x00") {
		if !strings.HasSuffix(text, piece) {
			return false
		}
	}
	return true
}

// extentWithin finds an extent behind a comment whose line's end is damaged. One
// that is commented out as a whole is a comment.
var extentWithin = regexp.MustCompile(`[^#\s].*(RW|RDONLY|NOACCESS) [0-9]+ [A-Z]`)

func (d *descriptor) line(line string, at int64) error {
	if line == "" {
		return nil
	}
	if line[0] == '#' {
		if extentWithin.MatchString(line) {
			return &parse.Error{Structure: "VMDK descriptor", Field: "comment", Offset: at, Err: parse.ErrRange, Detail: fmt.Sprintf("expected a line's end before the extent, found %.80q", line)}
		}
		return nil
	}
	word, _, _ := strings.Cut(line, " ")
	switch strings.ToUpper(word) {
	case "RW", "RDONLY", "NOACCESS":
		e, err := parseExtentLine(line, at)
		if err != nil {
			return err
		}
		if len(d.Extents) == maxExtents {
			return &parse.Error{Structure: "VMDK descriptor", Field: "extent", Offset: at, Err: parse.ErrRange, Detail: fmt.Sprintf("expected at most %d extents, found more", maxExtents)}
		}
		d.Extents = append(d.Extents, e)
		return nil
	}
	key, value, ok := strings.Cut(line, "=")
	key = strings.ToLower(strings.TrimSpace(key))
	if !ok || key == "" || strings.ContainsAny(key, " \t\"") {
		return &parse.Error{Structure: "VMDK descriptor", Field: "line", Offset: at, Err: parse.ErrRange, Detail: fmt.Sprintf("expected an extent, or a key and a value, found %.80q", line)}
	}
	return d.assign(key, unquote(strings.TrimSpace(value)), at)
}

// unquote drops quotation marks around a value.
func unquote(s string) string {
	if rest, ok := strings.CutPrefix(s, `"`); ok {
		s, _, _ = strings.Cut(rest, `"`)
	}
	return s
}

func (d *descriptor) assign(key, value string, at int64) error {
	set := func(field *string) {
		if *field == "" {
			*field = value
		}
	}
	switch key {
	case "version":
		set(&d.Version)
	case "createtype":
		set(&d.CreateType)
	case "encoding":
		set(&d.Encoding)
	case "parentcid":
		cid, err := strconv.ParseUint(value, 16, 32)
		if err != nil {
			return &parse.Error{Structure: "VMDK descriptor", Field: "parentCID", Offset: at, Err: parse.ErrRange, Detail: fmt.Sprintf("expected 32 bits in hexadecimal, found %.80q", value)}
		}
		d.ParentKnown, d.HasParent = true, d.HasParent || cid != noParent
	case "parentfilenamehint":
		set(&d.ParentName)
		d.HasParent = true
	case "keyid", "encryptionkeys", "keysafe":
		d.Encrypted = true
	case "ddb.iofilters":
		d.Encrypted = d.Encrypted || strings.Contains(strings.ToLower(value), "crypt")
	}
	if strings.HasPrefix(key, "encryption.") {
		d.Encrypted = true
	}
	return nil
}

// parseExtentLine decodes access, size, type, and for types that have one, the
// name of a file in quotation marks and where its data begin.
func parseExtentLine(line string, at int64) (extentLine, error) {
	bad := func(field, detail string, args ...any) (extentLine, error) {
		return extentLine{}, &parse.Error{Structure: "extent description", Field: field, Offset: at, Err: parse.ErrRange, Detail: fmt.Sprintf(detail, args...)}
	}
	head, quoted, hasFile := strings.Cut(line, `"`)
	words := strings.Fields(head)
	if len(words) < 3 {
		return bad("", "expected access, sectors and type, found %.80q", line)
	}
	e := extentLine{Offset: at, Access: strings.ToUpper(words[0]), Type: strings.ToUpper(words[2])}
	var err error
	if e.Sectors, err = strconv.ParseInt(words[1], 10, 64); err != nil || e.Sectors <= 0 || e.Sectors > maxSectors {
		return bad("size in sectors", "expected 1 to %d, found %.80q", int64(maxSectors), words[1])
	}
	if len(words) > 3 {
		return bad("file name", "expected it in quotation marks, found %.80q", words[3])
	}
	if !hasFile {
		if e.Type != "ZERO" && e.Access != "NOACCESS" {
			return bad("file name", "expected one, found none")
		}
		return e, nil
	}
	// The last mark ends the name, which may have some itself.
	end := strings.LastIndexByte(quoted, '"')
	if end <= 0 {
		return bad("file name", "expected it in quotation marks, found %.80q", quoted)
	}
	e.File = quoted[:end]
	rest := strings.Fields(quoted[end+1:])
	if len(rest) == 0 {
		return e, nil
	}
	// Extents on devices may have the partition's name after the offset.
	if len(rest) > 1 && !onDevice(e.File) {
		return bad("offset in sectors", "expected nothing behind it, found %.80q", rest[1])
	}
	if e.Start, err = strconv.ParseInt(rest[0], 10, 64); err != nil || e.Start < 0 || e.Start > maxSectors {
		return bad("offset in sectors", "expected 0 to %d, found %.80q", int64(maxSectors), rest[0])
	}
	return e, nil
}

// maxSectors keeps sums of two offsets in bytes within 63 bits.
const maxSectors = 1 << 52
