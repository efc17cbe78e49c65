package ntfs

import "encoding/binary"

// attributeChain knows from which places in a FILE record plausible attributes,
// in ascending order of type, lead to an end marker. It is what finds the next
// attribute after one whose length lies. It is built at the first question: an
// undamaged record asks none.
type attributeChain struct {
	rec    []byte
	leads  []bool // by offset/8
	filled bool
}

// find returns the first place at or after off that leads to an end marker, or -1.
func (c *attributeChain) find(off int) int {
	if !c.filled {
		c.fill()
	}
	for i := (off + 7) / 8; i < len(c.leads); i++ {
		if c.leads[i] {
			return i * 8
		}
	}
	return -1
}

// fill goes through the record once, from its end: what a place leads to lies
// behind it and is known already.
func (c *attributeChain) fill() {
	c.filled = true
	c.leads = make([]bool, len(c.rec)/8)
	for i := len(c.leads) - 1; i >= 0; i-- {
		off := i * 8
		length, ok := attributeHeader(c.rec, off)
		if !ok {
			continue
		}
		next := off + length
		if next+4 > len(c.rec) {
			continue
		}
		t := binary.LittleEndian.Uint32(c.rec[next:])
		c.leads[i] = t == typeEnd || (next/8 < len(c.leads) && c.leads[next/8] && t >= binary.LittleEndian.Uint32(c.rec[off:]))
	}
}
