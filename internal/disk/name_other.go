//go:build !windows

package disk

// deviceName is for Windows; elsewhere the file's mode tells.
func deviceName(string) bool { return false }
