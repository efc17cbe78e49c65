//go:build unix && !linux && !dragonfly && !freebsd

package isolate

// rlimit has the type of this system's limits.
func rlimit(n uint64) uint64 { return n }
