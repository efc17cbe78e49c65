package vmdk

import (
	"strings"
	"unicode/utf8"
)

// windows1252 is what the bytes 0x80 to 0x9f stand for in that code page.
const windows1252 = "€\u0081‚ƒ„…†‡ˆ‰Š‹Œ\u008dŽ\u008f\u0090‘’“”•–—˜™š›œ\u009džŸ"

// decodeName gives a name of a descriptor with encoding="windows-1252" in UTF-8,
// as it is called where the files were copied to another system.
func decodeName(name, encoding string) (string, bool) {
	if utf8.ValidString(name) || !strings.EqualFold(encoding, "windows-1252") {
		return "", false
	}
	high := []rune(windows1252)
	out := make([]rune, len(name))
	for i := range len(name) {
		out[i] = rune(name[i])
		if c := name[i]; c >= 0x80 && c < 0xa0 {
			out[i] = high[c-0x80]
		}
	}
	return string(out), true
}
