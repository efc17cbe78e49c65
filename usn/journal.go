package usn

import (
	"context"
	"io"
	"iter"

	"github.com/jobscan/jobscan/ntfs"
)

// Source is a change journal ($UsnJrnl:$J) as a sparse stream. *ntfs.Stream is
// one; NewFileSource makes one of an extracted file.
type Source interface {
	io.ReaderAt
	// Size is the stream's length in bytes, holes included.
	Size() int64
	// InitializedSize bounds what is journal: what lies behind it in allocated
	// clusters is whatever they held before.
	InitializedSize() int64
	// Extents lists data and holes in ascending order of offset.
	Extents() []ntfs.Extent
}

// NewFileSource makes a Source of a $J that was copied out of its volume, with
// or without its sparse head. Nothing is read here: walks read in large pieces
// and pass over zeros at memory speed. A caller that knows where a sparse file
// has its data gives those ranges instead, with NewSparseSource.
func NewFileSource(r io.ReaderAt, size int64) Source {
	return NewSparseSource(r, size, []ntfs.Extent{{Offset: 0, Length: size, Physical: 0}})
}

// NewSparseSource is NewFileSource for a file whose data lies in extents;
// everything else is a hole. Physical counts only by its sign.
func NewSparseSource(r io.ReaderAt, size int64, extents []ntfs.Extent) Source {
	return fileSource{r, max(size, 0), extents}
}

type fileSource struct {
	io.ReaderAt
	size    int64
	extents []ntfs.Extent
}

func (f fileSource) Size() int64            { return f.size }
func (f fileSource) InitializedSize() int64 { return f.size }
func (f fileSource) Extents() []ntfs.Extent { return f.extents }

// Walk visits every record of s in stream order, stale ones included (see
// Raw.Stale), and V4 ones, which have no name. It walks pieces of 1 MiB,
// follows the data extents up to the initialized size, and allocates nothing
// per record.
//
// Where no record is, it passes over zeros and otherwise looks at every eighth
// byte for the next one. Each stretch lost that way is reported once to
// problem, with its offset in the stream, except that a stretch is cut where
// pieces meet. The same goes for bytes that cannot be read. The error is that
// of ctx; the sums cover what was walked until then.
func Walk(ctx context.Context, s Source, visit func(Raw), problem func(offset int64, err error)) (Stats, error) {
	d := dataOf(s)
	w := walker{source: s, shift: findShift(s, &d), visit: visit, problem: problem}
	return w.walk(ctx, 0, s.Size(), &d, nil)
}

// Records yields every record of s in stream order, as Walk does, decoded. An
// error is one stretch that was lost; the walk goes on. When ctx ends, its
// error comes last.
func Records(ctx context.Context, s Source) iter.Seq2[Record, error] {
	return func(yield func(Record, error) bool) {
		d := dataOf(s)
		w := walker{source: s, shift: findShift(s, &d)}
		w.visit = func(r Raw) { w.stopped = !yield(r.Decode()) }
		w.problem = func(_ int64, err error) { w.stopped = !yield(Record{}, err) }
		if _, err := w.walk(ctx, 0, s.Size(), &d, nil); err != nil && !w.stopped {
			yield(Record{}, err)
		}
	}
}
