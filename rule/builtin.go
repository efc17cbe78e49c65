package rule

import (
	"embed"
	"fmt"
	"strings"
)

// The texts are this project's own wording of the published rule's logic, as it
// stood at the date in the name.
//
//go:embed builtin/*.toml
var builtinFiles embed.FS

// DefaultBuiltin names the rule that is used when no other is given.
const DefaultBuiltin = "builtin:2024-10"

var builtinNames = [...]string{DefaultBuiltin, "builtin:2026-07"}

// Builtin gives the built-in rules, the default first.
func Builtin() []*Rule {
	var out []*Rule
	for _, name := range builtinNames {
		r, err := BuiltinByName(name)
		if err != nil {
			panic("built-in rule: " + err.Error()) // embedded text, covered by tests
		}
		out = append(out, r)
	}
	return out
}

// BuiltinByName gives the built-in rule of a name such as "builtin:2024-10";
// "builtin" alone is the default.
func BuiltinByName(name string) (*Rule, error) {
	if name == "builtin" {
		name = DefaultBuiltin
	}
	for _, known := range builtinNames {
		if known != name {
			continue
		}
		text, err := builtinFiles.ReadFile("builtin/" + strings.TrimPrefix(name, "builtin:") + ".toml")
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		return Parse(text, name)
	}
	return nil, fmt.Errorf("no built-in rule %q: there are %s", name, strings.Join(builtinNames[:], " and "))
}
