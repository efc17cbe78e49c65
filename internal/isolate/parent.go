package isolate

import (
	"bufio"
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"os/exec"
	"sync"
	"sync/atomic"
	"time"
)

// Command starts a child: a program, and the arguments with which it calls Serve.
type Command struct {
	Path string
	Args []string
}

// Available reports that there is a command at all.
func (c Command) Available() bool { return c.Path != "" }

// Child is a running decoder. It answers one request at a time and is of no use
// after an error other than a refusal of its decoder.
type Child struct {
	limits Limits
	cmd    *exec.Cmd
	in     io.WriteCloser
	out    *bufio.Reader
	head   []byte // the limits, which go before the first request
	last   lastWords
	ended  sync.Once
	dead   bool
}

// Start starts a child. It fails only where the program cannot be started: one
// that ends at once is found dead when it is asked.
func (c Command) Start(limits Limits) (*Child, error) {
	if limits.Memory <= 0 || limits.Time <= 0 || limits.Output <= 0 {
		return nil, protocolError("limits that are not positive")
	}
	ch := &Child{limits: limits, cmd: exec.Command(c.Path, c.Args...)}
	ch.cmd.Env = []string{"GOTRACEBACK=single"} // nothing of this process's; Windows adds what it must
	ch.cmd.Stderr = &ch.last
	in, err := ch.cmd.StdinPipe()
	if err != nil {
		return nil, fmt.Errorf("decoder process: %w", err)
	}
	out, err := ch.cmd.StdoutPipe()
	if err != nil {
		return nil, fmt.Errorf("decoder process: %w", err)
	}
	if err := ch.cmd.Start(); err != nil {
		return nil, fmt.Errorf("decoder process: %w", err)
	}
	ch.in, ch.out = in, bufio.NewReader(out)
	ch.head = binary.LittleEndian.AppendUint64(ch.head, uint64(limits.Memory))
	ch.head = binary.LittleEndian.AppendUint64(ch.head, uint64(cpuTime(limits.Time)))
	return ch, nil
}

// cpuTime bounds the whole life of a child, should its parent die; a child that
// answers many requests needs more than the time of one.
func cpuTime(answer time.Duration) time.Duration { return 30 * answer }

// Alive reports that the child can be asked.
func (ch *Child) Alive() bool { return !ch.dead }

// Ask sends a request and returns the lines of the answer. When the child does
// not answer within its limits, or ends, it is dead and the error says why. An
// error of the decoder itself comes with the lines before it and leaves the child
// alive.
func (ch *Child) Ask(ctx context.Context, request []byte) ([][]byte, error) {
	if ch.dead {
		return nil, ErrDied
	}
	if len(request) > MaxRequest {
		return nil, protocolError("a request of %d bytes", len(request))
	}
	var late atomic.Bool
	timer := time.AfterFunc(ch.limits.Time, func() {
		late.Store(true)
		ch.cmd.Process.Kill()
	})
	defer timer.Stop()
	defer context.AfterFunc(ctx, func() { ch.cmd.Process.Kill() })()

	lines, err := ch.exchange(request)
	var refused refusal
	switch {
	case err == nil || errors.As(err, &refused):
		return lines, err
	case ctx.Err() != nil:
		ch.end()
		return nil, ctx.Err()
	case late.Load():
		ch.end()
		return nil, fmt.Errorf("%w (%s)", ErrTime, ch.limits.Time)
	case errors.Is(err, ErrOutput):
		ch.end()
		return nil, err
	}
	return nil, ch.died()
}

func (ch *Child) exchange(request []byte) ([][]byte, error) {
	message := append(make([]byte, 0, len(ch.head)+4+len(request)), ch.head...)
	message = binary.LittleEndian.AppendUint32(message, uint32(len(request)))
	ch.head = nil
	if _, err := ch.in.Write(append(message, request...)); err != nil {
		return nil, err
	}
	var lines [][]byte
	for left := ch.limits.Output; ; {
		line, err := readLine(ch.out, left)
		if err != nil {
			return nil, err
		}
		left -= int64(len(line)) + 1
		if len(line) == 0 {
			return nil, protocolError("an empty line")
		}
		switch line[0] {
		case '=':
			lines = append(lines, line[1:])
		case '.':
			return lines, nil
		case '!':
			return lines, refusal(line[1:])
		default:
			return nil, protocolError("a line that begins with %#x", line[0])
		}
	}
}

// readLine reads a line of at most max bytes with its line feed, and returns it
// without.
func readLine(r *bufio.Reader, max int64) ([]byte, error) {
	var line []byte
	for {
		part, err := r.ReadSlice('\n')
		if int64(len(line)+len(part)) > max {
			return nil, fmt.Errorf("%w", ErrOutput)
		}
		line = append(line, part...)
		if err == nil {
			return line[:len(line)-1], nil
		}
		if !errors.Is(err, bufio.ErrBufferFull) {
			return nil, err
		}
	}
}

// died buries a child that is gone and says how it went.
func (ch *Child) died() error {
	ch.end()
	if why := ch.last.why(); why != "" {
		return fmt.Errorf("%w: %s", ErrDied, why)
	}
	return fmt.Errorf("%w: %s", ErrDied, ch.cmd.ProcessState)
}

// end kills the child, if it still lives, and waits for it.
func (ch *Child) end() {
	ch.ended.Do(func() {
		ch.dead = true
		ch.cmd.Process.Kill()
		ch.cmd.Wait()
	})
}

// Close ends the child.
func (ch *Child) Close() {
	if ch != nil {
		ch.end()
	}
}

// lastWords keeps the beginning of what a child says on standard error.
type lastWords struct{ b []byte }

const maxLastWords = 4096

// Write implements io.Writer; it never fails.
func (l *lastWords) Write(p []byte) (int, error) {
	l.b = append(l.b, p[:min(len(p), maxLastWords-len(l.b))]...)
	return len(p), nil
}

// why names the end in words of our own: what a crashed program prints is for its
// programmers, and may hold parts of the evidence.
func (l *lastWords) why() string {
	for _, end := range []struct{ mark, words string }{
		{"out of memory", "out of memory"},
		{"cannot allocate memory", "out of memory"},
		{"failed to allocate", "out of memory"}, // the race detector's words
		{"stack exceeds", "recursion without end"},
		{"cannot be limited", "its memory and time cannot be limited on this system"},
		{"panic:", "a crash"},
		{"fatal error:", "a crash"},
	} {
		if bytes.Contains(l.b, []byte(end.mark)) {
			return end.words
		}
	}
	return ""
}
