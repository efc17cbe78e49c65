package vss

import (
	"encoding/binary"
	"fmt"
)

// GUID is as on disk: its first three parts are little-endian.
type GUID [16]byte

// identifier opens every structure of this kind: 3808876b-c176-4e48-b7ae-04046e6cc752.
var identifier = GUID{0x6b, 0x87, 0x08, 0x38, 0x76, 0xc1, 0x48, 0x4e, 0xb7, 0xae, 0x04, 0x04, 0x6e, 0x6c, 0xc7, 0x52}

// String gives the usual 8-4-4-4-12 form, lower case.
func (g GUID) String() string {
	return fmt.Sprintf("%08x-%04x-%04x-%x-%x", binary.LittleEndian.Uint32(g[0:]),
		binary.LittleEndian.Uint16(g[4:]), binary.LittleEndian.Uint16(g[6:]), g[8:10], g[10:])
}
