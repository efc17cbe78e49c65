//go:build dragonfly || freebsd

package isolate

// rlimit has the type of this system's limits.
func rlimit(n uint64) int64 { return int64(n) }
