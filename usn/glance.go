package usn

import "github.com/jobscan/jobscan/ntfs"

// Glance gives what decides whether a record matters, faster than the single
// methods do: the file, its attributes, and its name as UTF-16LE, not copied,
// which is nil for V4 alone.
func (r *Raw) Glance() (file ntfs.FileReference, attributes FileAttributes, name []byte) {
	b := r.b
	file = ntfs.FileReference(le.Uint64(b[8:]))
	header := b
	switch b[4] {
	case 2:
	case 3:
		header = b[widerBy:]
	default:
		return file, 0, nil
	}
	n, at := int(le.Uint16(header[offNameLength:])), int(le.Uint16(header[offNameOffset:]))
	if at > len(b) || n > len(b)-at {
		at, n = len(b), 0
	}
	return file, FileAttributes(le.Uint32(header[offAttributes:])), b[at : at+n]
}
