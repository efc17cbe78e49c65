package vhdx

import (
	"bytes"
	"cmp"
	"container/heap"
	"io"
	"slices"
	"sort"

	"github.com/jobscan/jobscan/internal/disk"
)

// overlay is the file with a log replayed. It is a reader of the whole and gives
// the pieces to read blocks from.
type overlay struct {
	file    io.ReaderAt
	held    int64    // bytes that the file has
	size    int64    // bytes that it has after the replay; what is more is zeros
	changes []change // apart from each other, by offset
}

// change is a part of the file that the log replaces.
type change struct {
	at, length int64
	sector     *bytes.Reader // nil for zeros
}

// lay makes the changes of writes, of which the later count. All lie on sectors
// of the log, so that one with data is replaced as a whole.
func (o *overlay) lay(writes []write) {
	order := make([]int, len(writes)) // by offset
	for i := range order {
		order[i] = i
	}
	slices.SortStableFunc(order, func(a, b int) int { return cmp.Compare(writes[a].at, writes[b].at) })
	open := latest{} // writes that reach beyond pos
	for pos := int64(0); len(order) > 0 || len(open) > 0; {
		for len(open) > 0 && writes[open[0]].at+writes[open[0]].length <= pos {
			heap.Pop(&open)
		}
		if len(open) == 0 {
			if len(order) == 0 {
				break
			}
			pos = writes[order[0]].at
		}
		for len(order) > 0 && writes[order[0]].at == pos {
			heap.Push(&open, order[0])
			order = order[1:]
		}
		top := writes[open[0]]
		next := top.at + top.length
		if len(order) > 0 {
			next = min(next, writes[order[0]].at)
		}
		if next > pos {
			o.changes = append(o.changes, change{at: pos, length: next - pos, sector: reader(top.sector)})
			pos = next
		}
	}
}

func reader(b []byte) *bytes.Reader {
	if b == nil {
		return nil
	}
	return bytes.NewReader(b)
}

// latest is a heap of numbers of writes, the highest first.
type latest []int

func (l latest) Len() int           { return len(l) }
func (l latest) Less(i, j int) bool { return l[i] > l[j] }
func (l latest) Swap(i, j int)      { l[i], l[j] = l[j], l[i] }
func (l *latest) Push(x any)        { *l = append(*l, x.(int)) }
func (l *latest) Pop() any {
	x := (*l)[len(*l)-1]
	*l = (*l)[:len(*l)-1]
	return x
}

// piece gives the piece at an offset of the file, up to length bytes of it. It is
// empty at the end.
func (o *overlay) piece(at, length int64) disk.Piece {
	if length = min(length, o.size-at); length <= 0 {
		return disk.Piece{}
	}
	if i := sort.Search(len(o.changes), func(i int) bool { return o.changes[i].at+o.changes[i].length > at }); i < len(o.changes) {
		c := o.changes[i]
		if c.at > at {
			length = min(length, c.at-at)
		} else {
			p := disk.Piece{Length: min(length, c.at+c.length-at)}
			if c.sector != nil {
				p.From, p.At = c.sector, at-c.at
			}
			return p
		}
	}
	if at >= o.held {
		return disk.Piece{Length: length}
	}
	return disk.Piece{Length: min(length, o.held-at), From: o.file, At: at}
}

// ReadAt reads the file as it is after the replay.
func (o *overlay) ReadAt(p []byte, off int64) (int, error) {
	n := 0
	for n < len(p) {
		at := o.piece(off+int64(n), int64(len(p)-n))
		b := p[n : n+int(at.Length)]
		switch {
		case at.Length == 0:
			return n, io.EOF
		case at.From == nil:
			clear(b)
		default:
			if k, err := at.From.ReadAt(b, at.At); k < len(b) {
				return n + k, err
			}
		}
		n += len(b)
	}
	return n, nil
}
