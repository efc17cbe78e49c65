package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
)

// interruptible gives a context that the first interrupt ends, and tells on
// stderr what the next one will do: end the program where it stands, even in a
// blocked read or the opening of a pipe that nobody writes to. end gives back
// what the system's signals were tied to.
func interruptible(stderr io.Writer) (ctx context.Context, end func()) {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	forget := context.AfterFunc(ctx, func() {
		stop()
		if _, ok := terminalWidth(stderr); ok {
			fmt.Fprintln(stderr) // the display of progress keeps its line
		}
		fmt.Fprintln(stderr, "jobscan: interrupted; press again to stop at once")
	})
	return ctx, func() {
		forget()
		stop()
	}
}

// interruptedError is what ends a command after an interrupt.
type interruptedError struct{}

func (interruptedError) Error() string { return "interrupted" }

// Is makes it the error of the context that ended.
func (interruptedError) Is(target error) bool { return target == context.Canceled }

// wasInterrupted reports an error that is nothing but the interrupt.
func wasInterrupted(ctx context.Context, err error) bool {
	return ctx.Err() != nil && errors.Is(err, context.Canceled)
}
