package main

import (
	"encoding/json"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"github.com/jobscan/jobscan/fixtures"
)

// volume is an image to measure on. Sizes are in bytes.
type volume struct {
	Path    string
	Records int64 // FILE records of ordinary files
	Entries int64 // records of the journal, those of the jobs apart
	MFT     int64
	Journal int64
}

// build has a child build the volume: the memory it takes would count as that of
// the programs that are started later.
func build(self, dir string, records, journal int64) (volume, error) {
	cmd := exec.Command(self, "build", dir, strconv.FormatInt(records, 10), strconv.FormatInt(journal, 10))
	cmd.Stderr = os.Stderr
	b, err := cmd.Output()
	if err != nil {
		return volume{}, fmt.Errorf("build the volume: %w", err)
	}
	var v volume
	err = json.Unmarshal(b, &v)
	return v, err
}

// buildChild takes the folder, the number of files and that of journal records.
func buildChild(args []string, w io.Writer) error {
	if len(args) != 3 {
		return fmt.Errorf("expected 3 arguments, found %d", len(args))
	}
	records, err := strconv.ParseInt(args[1], 10, 64)
	if err != nil {
		return err
	}
	journal, err := strconv.ParseInt(args[2], 10, 64)
	if err != nil {
		return err
	}
	v, err := write(args[0], records, journal)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(v)
}

// write writes the volume, unless it is there from an earlier run.
func write(dir string, records, journal int64) (volume, error) {
	b := fixtures.NewBig(fixtures.BigOptions{Records: records, JournalRecords: journal})
	v := volume{
		Path:    filepath.Join(dir, fmt.Sprintf("bench-%d-%d.img", records, journal)),
		Records: records, Entries: journal, MFT: b.MFTBytes, Journal: b.JournalBytes,
	}
	if info, err := os.Stat(v.Path); err == nil && info.Size() == b.Size() {
		return v, nil
	}
	part := v.Path + ".part" // until it is whole
	f, err := os.Create(part)
	if err != nil {
		return volume{}, err
	}
	defer os.Remove(part)
	err = f.Truncate(b.Size())
	if err == nil {
		err = b.WriteSparse(f)
	}
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	if err != nil {
		return volume{}, fmt.Errorf("build %s: %w", part, err)
	}
	return v, os.Rename(part, v.Path)
}
