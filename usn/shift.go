package usn

// How much of the stream FindShift looks at.
const (
	shiftWindows    = 32
	shiftWindowSize = 64 << 10
)

// FindShift tells how far the records' USNs run ahead of their offsets in s:
// zero for a whole $J; otherwise the length of the head that an extract lacks.
// It looks at windows spread over the data and takes the shift that most
// records agree on, counting only those whose successor, directly after them
// or at the next page, agrees as well; only if there is no such pair do single
// records count. Without any record it is zero.
func FindShift(s Source) int64 {
	d := dataOf(s)
	return findShift(s, &d)
}

// findShift is FindShift for s with data d.
func findShift(s Source, d *data) int64 {
	var c census
	c.take(s, d)
	shift, _ := c.winner()
	return shift
}

// Recognise reports whether s looks like a change journal: of what is not zero
// in windows spread over its data, at least half is USN records. Other bytes
// that hold a journal somewhere, such as a volume, are none.
func Recognise(s Source) bool {
	d := dataOf(s)
	var c census
	c.take(s, &d)
	return c.records > 0 && 2*c.recordBytes >= c.nonzeroWords*alignment
}

// census is what the windows of a stream hold.
type census struct {
	pairs, singles ballot
	records        int
	recordBytes    int64
	nonzeroWords   int64 // words of 8 bytes, those in records included
}

func (c *census) winner() (int64, bool) {
	if shift, ok := c.pairs.winner(); ok {
		return shift, true
	}
	return c.singles.winner()
}

// take looks at all of a small stream; of a large one at windows spread over
// it, and if those are empty at the first data that there is: an extract with
// a long head of zeros may have all its records in one place.
func (c *census) take(s Source, d *data) {
	total := d.total()
	buf := make([]byte, min(shiftWindowSize, total))
	if total <= shiftWindows*shiftWindowSize {
		for _, sp := range d.spans {
			for at := sp.start; at < sp.end; at += shiftWindowSize {
				c.window(s, buf, at, sp.end)
			}
		}
		return
	}
	for i := range int64(shiftWindows) {
		at := d.position((total - shiftWindowSize) / (shiftWindows - 1) * i)
		c.window(s, buf, at, at+shiftWindowSize)
	}
	if c.nonzeroWords == 0 {
		c.firstData(s, d.spans)
	}
}

// maxHead bounds how many zeros firstData passes over.
const maxHead = 16 << 30

// firstData looks at the first windows that are not zero.
func (c *census) firstData(s Source, spans []span) {
	buf := make([]byte, chunkSize)
	passed := int64(0)
	for _, sp := range spans {
		for at := sp.start; at < sp.end; at += chunkSize {
			if passed += chunkSize; passed > maxHead {
				return
			}
			n, _ := s.ReadAt(buf[:min(chunkSize, sp.end-at)], at)
			if skipZeros(buf[:n], 0) >= n&^7 {
				continue
			}
			c.count(buf[:n], at)
			if c.records > 0 || c.nonzeroWords > chunkSize/alignment {
				return
			}
		}
	}
}

// window takes the records in one window that starts at a stream offset and
// ends no later than limit.
func (c *census) window(s Source, buf []byte, at, limit int64) {
	at = alignUp(at)
	if at >= limit {
		return
	}
	n, _ := s.ReadAt(buf[:min(int64(len(buf)), limit-at)], at)
	c.count(buf[:n], at)
}

func (c *census) count(b []byte, at int64) {
	for p := 0; p+alignment <= len(b); {
		if le.Uint64(b[p:]) == 0 {
			p = skipZeros(b, p)
			continue
		}
		n := plausibleAt(b[p:])
		if n == 0 {
			c.nonzeroWords++
			p += alignment
			continue
		}
		c.records++
		c.recordBytes += int64(n)
		c.nonzeroWords += int64(n / alignment)
		usn := usnOf(b[p:])
		shift := usn - (at + int64(p))
		c.singles.add(shift)
		next := p + n
		if !agreesAt(b, next, usn+int64(n)) {
			next += toPage(usn + int64(n))
		}
		if agreesAt(b, next, usn+int64(next-p)) {
			c.pairs.add(shift)
		}
		p += n
	}
}

func agreesAt(b []byte, p int, usn int64) bool {
	return p < len(b) && exactAt(b[p:], usn) > 0
}

// toPage gives the distance from a USN to the next page.
func toPage(usn int64) int { return int(-uint64(usn) % pageSize) }

// ballot counts votes for shifts. What is read bounds it.
type ballot struct {
	votes map[int64]int
	order []int64

	last int64 // shift of the votes that are not in the map yet
	more int   // their number
}

func (b *ballot) add(shift int64) {
	if shift != b.last {
		b.count()
		b.last = shift
	}
	b.more++
}

// count puts the votes that are not there yet into the map: nearly all records
// of a journal agree with the one before them.
func (b *ballot) count() {
	if b.more == 0 {
		return
	}
	if b.votes == nil {
		b.votes = map[int64]int{}
	}
	if b.votes[b.last] == 0 {
		b.order = append(b.order, b.last)
	}
	b.votes[b.last] += b.more
	b.more = 0
}

// winner gives the shift with most votes; of equals zero, else the one met first.
func (b *ballot) winner() (int64, bool) {
	b.count()
	var best int64
	most := b.votes[0]
	for _, shift := range b.order {
		if b.votes[shift] > most {
			best, most = shift, b.votes[shift]
		}
	}
	return best, most > 0
}
