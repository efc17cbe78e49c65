package disktest

import (
	"errors"
	"testing"

	"github.com/jobscan/jobscan/internal/disk"
	"github.com/jobscan/jobscan/internal/parse"
)

// shortOf is how many cases there are for one that short tests take. It is odd, so
// that a stride in bits that is odd too comes to all bits of a byte.
const shortOf = 9

// Truncated opens every beginning of a container b, the whole among them. What
// opens gives the bytes of want or errors, in pieces of step bytes; more of the
// container gives no fewer pieces, and the whole gives all. look, where it is not
// nil, is given each image, of the first n bytes.
func Truncated(t testing.TB, f disk.Format, path string, b, want []byte, step int, look func(n int, img disk.Image)) {
	t.Helper()
	n, least := 0, (len(want)+step-1)/step+1 // pieces lost; one more than there are where nothing opens
	defer onFailure(t, func() { t.Logf("cut to %d of %d bytes", n, len(b)) })
	cut := func() {
		img, err := Try(t, f, Source(path, b[:n:n]))
		if err != nil {
			return
		}
		lost := len(Lost(t, img, want, step))
		if lost > least {
			t.Fatalf("%d pieces are lost, %d of fewer bytes", lost, least)
		}
		least = lost
		if look != nil {
			look(n, img)
		}
	}
	for n = 0; n < len(b) && !t.Failed(); n += every(1) {
		cut()
	}
	if n = len(b); !t.Failed() {
		cut()
	}
	if least > 0 {
		t.Errorf("%d pieces are lost of the whole container", least)
	}
}

// Flips turns one bit of part after the other, of as many the first, and calls
// check each time. part belongs to what check looks at; it is left as it was.
func Flips(t testing.TB, part []byte, stride int, check func()) {
	t.Helper()
	bit := 0
	defer onFailure(t, func() { t.Logf("bit %d of byte %#x was turned", bit%8, bit/8) })
	for ; bit < len(part)*8; bit += every(stride) {
		part[bit/8] ^= 1 << (bit % 8)
		check()
		part[bit/8] ^= 1 << (bit % 8)
		if t.Failed() {
			return
		}
	}
}

// Hostile opens a source of this package that holds any bytes: an error names the
// structure that is wrong or refuses the container, and an image is held to what
// Reads tells, by reads of length bytes.
func Hostile(t testing.TB, f disk.Format, s *disk.Source, length int) {
	t.Helper()
	img, err := Try(t, f, s)
	if err == nil {
		Reads(t, img, length)
		return
	}
	var e *parse.Error
	if !errors.As(err, &e) && !disk.IsContainer(err) {
		t.Fatalf("error %v names no structure", err)
	}
}

func every(stride int) int {
	if testing.Short() {
		return stride * shortOf
	}
	return stride
}

// onFailure is deferred, as the case at hand is to be told after a Fatal as well.
func onFailure(t testing.TB, tell func()) {
	if t.Failed() {
		tell()
	}
}
