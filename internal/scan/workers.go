package scan

import (
	"context"
	"sync"
	"sync/atomic"
)

// task is one independent part of the work; it keeps its result in its own slot.
type task func(context.Context) error

// runTasks runs tasks on a bounded number of goroutines and returns the error
// of the first task, in their order, that failed.
func runTasks(ctx context.Context, workers int, tasks []task) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	errs := make([]error, len(tasks))
	var next atomic.Int64
	var wg sync.WaitGroup
	for range max(1, min(workers, len(tasks))) {
		wg.Go(func() {
			for {
				i := int(next.Add(1)) - 1
				if i >= len(tasks) {
					return
				}
				if errs[i] = tasks[i](ctx); errs[i] != nil {
					cancel()
					return
				}
			}
		})
	}
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return err
		}
	}
	return ctx.Err()
}
