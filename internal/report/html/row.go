package html

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"github.com/jobscan/jobscan/internal/report"
)

// maxCell is how many characters of a text a cell shows; a longer one loses its
// middle there, and the card has all of it.
const maxCell = 300

// maxChips is how many anomalies a row names before its card is opened.
const maxChips = 6

// row is one finding or event in the table.
type row struct {
	N        int
	Verdict  verdict
	Time     stamp
	Action   string
	Folder   []string // in pieces, between which a line may break
	Name     string
	State    string
	Process  []string // in pieces; none where not known
	Runs     []string // in pieces
	NoRun    string   // why Runs is empty
	Evidence string
	Volume   string
	Because  string
	Chips    []string // codes of anomalies
	MoreOdd  int      // anomalies beyond maxChips
	Cut      bool
	Card     *card  // nil: see Plain
	Plain    string // all fields as text
}

// verdict is a verdict as a word, and as one of the page's own classes.
type verdict struct {
	Word  string
	Class string // match, undecided, excluded, no_match or other
	Glyph string // the shape that stands for it in the plot too
	Doc   string
}

// verdicts are those that a report can hold, in the order in which they matter.
func verdicts() []verdict {
	return []verdict{
		{"match", "match", "◆", "the rule holds, whatever is not known"},
		{"undecided", "undecided", "◇", "it depends on something that the evidence does not give"},
		{"excluded", "excluded", "○", "an exclusion of the rule is proven to apply"},
		{"no_match", "no_match", "·", "the rule does not hold"},
	}
}

func verdictOf(d report.Document) verdict {
	word := d.Text("jobscan.verdict")
	for _, v := range verdicts() {
		if v.Word == word {
			return v
		}
	}
	return verdict{Word: cmp.Or(report.Visible(word), "none"), Class: "other", Glyph: "?"}
}

// newRow makes the row; evidence gives the cell that says where it comes from.
func newRow(d report.Document, n int, z zone, evidence func(report.Document) string) row {
	r := row{
		N:       n,
		Verdict: verdictOf(d),
		Time:    timeOf(d, z),
		Action:  report.Visible(d.Text("event.action")),
		State:   report.Visible(d.Text("jobscan.state")),
		Because: report.Visible(d.Text("jobscan.because")),
		NoRun:   report.NoProgram(d),
	}
	cell := func(text string) string {
		text, cut := shorten(text, maxCell)
		r.Cut = r.Cut || cut
		return text
	}
	folder, name := report.Visible(d.Text("file.path")), report.Visible(d.Text("file.name"))
	if above, ok := strings.CutSuffix(folder, name); ok {
		folder = above
	} else {
		name = ""
	}
	r.Folder, r.Name = pieces(cell(folder)), cell(name)
	r.Process = pieces(cell(report.Visible(d.Text("process.executable"))))
	r.Runs = pieces(cell(report.Visible(d.Text("jobscan.job.command_line"))))
	r.Evidence = cell(report.Visible(evidence(d)))
	place := rowVolume(d)
	place.evidence = ""
	if place != (volumeKey{}) {
		r.Volume = place.name()
	}
	odd := slices.Concat(d.List("jobscan.anomalies"), d.List("jobscan.job.anomalies"))
	for i, a := range odd {
		if i == maxChips {
			r.MoreOdd = len(odd) - maxChips
			break
		}
		chip, _ := shorten(report.Visible(a.Text("code")), maxCell)
		r.Chips = append(r.Chips, chip)
	}
	return r
}

// timeOf is the time of a row, which for a run may be of the machine's clock.
func timeOf(d report.Document, z zone) stamp {
	if report.LocalTime(d) {
		return z.local(d.Text("@timestamp"))
	}
	return z.stamp(d.Text("@timestamp"))
}

// shorten takes out the middle of a text of more than limit characters.
func shorten(text string, limit int) (string, bool) {
	if len(text) <= limit || utf8.RuneCountInString(text) <= limit {
		return text, false
	}
	chars := []rune(text)
	tail := limit / 3
	return string(chars[:limit-tail]) + "…" + string(chars[len(chars)-tail:]), true
}

// pieces cuts a path after its backslashes, where a line may break. A text of
// very many is left whole.
func pieces(text string) []string {
	if strings.Count(text, `\`) > maxPieces {
		return []string{text}
	}
	return slices.DeleteFunc(strings.SplitAfter(text, `\`), func(s string) bool { return s == "" })
}

const maxPieces = 40

// count is a number with its noun.
func count(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}
