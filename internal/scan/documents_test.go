package scan

import (
	"context"
	"errors"
	"fmt"
	"io"
	"runtime"
	"sync/atomic"
	"testing"
)

// squareItem is an item whose work is to square it.
type squareItem struct{ n, square int }

// upTo gives the items 0 to n-1 and then err.
func upTo(n int, err error) func() (*squareItem, error) {
	i := -1
	return func() (*squareItem, error) {
		if i++; i >= n {
			return nil, err
		}
		return &squareItem{n: i}, nil
	}
}

func square(i *squareItem) error {
	if i.n%7 == 0 {
		runtime.Gosched()
	}
	i.square = i.n * i.n
	return nil
}

func TestInOrder(t *testing.T) {
	broken := errors.New("broken")
	failAt := func(n int, f func(*squareItem) error) func(*squareItem) error {
		return func(i *squareItem) error {
			if i.n == n {
				return fmt.Errorf("item %d: %w", n, broken)
			}
			return f(i)
		}
	}
	tests := []struct {
		name       string
		items      int
		end        error
		work, emit int // item that fails, -1 for none
		want       int // items emitted
		err        error
	}{
		{"none", 0, io.EOF, -1, -1, 0, nil},
		{"one", 1, io.EOF, -1, -1, 1, nil},
		{"many", 1000, io.EOF, -1, -1, 1000, nil},
		{"next fails", 100, broken, -1, -1, 100, broken},
		{"work fails", 1000, io.EOF, 500, -1, 500, broken},
		{"emit fails", 1000, io.EOF, -1, 500, 500, broken},
		{"work fails before emit", 1000, io.EOF, 3, 500, 3, broken},
	}
	for _, tt := range tests {
		for _, workers := range []int{0, 1, 2, 8} {
			got := 0
			emit := func(i *squareItem) error {
				if i.n != got || i.square != got*got {
					t.Errorf("%s, %d workers: emitted %+v, want item %d", tt.name, workers, i, got)
				}
				got++
				return nil
			}
			err := InOrder(context.Background(), workers, upTo(tt.items, tt.end), failAt(tt.work, square), failAt(tt.emit, emit))
			if got != tt.want || !errors.Is(err, tt.err) {
				t.Errorf("%s, %d workers: got %d items, %v; want %d, %v", tt.name, workers, got, err, tt.want, tt.err)
			}
		}
	}
}

func TestInOrderBoundsWhatIsAlive(t *testing.T) {
	const workers = 3
	var alive, most atomic.Int64
	endless := upTo(500, io.EOF)
	next := func() (*squareItem, error) {
		if n := alive.Add(1); n > most.Load() {
			most.Store(n)
		}
		return endless()
	}
	emit := func(*squareItem) error { runtime.Gosched(); alive.Add(-1); return nil }
	if err := InOrder(context.Background(), workers, next, square, emit); err != nil {
		t.Fatal(err)
	}
	if got := most.Load(); got > workers+2 {
		t.Errorf("%d items alive, want at most %d", got, workers+2)
	}
}

func TestInOrderStops(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	emitted := 0
	emit := func(i *squareItem) error {
		if emitted++; emitted == 10 {
			cancel()
		}
		return nil
	}
	if err := InOrder(ctx, 2, upTo(1<<30, io.EOF), square, emit); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want %v", err, context.Canceled)
	}
	if emitted > 10+4 {
		t.Errorf("%d items emitted after the end of the context", emitted-10)
	}
}
