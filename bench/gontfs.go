package main

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"

	"www.velocidex.com/golang/go-ntfs/parser"
)

// Page sizes in bytes: that which go-ntfs's own command takes, and one that suits
// a walk better.
const (
	smallPage = 1 << 10
	largePage = 64 << 10
)

// goNTFSChild takes the image and, where it is not the small one, the page size.
func goNTFSChild(args []string, w io.Writer) error {
	page := int64(smallPage)
	if len(args) > 1 {
		var err error
		if page, err = strconv.ParseInt(args[1], 10, 64); err != nil || page < smallPage {
			return fmt.Errorf("page size %q", args[1])
		}
	}
	found, err := goNTFS(args[0], page)
	if err != nil {
		return err
	}
	return json.NewEncoder(w).Encode(found)
}

// goNTFS walks $MFT and journal with the API of go-ntfs as its own command does,
// with the 10 MB of pages that the command keeps, and resolves the paths of .job
// files alone.
func goNTFS(image string, page int64) (found facts, err error) {
	f, err := os.Open(image)
	if err != nil {
		return facts{}, err
	}
	defer f.Close()
	pages, err := parser.NewPagedReader(f, page, int(10_000<<10/page))
	if err != nil {
		return facts{}, err
	}
	volume, err := parser.GetNTFSContext(pages, 0)
	if err != nil {
		return facts{}, err
	}
	defer volume.Close()
	if err := goNTFSRecords(volume, &found); err != nil {
		return facts{}, fmt.Errorf("$MFT: %w", err)
	}
	if err := goNTFSJournal(volume, &found); err != nil {
		return facts{}, fmt.Errorf("$J: %w", err)
	}
	return found, nil
}

func goNTFSRecords(volume *parser.NTFSContext, found *facts) error {
	entry, err := volume.GetMFT(0)
	if err != nil {
		return err
	}
	mft, err := parser.OpenStream(volume, entry, 128, parser.WILDCARD_STREAM_ID, parser.WILDCARD_STREAM_NAME)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	size := parser.RangeSize(mft)
	for item := range parser.ParseMFTFile(ctx, mft, size, volume.ClusterSize, volume.RecordSize) {
		if !slices.ContainsFunc(item.FileNames, isJob) {
			continue
		}
		_ = item.FullPath()
		if item.InUse {
			found.Jobs = append(found.Jobs, uint64(item.EntryNumber))
		}
	}
	found.Jobs = distinct(found.Jobs)
	return nil
}

func goNTFSJournal(volume *parser.NTFSContext, found *facts) error {
	journal, err := parser.OpenUSNStream(volume)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	for record := range parser.ParseUSN(ctx, volume, journal, 0) {
		found.Records++
		if isJob(record.Filename()) && slices.Contains(record.Reason(), "FILE_CREATE") {
			_ = record.FullPath()
		}
	}
	return nil
}

func isJob(name string) bool {
	return len(name) >= 4 && strings.EqualFold(name[len(name)-4:], ".job")
}
