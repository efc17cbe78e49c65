package scan

import (
	"context"
	"errors"
	"io"
	"sync"
)

// InOrder lets several goroutines work on what next gives, and hands it to emit
// in the order in which next gave it. It is for streams of unknown length: beside
// the item read and the one emitted, at most as many as workers are alive.
//
// next ends the stream with io.EOF; it is called by one goroutine, emit by the
// caller's, each for one item at a time. The error is that of the first item, in
// their order, which next, work or emit refused; what comes before it is emitted.
// When InOrder returns, none of the functions runs any more.
func InOrder[T any](ctx context.Context, workers int, next func() (T, error), work func(T) error, emit func(T) error) error {
	ctx, cancel := context.WithCancel(ctx)
	workers = max(1, workers)
	jobs := make(chan *orderedItem[T], workers)
	order := make(chan *orderedItem[T], workers)
	var wg sync.WaitGroup
	defer wg.Wait()
	defer cancel()
	wg.Go(func() { feed(ctx, next, order, jobs) })
	for range workers {
		wg.Go(func() {
			for item := range jobs {
				item.done <- work(item.value)
			}
		})
	}
	for item := range order {
		err := item.err
		if err == nil {
			err = <-item.done
		}
		if err == nil {
			err = emit(item.value)
		}
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}

// orderedItem is an item on its way through InOrder.
type orderedItem[T any] struct {
	value T
	err   error      // of next; there is no value then
	done  chan error // what work says; room for one
}

// feed reads items until the stream or the context ends. The order channel has
// every item before the workers see it, and bounds how many are alive.
func feed[T any](ctx context.Context, next func() (T, error), order, jobs chan<- *orderedItem[T]) {
	defer close(order)
	defer close(jobs)
	for ctx.Err() == nil {
		item := &orderedItem[T]{done: make(chan error, 1)}
		if item.value, item.err = next(); errors.Is(item.err, io.EOF) {
			return
		}
		select {
		case order <- item:
		case <-ctx.Done():
			return
		}
		if item.err != nil {
			return
		}
		jobs <- item // the workers empty it, also after an error
	}
}
