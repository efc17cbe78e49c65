package schedlgu

import (
	"regexp"
	"sync"
)

// pattern is a regular expression that is compiled when it is first asked for: a
// program that reads no log does not pay for the tables of \p{L}.
func pattern(s string) func() *regexp.Regexp {
	return sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(s) })
}
