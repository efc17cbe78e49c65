package ewf

import (
	"bytes"

	"github.com/jobscan/jobscan/internal/parse"
)

const (
	hashSize   = 36
	digestSize = 80
)

// digests are the hashes of the disk that a section holds; nil where it has none.
type digests struct{ MD5, SHA1 []byte }

// parseHash decodes the body of a "hash" section.
func parseHash(b []byte) (digests, error) {
	return parseDigests(b, "EWF hash section", hashSize, false)
}

// parseDigest decodes the body of a "digest" section, which EnCase 6.12 brought.
func parseDigest(b []byte) (digests, error) {
	return parseDigests(b, "EWF digest section", digestSize, true)
}

func parseDigests(b []byte, structure string, size int, sha1 bool) (digests, error) {
	b = b[:min(len(b), size)]
	c := parse.NewCursor(b, structure)
	d := digests{MD5: setBytes(c.Bytes(16, "MD5"))}
	if sha1 {
		d.SHA1 = setBytes(c.Bytes(20, "SHA-1"))
	}
	c.Skip(size-c.Offset(), "checksum")
	if err := c.Err(); err != nil {
		return digests{}, err
	}
	if err := verify(structure, b); err != nil {
		return digests{}, err
	}
	return d, nil
}

// setBytes gives a copy; all zeros stand for a hash that was not made.
func setBytes(b []byte) []byte {
	if len(bytes.Trim(b, "\x00")) == 0 {
		return nil
	}
	return bytes.Clone(b)
}
