package mft

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/internal/event"
	"github.com/jobscan/jobscan/ntfs"
)

// headerBytes is how much of a file's beginning rules see.
const headerBytes = 16

// zoneStream is the alternate stream that tells where a file was downloaded from.
const zoneStream = "Zone.Identifier"

// maxZoneStream bounds what is read of it, in bytes.
const maxZoneStream = 64 << 10

// Facts reads what rules may ask of a file's content; the hash only if asked
// for, since it takes the whole content.
func Facts(v *ntfs.Volume, f *ntfs.File, hash bool) *event.Facts {
	facts := &event.Facts{}
	limit := int64(headerBytes)
	if hash {
		limit = maxContent
	}
	if _, ok := f.Size(); ok && v.HasClusters() || residentData(f) {
		content, err := v.Contents(f, limit)
		if err == nil && (content.Complete || len(content.Data) >= headerBytes) {
			facts.Header = append([]byte{}, content.Data[:min(len(content.Data), headerBytes)]...)
		}
		if err == nil && hash && content.Complete {
			sum := sha256.Sum256(content.Data)
			facts.SHA256 = hex.EncodeToString(sum[:])
		}
	}
	facts.ZoneKnown = len(f.Damage) == 0 && len(f.Record.Torn) == 0
	for _, s := range f.Streams() {
		if strings.EqualFold(s.Name, zoneStream) {
			facts.Zone, facts.HasZone = zone(v, f, s.Name)
			facts.ZoneKnown = false // there is one, whether it could be read or not
		}
	}
	return facts
}

func residentData(f *ntfs.File) bool {
	for _, s := range f.Streams() {
		if s.Name == "" {
			return s.Resident
		}
	}
	return false
}

// zone reads ZoneId from a stream of the form "[ZoneTransfer] ZoneId=3".
func zone(v *ntfs.Volume, f *ntfs.File, name string) (int64, bool) {
	stream, err := v.OpenStream(f, ntfs.TypeData, name)
	if err != nil {
		return 0, false
	}
	b := make([]byte, min(stream.Size(), maxZoneStream))
	n, _ := stream.ReadAt(b, 0) // what could be read decides
	for line := range bytes.Lines(b[:n]) {
		key, value, ok := strings.Cut(strings.TrimSpace(string(line)), "=")
		if ok && strings.EqualFold(strings.TrimSpace(key), "ZoneId") {
			id, err := strconv.ParseInt(strings.TrimSpace(value), 10, 64)
			return id, err == nil
		}
	}
	return 0, false
}
