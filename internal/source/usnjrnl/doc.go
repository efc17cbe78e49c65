// Package usnjrnl gathers the testimony of the USN journal: the records of the
// files that matter, and how folders were called at each moment. It decides
// nothing about events.
package usnjrnl
