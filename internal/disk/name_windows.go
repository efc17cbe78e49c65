package disk

import "strings"

// DeviceName reports a path that names a volume or disk, not a file: "C:",
// "\\.\C:", "\\.\PhysicalDrive0", "\\?\GLOBALROOT\Device\...".
func DeviceName(path string) bool {
	if len(path) == 2 && path[1] == ':' {
		return true
	}
	p := strings.TrimSuffix(strings.ReplaceAll(path, "/", `\`), `\`)
	if !strings.HasPrefix(p, `\\.\`) && !strings.HasPrefix(p, `\\?\`) {
		return false
	}
	rest := p[4:]
	return strings.HasPrefix(strings.ToUpper(rest), `GLOBALROOT\DEVICE\`) || !strings.Contains(rest, `\`)
}
