// Package ntfs decodes NTFS structures and reads volumes, for forensic use.
//
// The Parse functions are pure: bytes in, values out, no reader, no state. A
// Volume lays them over an io.ReaderAt that holds either a whole volume or a
// loose $MFT; it is immutable once opened, safe for concurrent use, and has no
// way to write. All multi-byte fields of NTFS are little-endian and all of its
// times are UTC.
//
// The bytes are taken to be hostile: every length and offset is bounded before
// use, every walk moves forward, and damage to one attribute costs no other
// that can still be located. What had to be skipped is reported, never
// swallowed.
//
// The package must not know what its callers look for: no rule, no job file,
// no journal record, no report, no evidence container. It opens no files,
// prints nothing and starts no goroutines.
package ntfs
