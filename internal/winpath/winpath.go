// Package winpath holds paths as evidence gives them: the drive letter may be
// unknown, and the chain of parents may be broken. It knows no NTFS and
// resolves nothing.
package winpath

import "strings"

// Folder is a folder with those above it, as far as they are known. All paths
// that lead through it share it, so it does not change once it is in one.
type Folder struct {
	Above *Folder // nil for the last that is known
	Name  string
}

// Path is the place of a file on a volume: the file's own name and those of
// the folders above it. Names may hold lone surrogates in the form of package
// wtf8. The zero Path is the root folder.
type Path struct {
	name   string
	folder *Folder // that holds the file
	names  int     // from the file's own up that belong to the path
	// Broken tells why the chain of parents stops below the root; empty when it
	// reaches the root. The names are then those that are known below the break.
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

// New gives the path of a file in a folder. Of the folder and those above it,
// so many belong to the path.
func New(folder *Folder, folders int, name string) Path {
	return Path{name: name, folder: folder, names: folders + 1}
}

// Of gives a path by its names, from the root folder down.
func Of(names ...string) Path {
	var p Path
	for _, n := range names {
		p = p.Child(n)
	}
	return p
}

// Child is the path of a file or folder in this folder.
func (p Path) Child(name string) Path {
	if p.names > 0 {
		p.folder = &Folder{Above: p.folder, Name: p.name}
	}
	p.name = name
	p.names++
	return p
}

// Parent is the path of the folder that holds the file, and of the root folder
// or the gap where no name is left.
func (p Path) Parent() Path {
	if p.names > 1 {
		p.name, p.folder = p.folder.Name, p.folder.Above
	} else {
		p.name, p.folder = "", nil
	}
	p.names = max(p.names-1, 0)
	return p
}

// Len is the number of names.
func (p Path) Len() int { return p.names }

// Complete reports that every parent up to the root is known.
func (p Path) Complete() bool { return p.Broken == "" && p.names > 0 }

// Proven reports a complete path that nothing puts in doubt.
func (p Path) Proven() bool { return p.Complete() && p.Doubt == "" }

// Name is the last component, "" for the root itself.
func (p Path) Name() string { return p.name }

// WithDrive renders the path with a drive letter (UnknownDrive where none is
// known). A broken path shows the gap: ?:\<unknown parent 65-3>\x.job.
func (p Path) WithDrive(letter byte) string {
	if letter == 0 {
		letter = UnknownDrive
	}
	top := string([]byte{letter, ':'})
	if p.Broken != "" {
		top += `\<unknown parent ` + p.Gap + `>`
	} else if p.names == 0 {
		top += `\`
	}
	size := len(top)
	if p.names > 0 {
		size += 1 + len(p.name)
	}
	for f, n := p.folder, p.names; n > 1; f, n = f.Above, n-1 {
		size += 1 + len(f.Name)
	}
	b := make([]byte, size)
	name, f := p.name, p.folder
	for n := p.names; n > 0; n-- { // from the end
		size -= len(name)
		copy(b[size:], name)
		size--
		b[size] = '\\'
		if n > 1 {
			name, f = f.Name, f.Above
		}
	}
	copy(b, top)
	return string(b)
}

// Directory renders the folder that holds the file, without a trailing
// backslash, except for the root of a drive.
func (p Path) Directory(letter byte) string { return p.Parent().WithDrive(letter) }

// Compare orders paths as they are rendered with the same letter.
func (p Path) Compare(o Path) int {
	if p.folder == o.folder && p.names == o.names && p.Broken == o.Broken && p.Gap == o.Gap {
		return strings.Compare(p.name, o.name)
	}
	return strings.Compare(p.WithDrive(0), o.WithDrive(0))
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
	if p.Broken != o.Broken || p.Gap != o.Gap || p.names != o.names {
		return false
	}
	for p.names > 0 {
		if p.name != o.name {
			return false
		}
		if p.folder == o.folder {
			return true
		}
		p, o = p.Parent(), o.Parent()
	}
	return true
}
