// Package hugestart asks the kernel, before anything else is initialised, to hold
// the beginning of the heap in huge pages. Where it can, the start of the program
// takes one page fault for 2 MiB in place of one for each 4 KiB: on a virtual
// machine where a fault takes ten microseconds that is a quarter of the time that
// jobscan needs to start. Elsewhere, and where the kernel declines, nothing happens.
//
// It works by being imported: packages without dependencies are initialised in the
// order of their import paths, and this one has none outside the standard library.
package hugestart
