package jobfile

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/jobscan/jobscan/internal/parse"
)

// foreign gives an error for bytes that are no job file at all: neither the
// product version nor the file version is one that Windows ever wrote. One of
// them alone may be wrong; then the file is decoded and an anomaly tells.
func foreign(b []byte) *parse.Error {
	if len(b) < 4 {
		return nil // too short to tell: the fixed section reports it
	}
	product := Product(binary.LittleEndian.Uint16(b))
	version := binary.LittleEndian.Uint16(b[2:])
	if product.Known() || version == fileVersion {
		return nil
	}
	detail := fmt.Sprintf("expected a product version of Windows and file version 1, found %#04x and %d", uint16(product), version)
	if m := magic(b); m != "" {
		detail = "expected a job file, found " + m
	}
	return &parse.Error{Structure: "fixed section", Field: "product version", Err: parse.ErrSignature, Detail: detail}
}

// magic names the kind of content that bytes begin with, "" when they say nothing.
func magic(b []byte) string {
	kinds := []struct{ begin, name string }{
		{"MZ", "a Windows program (MZ)"},
		{"\x7fELF", "a Linux program (ELF)"},
		{"PK\x03\x04", "a ZIP archive"},
		{"Rar!", "a RAR archive"},
		{"7z\xbc\xaf\x27\x1c", "a 7-Zip archive"},
		{"MSCF", "a cabinet file"},
		{"\x1f\x8b", "gzip data"},
		{"%PDF", "a PDF document"},
		{"\xd0\xcf\x11\xe0", "an OLE compound file"},
		{"L\x00\x00\x00\x01\x14\x02\x00", "a shortcut (LNK)"},
		{"regf", "a registry hive"},
		{"ElfFile\x00", "an event log"},
		{"FILE", "an NTFS FILE record"},
		{"INDX", "an NTFS index record"},
		{"<?xml", "XML"},
		{"\xef\xbb\xbf<", "XML"},
		{"\xff\xfe<\x00", "XML in UTF-16"},
		{"\xfe\xff\x00<", "XML in UTF-16"},
		{"<\x00?\x00", "XML in UTF-16"},
		{"<", "markup"},
		{"#!", "a script"},
	}
	for _, k := range kinds {
		if bytes.HasPrefix(b, []byte(k.begin)) {
			return k.name
		}
	}
	if len(b) >= 4 && allZero(b) {
		return "nothing but zeros"
	}
	return ""
}

func allZero(b []byte) bool {
	for _, c := range b {
		if c != 0 {
			return false
		}
	}
	return true
}
