// Package guid holds the identifier of Windows structures and of partition tables.
// It renders it; it knows none by name.
package guid

import (
	"encoding/binary"
	"fmt"
)

// GUID is as on disk ([MS-DTYP] 2.3.4.2): the first three of its parts are
// little-endian numbers, the others bytes.
type GUID [16]byte

// String gives the usual 8-4-4-4-12 form, lower case.
func (g GUID) String() string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(g[0:]),
		binary.LittleEndian.Uint16(g[4:]), binary.LittleEndian.Uint16(g[6:]), g[8:10], g[10:])
}
