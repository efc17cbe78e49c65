package vmdk

import (
	"math"
	"sync"
	"sync/atomic"
)

// Entries of a grain table as they are kept.
const (
	grainHole    = 0              // zeros: never written, or said to be zeroed
	grainDamaged = math.MaxUint32 // no copy of the table says where it is

	grainZeroed = 1 // as stored, with flagZeroedGrain
)

// grainTable says at which sector each grain lies; none has entries beyond the
// capacity. A table without entries has holes alone.
type grainTable struct{ entries []uint32 }

func (t *grainTable) at(i int) uint32 {
	if t.entries == nil {
		return grainHole
	}
	return t.entries[i]
}

// tableCheck counts what the copies of grain tables contradict, in entries.
type tableCheck struct {
	damaged   int // neither copy says where the grain is
	first     int // the first copy is damaged; the redundant one is used
	redundant int // the redundant copy is damaged
	disagree  int // both can be, and differ
	cut       int // grains that reach beyond the end of the file
}

func (c *tableCheck) add(d tableCheck) {
	c.damaged += d.damaged
	c.first += d.first
	c.redundant += d.redundant
	c.disagree += d.disagree
	c.cut += d.cut
}

// mergeTables makes one table of two copies; nil is a copy that is not there at
// all. Where both are possible and differ, a grain is taken before a hole, so that
// zeros never stand for data that are there, and the first copy before the other.
// single says that there is to be one copy alone.
func mergeTables(first, redundant []uint32, single bool, valid func(uint32) bool) ([]uint32, tableCheck) {
	out := first
	if out == nil {
		out = redundant
	}
	var c tableCheck
	for i := range out {
		a, b := uint32(grainDamaged), uint32(grainDamaged)
		if first != nil && valid(first[i]) {
			a = first[i]
		}
		if redundant != nil && valid(redundant[i]) {
			b = redundant[i]
		}
		switch {
		case a == b, single:
		case a == grainDamaged:
			a = b
			c.first++
		case b == grainDamaged:
			c.redundant++
		default:
			if a == grainHole {
				a = b
			}
			c.disagree++
		}
		if a == grainDamaged {
			c.damaged++
		}
		out[i] = a
	}
	return out, c
}

// tableCache bounds what the grain tables of a disk take in memory. Tables are
// read without a lock once they are in.
type tableCache struct {
	mu      sync.Mutex
	most    int                           // entries
	kept    []*atomic.Pointer[grainTable] // with entries, the longest kept first
	entries int
}

// maxKeptEntries is 64 MiB of tables: what a full disk of 1 TiB takes with grains
// of 64 KiB.
const maxKeptEntries = 16 << 20

func newTableCache() *tableCache { return &tableCache{most: maxKeptEntries} }

// put keeps a table in its slot, and drops others to make room for it.
func (c *tableCache) put(slot *atomic.Pointer[grainTable], t *grainTable) {
	if t.entries == nil {
		slot.Store(t)
		return
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if slot.Load() != nil {
		return
	}
	for len(c.kept) > 0 && c.entries+len(t.entries) > c.most {
		c.entries -= len(c.kept[0].Load().entries)
		c.kept[0].Store(nil)
		c.kept = c.kept[1:]
	}
	slot.Store(t)
	c.kept = append(c.kept, slot)
	c.entries += len(t.entries)
}

// full says that another table would drop one.
func (c *tableCache) full() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.entries > c.most-gtesPerGT
}
