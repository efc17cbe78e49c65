// Package fileversion finds the version that a Windows program or library
// states of itself, in the resource VS_VERSIONINFO. It takes the bytes of the
// file and knows nothing else of its format.
package fileversion

import (
	"bytes"
	"encoding/binary"
	"fmt"
)

// Version is a file version, as in 6.1.7601.17514.
type Version struct{ Major, Minor, Build, Revision uint16 }

func (v Version) String() string {
	return fmt.Sprintf("%d.%d.%d.%d", v.Major, v.Minor, v.Build, v.Revision)
}

// Product is the version of Windows as job files write it: the major number in
// the high byte, the minor number in the low one.
func (v Version) Product() uint16 { return v.Major<<8 | v.Minor&0xFF }

// VS_VERSIONINFO: three 16-bit words (length, length of the value, type), the
// key in UTF-16LE with its end, padding to a multiple of 4 bytes from the start,
// and VS_FIXEDFILEINFO as the value.
const (
	keyOffset     = 6
	valueOffset   = 40
	fixedInfoSize = 52
	signature     = 0xFEEF04BD // dwSignature of VS_FIXEDFILEINFO
)

// key is "VS_VERSION_INFO" in UTF-16LE with the zero that ends it.
var key = []byte("V\x00S\x00_\x00V\x00E\x00R\x00S\x00I\x00O\x00N\x00_\x00I\x00N\x00F\x00O\x00\x00\x00")

// Find gives the file version (dwFileVersionMS and LS, little-endian) of the
// first sound VS_VERSIONINFO in a file; ok is false where there is none.
func Find(file []byte) (v Version, ok bool) {
	for from := 0; ; {
		at := bytes.Index(file[from:], key)
		if at < 0 {
			return Version{}, false
		}
		from += at
		if v, ok := parse(file, from-keyOffset); ok {
			return v, true
		}
		from += len(key)
	}
}

// parse reads the structure that begins at a place in the file.
func parse(file []byte, start int) (Version, bool) {
	if start < 0 || start+valueOffset+fixedInfoSize > len(file) {
		return Version{}, false
	}
	b := file[start : start+valueOffset+fixedInfoSize]
	info := b[valueOffset:]
	if binary.LittleEndian.Uint16(b[2:]) != fixedInfoSize || binary.LittleEndian.Uint32(info) != signature {
		return Version{}, false
	}
	return Version{
		Minor: binary.LittleEndian.Uint16(info[8:]), Major: binary.LittleEndian.Uint16(info[10:]),
		Revision: binary.LittleEndian.Uint16(info[12:]), Build: binary.LittleEndian.Uint16(info[14:]),
	}, true
}
