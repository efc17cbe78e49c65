package schedlgu

import "testing"

func FuzzParse(f *testing.F) {
	f.Add(wideText(english))
	f.Add([]byte(english))
	f.Add(wideText(marker + "x\r\n" + english))
	f.Add([]byte("\"a\" ()\n (0x) ** **"))
	f.Fuzz(func(t *testing.T, b []byte) { checkInvariants(t, b) })
}
