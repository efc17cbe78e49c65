package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"testing"

	"github.com/rogpeppe/go-internal/testscript"

	"github.com/jobscan/jobscan/fixtures"
)

var update = flag.Bool("update", false, "rewrite the expected output in testdata/script")

// TestMain lets scripts run the program itself, and mkimage to build a scenario.
// The program that is tested starts itself to decode event logs.
func TestMain(m *testing.M) {
	if len(os.Args) > 1 && os.Args[1] == decodeCommand {
		os.Exit(run(context.Background(), os.Args[1:], os.Stdin, os.Stdout, os.Stderr))
	}
	testscript.Main(m, map[string]func(){
		"jobscan": main,
		"mkimage": mkimage,
	})
}

// mkimage SCENARIO FILE writes a scenario's image.
func mkimage() {
	s, ok := fixtures.Find(os.Args[1])
	if !ok {
		fmt.Fprintf(os.Stderr, "no scenario %q\n", os.Args[1])
		os.Exit(1)
	}
	f, err := os.Create(os.Args[2])
	if err == nil {
		image := s.Build()
		if err = f.Truncate(image.Size()); err == nil {
			err = image.WriteSparse(f)
		}
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

func TestScripts(t *testing.T) {
	testscript.Run(t, testscript.Params{
		Dir:           "testdata/script",
		UpdateScripts: *update,
		Setup: func(e *testscript.Env) error {
			e.Setenv("SOURCE_DATE_EPOCH", "1700000000")
			return nil
		},
	})
}
