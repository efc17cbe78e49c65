package usn

// CarveAt judges the record at the start of b as Carve does, for a caller that
// looks for other things in the same pass. offset is that of b in what is
// searched. The Raw refers to b and decodes.
func CarveAt(b []byte, offset int64) (Raw, bool) {
	if len(b) < alignment {
		return Raw{}, false
	}
	n := carveAt(b)
	if n == 0 {
		return Raw{}, false
	}
	return Raw{b: b[:n], Offset: offset}, true
}
