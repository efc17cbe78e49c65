// Package logfile decodes $LogFile, the log in which NTFS writes every change
// of its own structures before it makes it: restart pages, log record pages,
// log records with what they redo and undo. Versions 1.1 and 2.0 of the log
// file service (LFS) are read.
//
// The log is a ring. A log sequence number (LSN) holds the byte offset of its
// record in the low bits, divided by 8, and the number of the lap in the high
// ones; so every record says where it must stand, and is found again after
// damage without following any chain. Records of an earlier lap survive in the
// unused ends of pages and are given as Stale.
//
// It knows the log, not the structures that the log changes: what a FILE
// record or an index entry is, and which names matter, is for its callers.
// It opens no file and starts no goroutine. All numbers are little-endian.
//
// Microsoft does not document the layout; names of fields and operations are
// those of the LFS and NTFS restart structures as the Windows driver kit of NT
// and the NTFS documentation projects have them.
package logfile
