package jobfile

import (
	"encoding/binary"
	"testing"
)

// The end of a job is found when its head is gone, with the strings before it.
func TestCarveTail(t *testing.T) {
	x := plainJob()
	x.par = wide("/c whoami")
	x.note = wide("Created by NetScheduleJobAdd.")
	x.tail = signature()
	job := x.bytes()
	app, author := 70, 70+2+2*len(x.app)+2+2*len(x.par)+2+2*len(x.dir)
	tests := []struct {
		name             string
		gone             int // bytes overwritten from the start
		app, par, author string
		start            int
	}{
		{"header", 60, `C:\WINDOWS\system32\calc.exe`, "/c whoami", "Administrator", app},
		{"into the application", app + 20, "", "/c whoami", "Administrator", app + 2 + 2*len(x.app)},
		{"all strings but two", author, "", "", "Administrator", author},
	}
	for _, tt := range tests {
		data := append(append(noise(1000, 5), job...), noise(500, 6)...)
		copy(data[1000:], noise(tt.gone, 7))
		hits := carveAll(t, data)
		if len(hits) != 1 {
			t.Errorf("%s: got %d hits", tt.name, len(hits))
			continue
		}
		c := hits[0]
		j := c.Job
		if !c.HeadLost || c.Offset != int64(1000+tt.start) || c.Length != len(job)-tt.start || j.Complete ||
			j.Application.Value != tt.app || j.Parameters.Value != tt.par || j.Author.Value != tt.author || j.Comment.Value != atComment || j.Anomalies[0].Code != "head_lost" ||
			len(j.Triggers) != 1 || j.Triggers[0].Text() != "At 09:00 every day, from 2023-05-11" || j.Signature.State != SignaturePresent {
			t.Errorf("%s: got %+v of %+v", tt.name, c, j)
		}
	}
}

// Whatever the start error is, the end is found: 0 after a good start, an
// HRESULT where the scheduler failed.
func TestCarveTailOfJobsThatRan(t *testing.T) {
	for _, code := range []uint32{0, 0x41303, 0x8007052E, 0x80041309, 0x001D0FFF, 0xFFFFFFFF} {
		x := plainJob()
		x.reserved = binary.LittleEndian.AppendUint32(nil, code)
		x.reserved = append(x.reserved, 0, 0, 0, 0)
		job := x.bytes()
		for _, gone := range []int{2, 46, 68, 100} {
			data := append(append(noise(777, 5), job[gone:]...), noise(500, 6)...)
			if hits := carveAll(t, data); len(hits) != 1 || !hits[0].HeadLost || hits[0].Job.StartError != Status(code) {
				t.Errorf("start error %#x, without the first %d bytes: got %+v", code, gone, hits)
			}
		}
	}
}

// A character of a string may equal its distance from the end: the longest wins.
func TestStringBefore(t *testing.T) {
	x := plainJob()
	long := make([]uint16, 0x60)
	for i := range long {
		long[i] = uint16(0x60 - i)
		if long[i] < 0x20 {
			long[i] = 'x'
		}
	}
	long[0x5F] = 0
	x.note = long
	job := x.bytes()
	copy(job, noise(60, 3))
	hits := carveAll(t, job)
	if len(hits) != 1 || len(hits[0].Job.Comment.Units) != 0x60 || hits[0].Job.Author.Value != "Administrator" {
		t.Errorf("got %+v", hits)
	}
}

// A job that begins at the start of the data is found once, also by its end alone.
func TestCarveTailAtTheStart(t *testing.T) {
	job := plainJob().bytes()
	for n := range len(job) - tailMinimum - 2 {
		hits := carveAll(t, job[n:])
		want := 1
		if len(hits) != want || hits[0].HeadLost != (n > 0) {
			t.Fatalf("without its first %d bytes: got %+v", n, hits)
		}
	}
	// Without the size of the reserved data there is nothing to go by.
	if hits := carveAll(t, job[len(job)-tailMinimum+1:]); len(hits) != 0 {
		t.Errorf("got %+v", hits)
	}
}
