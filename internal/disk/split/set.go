package split

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/jobscan/jobscan/internal/disk"
)

// maxParts bounds the files of one image.
const maxParts = 9999

// scheme is how the files of a set are counted: the last characters of a name are
// digits (x.001, x.01, x.0001) or letters (x.aa), of a width.
type scheme struct {
	base    string // up to the dot
	letters bool
	width   int
}

// numbered takes a name apart.
func numbered(name string) (s scheme, number int, ok bool) {
	dot := strings.LastIndexByte(name, '.')
	text := name[dot+1:]
	s = scheme{base: name[:dot+1], width: len(text)}
	if dot < 1 || s.width < 2 || s.width > 5 {
		return scheme{}, 0, false
	}
	if strings.Trim(text, "0123456789") == "" {
		number, err := strconv.Atoi(text)
		return s, number, err == nil
	}
	if s.letters = true; s.width > 3 || strings.Trim(text, "abcdefghijklmnopqrstuvwxyz") != "" {
		return scheme{}, 0, false
	}
	for _, c := range []byte(text) {
		number = number*26 + int(c-'a')
	}
	return s, number, true
}

// name makes the name of a file of the set.
func (s scheme) name(number int) string { return s.base + s.text(number) }

func (s scheme) text(number int) string {
	if !s.letters {
		return fmt.Sprintf("%0*d", s.width, number)
	}
	b := make([]byte, s.width)
	for i := len(b) - 1; i >= 0; i-- {
		b[i] = 'a' + byte(number%26)
		number /= 26
	}
	return string(b)
}

// member gives the number of a name of the set. Behind x.999 comes x.1000, and so
// with other widths.
func (s scheme) member(name string) (number int, ok bool) {
	o, n, ok := numbered(name)
	if !ok || !disk.SameName(o.base, s.base) || o.letters != s.letters {
		return 0, false
	}
	return n, o.width == s.width || !s.letters && o.width > s.width && len(strconv.Itoa(n)) == o.width
}

// narrowest gives the scheme of the set that a name belongs to: that of x.1000 may
// begin with x.001.
func narrowest(name string, names []string) (s scheme, ok bool) {
	s, n, ok := numbered(name)
	if !ok || s.letters || len(strconv.Itoa(n)) < s.width {
		return s, ok
	}
	for _, other := range names {
		if o, n, ok := numbered(other); ok && n <= 1 && !o.letters && o.width < s.width && disk.SameName(o.base, s.base) {
			s.width = o.width
		}
	}
	return s, true
}

// set lists the numbers of the source's set that there are, in order, without
// those that stand too far from the others to belong to them. With an error there
// may be more.
func set(s *disk.Source) (scheme, []int, error) {
	if _, _, ok := numbered(s.Name()); !ok {
		return scheme{}, nil, nil
	}
	names, err := s.Siblings()
	by, _ := narrowest(s.Name(), names)
	var numbers []int
	for _, name := range names {
		if n, ok := by.member(name); ok {
			numbers = append(numbers, n)
		}
	}
	slices.Sort(numbers)
	numbers = slices.Compact(numbers)
	for len(numbers) > 0 && numbers[len(numbers)-1] > 2*len(numbers)+1 {
		numbers = numbers[:len(numbers)-1]
	}
	// A set begins with the first file, or the second: one may be lost.
	if own, _ := by.member(s.Name()); len(numbers) < 2 || numbers[0] > 2 || !slices.Contains(numbers, own) {
		return scheme{}, nil, err
	}
	return by, numbers, err
}
