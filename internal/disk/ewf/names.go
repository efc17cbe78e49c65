package ewf

import (
	"fmt"
	"strings"

	"github.com/jobscan/jobscan/internal/disk"
)

// lastNumber is that of the segment with the extension ".ZZZ" in an EWF-E01 set.
const lastNumber = 99 + 22*26*26

// letters are those that begin the extensions of the first segments: ".E01",
// ".S01".
const letters = "ES"

// numberOf tells which segment an extension names, without its dot: E01 to E99,
// then EAA to EZZ, FAA and so on to ZZZ; 0 for none.
func numberOf(extension string, letter byte) int {
	e := strings.ToUpper(extension)
	if len(e) != 3 {
		return 0
	}
	digit := func(i int) int { return int(e[i]) - '0' }
	if a, b := digit(1), digit(2); e[0] == letter && a >= 0 && a <= 9 && b >= 0 && b <= 9 {
		return a*10 + b
	}
	n := 0
	for i, base := range []byte{letter, 'A', 'A'} {
		if e[i] < base || e[i] > 'Z' {
			return 0
		}
		n = n*26 + int(e[i]-base)
	}
	return n + 100
}

// split takes the extension from a file name.
func split(name string) (base, extension string) {
	dot := strings.LastIndexByte(name, '.')
	if dot < 0 {
		return name, ""
	}
	return name[:dot], name[dot+1:]
}

// siblings finds the files of a set by their names, of which named is that of the
// segment with the number. The map is nil if that name does not fit its number.
func siblings(named string, number int, names []string) map[int]string {
	base, extension := split(named)
	for _, letter := range []byte(letters) {
		if numberOf(extension, letter) != number {
			continue
		}
		found := map[int]string{number: named}
		for _, name := range names {
			b, e := split(name)
			n := numberOf(e, letter)
			if !disk.SameName(b, base) || n == 0 || n == number {
				continue
			}
			if other, ok := found[n]; !ok || better(name, other, upper(extension)) {
				found[n] = name
			}
		}
		return found
	}
	return nil
}

// extensionOf is the inverse of numberOf, in upper case; "" beyond the last number.
func extensionOf(n int, letter byte) string {
	if n < 100 {
		return fmt.Sprintf("%c%02d", letter, n)
	}
	n -= 100
	first := int(letter) + n/(26*26)
	if first > 'Z' {
		return ""
	}
	return string([]byte{byte(first), 'A' + byte(n/26%26), 'A' + byte(n%26)})
}

// namesOf gives the names that segment n can have in a set of which named is that
// of the segment with the number: in the case of named first. There are none if
// that name does not fit its number.
func namesOf(named string, number, n int) []string {
	base, extension := split(named)
	for _, letter := range []byte(letters) {
		e := extensionOf(n, letter)
		if e == "" || numberOf(extension, letter) != number {
			continue
		}
		like, other := base+"."+e, base+"."+strings.ToLower(e)
		if !upper(extension) {
			like, other = other, like
		}
		return []string{like, other}
	}
	return nil
}

// better chooses between names that differ in the case of their extensions alone:
// the one like the named file, or else the first in order.
func better(name, other string, wantUpper bool) bool {
	_, e := split(name)
	_, o := split(other)
	if upper(e) != upper(o) {
		return upper(e) == wantUpper
	}
	return name < other
}

func upper(s string) bool { return s == strings.ToUpper(s) }
