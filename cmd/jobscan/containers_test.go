package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/jobscan/jobscan/internal/corpus"
)

// report gives the lines of a report behind its header, with the name of the
// evidence and of its container taken out.
func reportOf(t *testing.T, path, container string) (lines []string, header string, code int) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	code = run(context.Background(), []string{"scan", "--hash", "--format", "jsonl", path}, nil, &stdout, &stderr)
	if code == exitFailure {
		t.Fatalf("%s: %s", path, stderr.String())
	}
	plain := strings.NewReplacer(jsonText(path), "EVIDENCE", `"container":"`+container+`"`, `"container":"raw"`)
	for text := range strings.Lines(stdout.String()) {
		if header == "" {
			header = text
			continue
		}
		lines = append(lines, plain.Replace(text))
	}
	return lines, header, code
}

// jsonText is a path as JSON has it.
func jsonText(path string) string { return strings.ReplaceAll(path, `\`, `\\`) }

// container lays out the files of a container of the corpus and gives the one to
// name.
func container(t *testing.T, base, ending string) string {
	t.Helper()
	switch ending {
	case "raw":
		dir := t.TempDir()
		for _, n := range []string{"001", "002", "003"} {
			b := corpus.Bytes(t, "ntfs", "built", base+".raw."+n+".gz")
			if err := os.WriteFile(filepath.Join(dir, base+".raw."+n), b, 0o600); err != nil {
				t.Fatal(err)
			}
		}
		return filepath.Join(dir, base+".raw.001")
	case "vdi", "vhd", "vhdx":
		return unpacked(t, "ntfs", "built", base+"."+ending+".gz")
	}
	return corpus.Path(t, "ntfs", "built", base+"."+ending)
}

// TestCorpusContainers: whatever wraps a disk, the report is the same.
func TestCorpusContainers(t *testing.T) {
	for _, disk := range []struct{ base, raw string }{{"b17_vol", "b02_cl4096"}, {"b17_mbr", "b09_mbr"}} {
		raw := unpacked(t, "ntfs", "built", disk.raw+".img.gz")
		want, header, _ := reportOf(t, raw, "raw")
		_, sum, ok := strings.Cut(header, `"sha256":"`)
		_, sum, ok2 := strings.Cut(sum, `"sha256":"`) // the first is that of the rule
		if !ok || !ok2 || len(want) < 3 {
			t.Fatalf("raw: got %d lines behind %s", len(want), header)
		}
		sum = sum[:64]
		for ending, name := range map[string]string{"E01": "ewf", "qcow2": "qcow2", "vmdk": "vmdk", "vdi": "vdi", "vhd": "vhd", "vhdx": "vhdx", "raw": "split"} {
			t.Run(disk.base+" "+ending, func(t *testing.T) {
				got, header, _ := reportOf(t, container(t, disk.base, ending), name)
				if strings.Join(got, "") != strings.Join(want, "") {
					t.Errorf("got\n%s\nwant\n%s", strings.Join(got, ""), strings.Join(want, ""))
				}
				if !strings.Contains(header, `"container":"`+name+`"`) {
					t.Errorf("header: %s", header)
				}
				if !strings.Contains(header, sum) {
					t.Errorf("the hash of the disk, %s, is not in %s", sum, header)
				}
				if ending == "E01" && (!strings.Contains(header, `"verified":true`) || strings.Contains(header, `"verified":false`)) {
					t.Errorf("the stored hashes were not compared: %s", header)
				}
			})
		}
	}
}

// TestDamagedContainer: what lies in damaged chunks is told, the rest is found.
func TestDamagedContainer(t *testing.T) {
	b := corpus.Bytes(t, "ntfs", "built", "b17_mbr.E01")
	path := filepath.Join(t.TempDir(), "x.E01")
	whole, _ := jsonReport(t, "finding", "scan", corpus.Path(t, "ntfs", "built", "b17_mbr.E01"))
	found := map[string]bool{}
	for _, f := range whole {
		found[f.File.Inode+f.File.Path] = true
	}
	told := 0
	for at := len(b) / 8; at+64 < len(b); at += len(b) / 8 {
		bad := bytes.Clone(b)
		for i := range 64 {
			bad[at+i] ^= 0x5a
		}
		if err := os.WriteFile(path, bad, 0o600); err != nil {
			t.Fatal(err)
		}
		var stdout, stderr bytes.Buffer
		if code := run(context.Background(), []string{"scan", "--hash", "--format", "jsonl", path}, nil, &stdout, &stderr); code == exitFailure {
			t.Logf("damage at %#x: %s", at, stderr.String())
			continue
		}
		if !strings.Contains(stdout.String(), `"type":"problem"`) {
			t.Errorf("damage at %#x is not told", at)
		}
		told++
		findings, _ := jsonReport(t, "finding", "scan", path)
		for _, f := range findings {
			if !found[f.File.Inode+f.File.Path] {
				t.Errorf("damage at %#x invents %s %s", at, f.File.Inode, f.File.Path)
			}
		}
	}
	if told == 0 {
		t.Error("no damaged container was opened")
	}
}

// TestSplitImageWithAGap: a file of the set is missing.
func TestSplitImageWithAGap(t *testing.T) {
	path := container(t, "b17_mbr", "raw")
	if err := os.Remove(strings.TrimSuffix(path, "001") + "002"); err != nil {
		t.Fatal(err)
	}
	problems, code := jsonReport(t, "problem", "scan", path)
	if len(problems) == 0 || !strings.Contains(problems[0].Message, `"b17_mbr.raw.002"`) || code == exitClean {
		t.Errorf("exit code %d, problems %+v", code, problems)
	}
	if findings, _ := jsonReport(t, "finding", "scan", path); len(findings) == 0 {
		t.Error("nothing of the files that are there was found")
	}
}

// TestOutputIsNoPartOfTheEvidence: no file of a container is written to.
func TestOutputIsNoPartOfTheEvidence(t *testing.T) {
	path := container(t, "b17_mbr", "raw")
	other := strings.TrimSuffix(path, "001") + "003"
	before, err := os.ReadFile(other)
	if err != nil {
		t.Fatal(err)
	}
	var stdout, stderr bytes.Buffer
	code := run(context.Background(), []string{"scan", "--force", "--output", other, path}, nil, &stdout, &stderr)
	after, err := os.ReadFile(other)
	if err != nil || code != exitFailure || !strings.Contains(stderr.String(), "is evidence") || !bytes.Equal(before, after) {
		t.Errorf("exit code %d, %s, %v", code, stderr.String(), err)
	}
}
