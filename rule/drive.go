package rule

import (
	"slices"

	"github.com/jobscan/jobscan/rule/eql"
)

// DriveField reports a field whose value may begin with the drive letter of the
// volume.
func DriveField(name string) bool {
	switch name {
	case "file.path", "file.directory", "file.drive_letter", "file.target_path",
		"file.Ext.original.path", "file.Ext.original.directory":
		return true
	}
	return false
}

// driveLetters gives letters that stand for all 26: those that a constant of the
// query could be compared with, and one other. A field holds its letter in the
// first place, so that the constant can only meet it with its own first
// character, behind any number of "*". Where that reasoning does not hold (an
// expression, a regular expression, an order), it is all letters.
func driveLetters(q *eql.Query) []byte {
	var named [26]bool
	leaves, _ := q.Condition().Leaves()
	for _, c := range leaves {
		if !slices.ContainsFunc(c.Fields(), DriveField) {
			continue
		}
		leaf := c.Leaf()
		switch leaf.Form {
		case eql.FormNull, eql.FormBoolean:
		case eql.FormEqual, eql.FormLike, eql.FormPrefix, eql.FormSuffix, eql.FormContains:
			for _, v := range leaf.Values {
				nameFirst(&named, v.Str, leaf.Form == eql.FormLike)
			}
		default:
			return allLetters()
		}
	}
	var out []byte
	other := byte(0)
	for i, is := range named {
		letter := byte('A' + i)
		if is {
			out = append(out, letter)
		} else if other == 0 || letter == 'C' {
			other = letter
		}
	}
	if other != 0 {
		out = append(out, other)
	}
	return out
}

func allLetters() []byte {
	out := make([]byte, 0, 26)
	for l := byte('A'); l <= 'Z'; l++ {
		out = append(out, l)
	}
	return out
}

// nameFirst marks the letter that text begins with, in either case.
func nameFirst(named *[26]bool, text string, wildcards bool) {
	for _, first := range text {
		if wildcards && first == '*' {
			continue
		}
		for _, r := range eql.Alike(first) {
			if r >= 'A' && r <= 'Z' {
				named[r-'A'] = true
			}
		}
		return
	}
}
