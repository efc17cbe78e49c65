package scan

import (
	"context"
	"sync"
	"sync/atomic"
)

// task is one independent part of the work; it keeps its result in its own slot.
type task struct {
	bytes int64 // that it will read, for the display of progress
	run   func(context.Context) error
}

// runTasks runs tasks on a bounded number of goroutines and returns the error
// of the first task, in their order, that failed. tell, if not nil, hears of
// bytes done and bytes in all.
func runTasks(ctx context.Context, workers int, tasks []task, tell func(done, total int64)) error {
	ctx, cancel := context.WithCancel(ctx)
	defer cancel()
	m := newMeter(tasks, tell)
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
				if errs[i] = tasks[i].run(ctx); errs[i] != nil {
					cancel()
					return
				}
				m.add(tasks[i].bytes)
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

// meter adds up what tasks have read.
type meter struct {
	mu          sync.Mutex
	done, total int64
	tell        func(done, total int64)
}

func newMeter(tasks []task, tell func(done, total int64)) *meter {
	m := &meter{tell: tell}
	for _, t := range tasks {
		m.total += t.bytes
	}
	return m
}

func (m *meter) add(bytes int64) {
	if m.tell == nil {
		return
	}
	m.mu.Lock()
	defer m.mu.Unlock()
	m.done += bytes
	m.tell(m.done, m.total)
}

// joiner joins the results of tasks in their order, each as soon as those before
// it are joined, so that none has to be kept until all tasks have ended. It is
// safe for use by several tasks at once; join is called by one at a time.
type joiner struct {
	join func(i int)

	mu   sync.Mutex
	next int
	done []bool
}

// finished says that task i has its result.
func (o *joiner) finished(i int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	for o.done[i] = true; o.next < len(o.done) && o.done[o.next]; o.next++ {
		o.join(o.next)
	}
}
