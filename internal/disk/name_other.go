//go:build !windows

package disk

// DeviceName is for Windows; elsewhere the file's mode tells.
func DeviceName(string) bool { return false }
