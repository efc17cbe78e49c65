package schedlgu

import (
	"bytes"
	"strings"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// line is one line of the file.
type line struct {
	offset int // bytes from the start of the file
	text   string
}

// indented lines belong to the record above them.
func (l line) indented() bool { return l.text != "" && (l.text[0] == ' ' || l.text[0] == '\t') }

// split cuts the file into lines. UTF-16LE is told by its byte order mark or,
// where the wrap-around or a carver lost it, by the zero bytes of Latin text.
func split(b []byte) ([]line, string) {
	if wide(b) {
		return splitWide(b), "utf-16le"
	}
	var out []line
	for at := 0; at < len(b); {
		n := bytes.IndexByte(b[at:], '\n')
		if n < 0 {
			n = len(b) - at
		}
		out = append(out, line{at, clean(ansi(b[at : at+n]))})
		at += n + 1
	}
	return out, "ansi"
}

func wide(b []byte) bool {
	if len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE {
		return true
	}
	zeros := 0
	for i := 1; i < min(len(b), 512); i += 2 {
		if b[i] == 0 && b[i-1] != 0 {
			zeros++
		}
	}
	return zeros > min(len(b), 512)/4
}

func splitWide(b []byte) []line {
	var out []line
	start := 0
	if len(b) >= 2 && b[0] == 0xFF && b[1] == 0xFE {
		start = 2
	}
	for at := start; at+1 < len(b); at += 2 {
		last := at+3 >= len(b)
		end := at
		if b[at] != '\n' || b[at+1] != 0 {
			if !last {
				continue
			}
			end = at + 2
		}
		out = append(out, line{start, clean(wtf8.FromLE(b[start:end]))})
		start = at + 2
	}
	return out
}

// ansi keeps UTF-8 and takes other bytes for Latin-1: the code page of the
// machine is not known here.
func ansi(b []byte) string {
	if utf8.Valid(b) {
		return string(b)
	}
	r := make([]rune, len(b))
	for i, c := range b {
		r[i] = rune(c)
	}
	return string(r)
}

// clean drops the CR, and the NULs of space that was never written.
func clean(s string) string { return strings.Trim(s, "\r\x00") }

// isMarker recognises the line that parts the newest entry (above) from the
// oldest (below), in whatever language.
func isMarker(s string) bool {
	s = strings.TrimSpace(s)
	return strings.HasPrefix(s, "[ ***") && strings.HasSuffix(s, "*** ]")
}

// unroll puts the lines of a log that went round in order of time: those below
// the marker first. wrapped tells that there were any.
func unroll(lines []line) (out []line, wrapped bool) {
	for i, l := range lines {
		if !isMarker(l.text) {
			continue
		}
		for _, below := range lines[i+1:] {
			if strings.TrimSpace(below.text) != "" && !isMarker(below.text) {
				wrapped = true
				out = append(out, below)
			}
		}
		if wrapped {
			// The cut line may look like the start of a record.
			out = append([]line{{out[0].offset, ""}}, out...)
		}
		return append(out, lines[:i]...), wrapped
	}
	return lines, false
}
