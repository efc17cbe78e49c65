//go:build linux && (amd64 || arm64)

package hugestart

import (
	"syscall"
	"unsafe"
)

// Of linux/mman.h; package syscall does not have them all, and golang.org/x/sys
// would be initialised first.
const (
	madvHugepage = 14
	madvCollapse = 25 // since Linux 6.1
)

const (
	hugePage = 2 << 20
	// chunk is by how much the Go heap grows at first, at a multiple of it.
	chunk = 4 << 20
)

// first is in the heap's first chunk, at a place that differs from run to run.
var first = new([8192]byte)

var _ = advise(uintptr(unsafe.Pointer(first)))

// advise speaks of the chunk around address. Pages in the half where address lies
// are in use already: they are moved into a huge page now. The answers are not
// looked at: without huge pages the program is slower by some milliseconds.
func advise(address uintptr) (done struct{}) {
	syscall.Syscall(syscall.SYS_MADVISE, address&^(chunk-1), chunk, madvHugepage)
	syscall.Syscall(syscall.SYS_MADVISE, address&^(hugePage-1), hugePage, madvCollapse)
	return
}
