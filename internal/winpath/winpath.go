// Package winpath holds paths as evidence gives them: the drive letter may be
// unknown, and the chain of parents may be broken. It knows no NTFS and
// resolves nothing.
package winpath

import "strings"

// Path is the place of a file on a volume. Names may hold lone surrogates in
// the form of package wtf8.
type Path struct {
	// Names from the root folder down; the last one is the file's own.
	Names []string
	// Broken tells why the chain of parents stops below the root; empty when it
	// reaches the root. Names then holds what is known below the break.
	Broken string
	// Gap names the unknown parent of a broken path, as "record-sequence".
	Gap string
	// Doubt tells why the folders may have been called otherwise at that moment;
	// empty when the path is proven.
	Doubt string
	// Detour tells that folders were named by something other than their own
	// records, and why; empty when they were not.
	Detour string
}

// UnknownDrive stands for the letter that a volume does not record.
const UnknownDrive = '?'

// Complete reports that every parent up to the root is known.
func (p Path) Complete() bool { return p.Broken == "" && len(p.Names) > 0 }

// Proven reports a complete path that nothing puts in doubt.
func (p Path) Proven() bool { return p.Complete() && p.Doubt == "" }

// Name is the last component, "" for the root itself.
func (p Path) Name() string {
	if len(p.Names) == 0 {
		return ""
	}
	return p.Names[len(p.Names)-1]
}

// WithDrive renders the path with a drive letter (UnknownDrive where none is
// known). A broken path shows the gap: ?:\<unknown parent 65-3>\x.job.
func (p Path) WithDrive(letter byte) string {
	return p.render(letter, p.Names)
}

// Directory renders the folder that holds the file, without a trailing
// backslash, except for the root of a drive.
func (p Path) Directory(letter byte) string {
	if len(p.Names) == 0 {
		return p.render(letter, nil)
	}
	return p.render(letter, p.Names[:len(p.Names)-1])
}

func (p Path) render(letter byte, names []string) string {
	if letter == 0 {
		letter = UnknownDrive
	}
	var b strings.Builder
	b.WriteByte(letter)
	b.WriteByte(':')
	if p.Broken != "" {
		b.WriteString(`\<unknown parent ` + p.Gap + `>`)
	} else if len(names) == 0 {
		b.WriteByte('\\')
	}
	for _, n := range names {
		b.WriteByte('\\')
		b.WriteString(n)
	}
	return b.String()
}

// Extension is what follows the last dot of a file name, without the dot and
// with its case kept. ok is false for a name without a dot, and for a dot that
// nothing follows the extension is "" and ok true.
func Extension(name string) (ext string, ok bool) {
	i := strings.LastIndexByte(name, '.')
	if i < 0 {
		return "", false
	}
	return name[i+1:], true
}

// Equal reports the same names, break and gap.
func (p Path) Equal(o Path) bool {
	if p.Broken != o.Broken || p.Gap != o.Gap || len(p.Names) != len(o.Names) {
		return false
	}
	for i := range p.Names {
		if p.Names[i] != o.Names[i] {
			return false
		}
	}
	return true
}
