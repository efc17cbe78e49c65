package usn

import "github.com/jobscan/jobscan/internal/parse"

// Max is the content of $UsnJrnl:$Max: the journal's settings and identity
// (32 bytes; the same facts as USN_JOURNAL_DATA).
type Max struct {
	MaximumSize     uint64 // bytes that $J may hold before its head is given back
	AllocationDelta uint64 // bytes by which it grows and is cut
	JournalID       uint64 // in practice the FILETIME at which the journal was made
	LowestValidUSN  int64  // records below it are history that the system no longer serves
}

// ParseMax decodes $UsnJrnl:$Max. Bytes after the fourth field are ignored.
// Values are as stored; hostile ones are for the caller to judge.
func ParseMax(b []byte) (Max, error) {
	c := parse.NewCursor(b, "$UsnJrnl:$Max")
	m := Max{
		MaximumSize:     c.U64("maximum size"),
		AllocationDelta: c.U64("allocation delta"),
		JournalID:       c.U64("journal id"),
		LowestValidUSN:  int64(c.U64("lowest valid USN")),
	}
	if err := c.Err(); err != nil {
		return Max{}, err
	}
	return m, nil
}
