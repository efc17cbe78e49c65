package isolate

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"testing"
	"time"
)

// The test binary is its own decoder: its argument says what it does with a
// request.
func TestMain(m *testing.M) {
	if len(os.Args) == 2 && os.Args[1] == "echo" {
		io.Copy(os.Stdout, os.Stdin)
		os.Exit(0)
	}
	if len(os.Args) == 3 && os.Args[1] == "decode" {
		if err := Serve(Decoder{Decode: misbehave(os.Args[2])}, os.Stdin, os.Stdout); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(2)
		}
		os.Exit(0)
	}
	os.Exit(m.Run())
}

func misbehave(how string) func([]byte, func([]byte) error) error {
	return func(request []byte, line func([]byte) error) error {
		switch how {
		case "hang":
			for {
				time.Sleep(time.Second)
			}
		case "spin":
			for i := 0; ; i++ {
				if i < 0 {
					return nil
				}
			}
		case "eat":
			var kept [][]byte
			for {
				kept = append(kept, bytes.Repeat([]byte{1}, 1<<20))
				if len(kept) > 64<<10 {
					return errors.New("64 GiB were no problem")
				}
			}
		case "recurse":
			return recurse(0)
		case "panic":
			panic(string(request))
		case "exit":
			os.Exit(7)
		case "refuse":
			line([]byte("partial"))
			return errors.New("not a\nchunk")
		case "garbage":
			os.Stdout.WriteString("hello\n")
			return nil
		case "flood":
			for {
				if err := line(bytes.Repeat([]byte("x"), 1000)); err != nil {
					return err
				}
			}
		case "long line":
			return line(bytes.Repeat([]byte("x"), 1<<20))
		case "line feed":
			return line([]byte("a\nb"))
		}
		for l := range bytes.SplitSeq(request, []byte(" ")) {
			if err := line(l); err != nil {
				return err
			}
		}
		return nil
	}
}

//go:noinline
func recurse(n int) error {
	var frame [1000]byte
	if n < 0 {
		return nil
	}
	frame[n%len(frame)] = 1
	if err := recurse(n + int(frame[n%len(frame)])); err != nil {
		return err
	}
	return fmt.Errorf("%d", frame[0])
}

var limits = Limits{Memory: 128 << 20, Time: 2 * time.Minute, Output: 64 << 10}

func start(t *testing.T, how string, l Limits) *Child {
	t.Helper()
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Command{Path: program, Args: []string{"decode", how}}.Start(l)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(c.Close)
	return c
}

func TestAnswersAreLines(t *testing.T) {
	c := start(t, "split", limits)
	for _, request := range []string{"one two three", "", "again", strings.Repeat("y", 60<<10)} {
		lines, err := c.Ask(context.Background(), []byte(request))
		if err != nil {
			t.Fatalf("%.20q: %v", request, err)
		}
		if got := string(bytes.Join(lines, []byte(" "))); got != request {
			t.Errorf("got %.40q, want %.40q", got, request)
		}
	}
	if _, err := c.Ask(context.Background(), make([]byte, MaxRequest+1)); err == nil || !c.Alive() {
		t.Errorf("a request that is too large: error %v, alive %v", err, c.Alive())
	}
	c.Close()
	c.Close()
	if _, err := c.Ask(context.Background(), nil); !errors.Is(err, ErrDied) {
		t.Errorf("after Close: %v", err)
	}
}

func TestBadChildren(t *testing.T) {
	short := limits
	short.Time = time.Second / 2
	roomy := limits
	roomy.Memory = 2 << 30
	tests := []struct {
		how    string
		limits Limits
		want   error
		text   string
	}{
		{"hang", short, ErrTime, ""},
		{"spin", short, ErrTime, ""},
		{"eat", limits, ErrDied, "out of memory"},
		{"recurse", roomy, ErrDied, "recursion without end"},
		{"panic", limits, ErrDied, "a crash"},
		{"exit", limits, ErrDied, "exit status 7"},
		{"garbage", limits, ErrDied, ""},
		{"flood", limits, ErrOutput, ""},
		{"long line", limits, ErrOutput, ""},
	}
	for _, tt := range tests {
		t.Run(tt.how, func(t *testing.T) {
			c := start(t, tt.how, tt.limits)
			lines, err := c.Ask(context.Background(), []byte("secret of the evidence"))
			if !errors.Is(err, tt.want) || lines != nil || !strings.Contains(fmt.Sprint(err), tt.text) {
				t.Errorf("got %d lines, error %v; want error %v with %q", len(lines), err, tt.want, tt.text)
			}
			if strings.Contains(fmt.Sprint(err), "secret") {
				t.Errorf("the error holds what the child printed: %v", err)
			}
			if c.Alive() {
				t.Error("the child lives on")
			}
		})
	}
}

