package ntfs

import "errors"

// Workaround marks a problem of a volume that cost nothing: what was damaged
// had a second copy, and that was read instead. Every other problem means that
// something may be missing, or that the volume may not be what it says.
type Workaround struct {
	Err error // what was damaged, and what was read instead
}

func (w *Workaround) Error() string { return w.Err.Error() }

// Unwrap gives the damage to errors.Is and errors.As.
func (w *Workaround) Unwrap() error { return w.Err }

// IsWorkaround reports that err, one of Volume.Problems or such an error with
// context added by fmt.Errorf and %w, was worked around without loss. Of errors
// joined to one it says false: one of them may be a loss.
func IsWorkaround(err error) bool {
	for ; err != nil; err = errors.Unwrap(err) {
		if _, ok := err.(*Workaround); ok {
			return true
		}
	}
	return false
}

// workedAround marks each of errs.
func workedAround(errs []error) []error {
	out := make([]error, len(errs))
	for i, err := range errs {
		out[i] = &Workaround{err}
	}
	return out
}
