package jobfile

import (
	"slices"
	"strings"
)

// places looks for folders where a program of the system has no business.
func (f *findings) places(name string, s String) {
	v := strings.ReplaceAll(strings.ToLower(s.Value), "/", `\`)
	if p := writablePlace(v); p != "" {
		f.add("user_writable_path", s.Offset, "A path in the %s leads to %s, where ordinary users can put programs.", name, p)
	}
	if isUNC(v) {
		f.add("unc_path", s.Offset, "A path in the %s leads to another computer, where the file can be changed at any time.", name)
	}
}

// writablePlace names the folder in a lower-case text with backslashes that
// users can write to, "" when there is none.
func writablePlace(v string) string {
	for _, p := range []string{
		`\temp\`, `\tmp\`, `%temp%`, `%tmp%`,
		`\appdata\`, `%appdata%`, `%localappdata%`, `\application data\`, `\local settings\`,
		`\programdata\`, `%programdata%`, `%allusersprofile%`,
		`\users\public\`, `%public%`, `\downloads\`, `\desktop\`,
		`\$recycle.bin\`, `\recycler\`, `\recycled\`,
		`\perflogs\`, `\windows\tasks\`, `\windows\tracing\`, `\system volume information\`, `\inetpub\wwwroot\`,
	} {
		if strings.Contains(v, p) {
			return p
		}
	}
	v = strings.TrimLeft(v, `"`)
	if len(v) > 3 && v[1:3] == `:\` && v[0] >= 'a' && v[0] <= 'z' {
		first, _, _ := strings.Cut(strings.TrimRight(v[3:], `"`), " ")
		if !strings.Contains(first, `\`) && strings.Contains(first, ".") {
			return "the root of a drive"
		}
	}
	return ""
}

// isUNC reports a word that begins with two backslashes and a server name.
func isUNC(v string) bool {
	for _, w := range commandWords(v) {
		w = w[strings.LastIndexByte(w, '=')+1:]
		if strings.HasPrefix(w, `\\?\unc\`) {
			return true
		}
		if len(w) > 2 && strings.HasPrefix(w, `\\`) && !strings.ContainsRune(`\?.`, rune(w[2])) {
			return true
		}
	}
	return false
}

// names judges the application by its file name.
func (f *findings) names() {
	app := f.j.Application
	v := strings.ReplaceAll(strings.ToLower(app.Value), "/", `\`)
	v = strings.Trim(v, `"`)
	base := v[strings.LastIndexByte(v, '\\')+1:]
	if e := doubleExtension(base); e != "" {
		f.add("double_extension", app.Offset, "The program is named like a document (%s), to be taken for one.", e)
	}
	if place := homeOfUpdater(base); place != "" && strings.Contains(v, `\`) && !strings.Contains(v, place) {
		f.add("vendor_updater_elsewhere", app.Offset, "The program is named %s, but does not stand in a folder %s as the vendor's does.", base, place)
	}
	if looksRandom(programName(base)) {
		f.add("random_name", app.Offset, "The program's name %q looks random.", clip(base))
	}
}

// doubleExtension gives both extensions of a program that pretends to be a document.
func doubleExtension(base string) string {
	parts := strings.Split(base, ".")
	if len(parts) < 3 {
		return ""
	}
	last, before := parts[len(parts)-1], strings.TrimSpace(parts[len(parts)-2])
	programs := []string{"exe", "com", "scr", "pif", "bat", "cmd", "vbs", "vbe", "js", "jse", "wsf", "hta", "ps1", "lnk", "cpl", "msi"}
	documents := []string{"pdf", "doc", "docx", "xls", "xlsx", "ppt", "pptx", "rtf", "txt", "csv", "htm", "html",
		"jpg", "jpeg", "png", "gif", "bmp", "mp3", "mp4", "avi", "zip", "rar", "7z", "log"}
	if slices.Contains(programs, last) && slices.Contains(documents, before) {
		return "." + before + "." + last
	}
	return ""
}

// homeOfUpdater gives a part of the path that a well-known updater is always
// under, "" for other programs.
func homeOfUpdater(base string) string {
	switch base {
	case "googleupdate.exe", "googleupdater.exe":
		return `\google\`
	case "ccleaner.exe", "ccleaner64.exe", "ccupdate.exe", "ccleanerbugreport.exe":
		return `\ccleaner\`
	case "dcagentupgrader.exe", "dcagentregister.exe", "dcagentservice.exe":
		return `\desktopcentral_agent\`
	case "microsoftedgeupdate.exe":
		return `\edgeupdate\`
	case "adobearm.exe":
		return `\adobe\`
	case "jusched.exe", "jucheck.exe":
		return `\java\`
	case "onedrivestandaloneupdater.exe":
		return `\onedrive\`
	}
	return ""
}

// looksRandom is careful: a name of eight or more letters and digits that
// changes between them at least four times, is a long hexadecimal number, or
// has eight consonants in a row.
func looksRandom(name string) bool {
	if len(name) < 8 {
		return false
	}
	changes, digits, hex, run, longest := 0, 0, 0, 0, 0
	for i := range len(name) {
		c := name[i]
		digit := c >= '0' && c <= '9'
		if !digit && (c < 'a' || c > 'z') {
			return false
		}
		if i > 0 && digit != (name[i-1] >= '0' && name[i-1] <= '9') {
			changes++
		}
		if digit {
			digits++
		}
		if digit || c <= 'f' {
			hex++
		}
		if run++; digit || strings.IndexByte("aeiouy", c) >= 0 {
			run = 0
		}
		longest = max(longest, run)
	}
	return changes >= 4 || longest >= 8 || (hex == len(name) && digits >= 2 && digits < len(name) && len(name) >= 12)
}
