package eql

// Truth is a truth value of Kleene's three-valued logic. The zero value is
// Unknown.
type Truth int8

// The truth values, in the order in which And takes the least and Or the greatest.
const (
	False   Truth = -1
	Unknown Truth = 0
	True    Truth = 1
)

// And is False if any is False, else Unknown if any is Unknown.
func (t Truth) And(u Truth) Truth { return min(t, u) }

// Or is True if any is True, else Unknown if any is Unknown.
func (t Truth) Or(u Truth) Truth { return max(t, u) }

// Not turns True and False round and keeps Unknown.
func (t Truth) Not() Truth { return -t }

// String is "true", "false" or "unknown".
func (t Truth) String() string {
	switch t {
	case True:
		return "true"
	case False:
		return "false"
	}
	return "unknown"
}

func truthOf(b bool) Truth {
	if b {
		return True
	}
	return False
}
