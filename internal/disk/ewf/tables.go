package ewf

import "sync"

const (
	// maxKept is how many entries of tables are kept in memory: 512 GiB in chunks
	// of the usual size.
	maxKept = 8 << 20
	// maxCached bounds the entries that are kept of other tables for a while.
	maxCached = 4 << 20
)

// tables keeps the entries of tables in memory, as far as there is room, and reads
// those of others again.
type tables struct {
	free int // entries that may still be kept

	mu     sync.Mutex
	cached []*group // whose entries are in again, the longest first
	again  map[*group][]uint32
	size   int // entries in again
}

// keep reports that there is room for n entries, and takes it.
func (t *tables) keep(n int) bool {
	if n > t.free {
		return false
	}
	t.free -= n
	return true
}

// of gives the entries of a table.
func (t *tables) of(g *group) ([]uint32, error) {
	if g.entries != nil {
		return g.entries, nil
	}
	t.mu.Lock()
	defer t.mu.Unlock()
	if entries, ok := t.again[g]; ok {
		return entries, nil
	}
	b, err := g.raw(g.used, g.count)
	if err != nil {
		return nil, err
	}
	entries := parseEntries(b)
	if t.again == nil {
		t.again = map[*group][]uint32{}
	}
	for len(t.cached) > 0 && t.size+len(entries) > maxCached {
		t.size -= len(t.again[t.cached[0]])
		delete(t.again, t.cached[0])
		t.cached = t.cached[1:]
	}
	t.again[g], t.cached, t.size = entries, append(t.cached, g), t.size+len(entries)
	return entries, nil
}
