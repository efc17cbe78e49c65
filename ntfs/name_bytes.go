package ntfs

import (
	"encoding/binary"

	"github.com/jobscan/jobscan/internal/wtf8"
)

// NameLE gives the name as NTFS stores it, in UTF-16LE.
func (n FileName) NameLE() []byte {
	units := wtf8.ToUnits(n.Name)
	b := make([]byte, 0, 2*len(units))
	for _, u := range units {
		b = binary.LittleEndian.AppendUint16(b, u)
	}
	return b
}
