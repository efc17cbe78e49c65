// Package evt decodes the event logs of Windows up to XP and 2003 (.evt): the
// header, the records of the ring that the log is, and what an event says. A log
// whose header is stale, since it was not closed, is read by its end-of-file
// record and by the frames of its records.
//
// The package knows nothing of what events mean, and does not look up the texts
// of messages, which lie in other files.
//
// The format is that of "Event Log File Format" in the Windows documentation, with
// ELF_LOGFILE_HEADER, EVENTLOGRECORD and ELF_EOF_RECORD, and of [MS-EVEN] 2.2.3. All
// numbers are little-endian, all times UTC in whole seconds. Offsets are counted
// from the start of the log, in bytes.
package evt
