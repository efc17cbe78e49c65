package scan

import (
	"context"
	"errors"
	"slices"
	"testing"
)

func TestRunTasks(t *testing.T) {
	for _, workers := range []int{0, 1, 2, 8} {
		done := make([]bool, 100)
		var tasks []task
		for i := range done {
			tasks = append(tasks, task{1, func(context.Context) error { done[i] = true; return nil }})
		}
		var told, total int64
		err := runTasks(context.Background(), workers, tasks, func(d, all int64) { told, total = max(told, d), all })
		if err != nil {
			t.Fatalf("%d workers: %v", workers, err)
		}
		if told != 100 || total != 100 {
			t.Errorf("%d workers: told of %d of %d bytes, want 100 of 100", workers, told, total)
		}
		for i, ok := range done {
			if !ok {
				t.Errorf("%d workers: task %d did not run", workers, i)
			}
		}
	}
}

func TestRunTasksGivesTheFailure(t *testing.T) {
	broken := errors.New("broken")
	tasks := []task{
		{1, func(context.Context) error { return nil }},
		{1, func(context.Context) error { return broken }},
	}
	if err := runTasks(context.Background(), 1, tasks, nil); !errors.Is(err, broken) {
		t.Errorf("got %v, want %v", err, broken)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if err := runTasks(ctx, 1, nil, nil); !errors.Is(err, context.Canceled) {
		t.Errorf("cancelled: got %v", err)
	}
}

// TestJoiner: results are joined in order, and as early as that allows.
func TestJoiner(t *testing.T) {
	var joined []int
	o := joiner{done: make([]bool, 5), join: func(i int) { joined = append(joined, i) }}
	for _, step := range []struct{ finished, joined int }{{1, 0}, {3, 0}, {0, 2}, {2, 4}, {4, 5}} {
		o.finished(step.finished)
		if len(joined) != step.joined || !slices.IsSorted(joined) {
			t.Errorf("after task %d ended %v are joined, want %d in order", step.finished, joined, step.joined)
		}
	}
}
