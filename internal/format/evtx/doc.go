// Package evtx decodes Windows XML event logs (.evtx) as far as a reader of
// evidence needs it to judge them: the file header, the headers and checksums of
// the 64 KiB chunks, the frames of the records. A log whose file header is stale
// is read chunk by chunk all the same.
//
// The package knows nothing of what events mean. The contents of records are
// binary XML, which the sub-package binxml decodes through a library that must
// run in a process of its own; Event is what it gives.
//
// The format is described in the documentation of libevtx ("Windows XML Event
// Log (EVTX)") and, for binary XML, in [MS-EVEN6] 2.2.12. All numbers are
// little-endian, all times UTC.
package evtx