func TestRefusalLeavesTheChildAlive(t *testing.T) {
	for how, want := range map[string]string{"refuse": "not a chunk", "line feed": "decoder process: a line feed in a line"} {
		c := start(t, how, limits)
		for range 2 {
			lines, err := c.Ask(context.Background(), nil)
			if err == nil || err.Error() != want || !c.Alive() {
				t.Errorf("%s: got error %v, alive %v, want %s", how, err, c.Alive(), want)
			}
			if how == "refuse" && len(lines) != 1 {
				t.Errorf("%s: %d lines came before the error, want 1", how, len(lines))
			}
		}
	}
}

func TestCancelledContextEndsTheChild(t *testing.T) {
	c := start(t, "hang", limits)
	ctx, cancel := context.WithCancel(context.Background())
	time.AfterFunc(50*time.Millisecond, cancel)
	if _, err := c.Ask(ctx, nil); !errors.Is(err, context.Canceled) || c.Alive() {
		t.Errorf("got %v, alive %v", err, c.Alive())
	}
}

func TestStartRefuses(t *testing.T) {
	if _, err := (Command{Path: "/does/not/exist"}).Start(limits); err == nil {
		t.Error("a program that does not exist was started")
	}
	if _, err := (Command{Path: os.Args[0]}).Start(Limits{}); err == nil {
		t.Error("a child without limits was started")
	}
}

// TestChildThatEndsAtOnce is started all the same, and dies when it is asked: who
// starts it may count on telling a program that cannot be started from one that
// does not live.
func TestChildThatEndsAtOnce(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	for range 5 {
		c, err := Command{Path: program, Args: []string{"-test.run=^$"}}.Start(limits)
		if err != nil {
			t.Fatal(err)
		}
		io.Copy(io.Discard, c.out) // until it is gone
		if _, err := c.Ask(context.Background(), []byte("request")); !errors.Is(err, ErrDied) || c.Alive() {
			t.Errorf("got %v, alive %v", err, c.Alive())
		}
	}
}

// TestStartSendsNothing: only a request can find that the child is gone.
func TestStartSendsNothing(t *testing.T) {
	program, err := os.Executable()
	if err != nil {
		t.Fatal(err)
	}
	c, err := Command{Path: program, Args: []string{"echo"}}.Start(limits)
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	c.in.Close()
	if got, err := io.ReadAll(c.out); err != nil || len(got) > 0 {
		t.Errorf("got %x, %v, want nothing", got, err)
	}
}

// TestServeRefuses: what is no stream of requests ends the child with an error.
func TestServeRefuses(t *testing.T) {
	for name, in := range map[string]string{
		"nothing":         "",
		"half the limits": "1234567",
		"no limits":       strings.Repeat("\x00", 16),
	} {
		if err := Serve(Decoder{}, strings.NewReader(in), nil); err == nil {
			t.Errorf("%s: no error", name)
		}
	}
}

func FuzzReadRequest(f *testing.F) {
	f.Add([]byte{3, 0, 0, 0, 'a', 'b', 'c', 1, 0})
	f.Add([]byte{0xFF, 0xFF, 0xFF, 0xFF})
	f.Fuzz(func(t *testing.T, b []byte) {
		in := bytes.NewReader(b)
		for {
			before := in.Len()
			request, err := readRequest(in)
			if err != nil {
				if request != nil {
					t.Fatal("a request beside an error")
				}
				return
			}
			if len(request)+4 != before-in.Len() || len(request) > MaxRequest {
				t.Fatalf("a request of %d bytes from %d", len(request), before-in.Len())
			}
		}
	})
}
