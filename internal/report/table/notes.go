package table

import (
	"fmt"
	"strings"

	"github.com/jobscan/jobscan/internal/report"
)

// maxNotes is how many notes one table may have; further ones are counted.
const maxNotes = 100

// notes are the remarks below a table: why a row is undecided or excluded, and
// what is odd about it. Equal remarks share a number.
type notes struct {
	texts   []string
	numbers map[string]int
	left    int // remarks beyond maxNotes
}

// marks adds the remarks of a row and returns their numbers for its verdict:
// "" or " [1,2]".
func (n *notes) marks(d report.Document) string {
	var marks []string
	add := func(text string) {
		if text = report.Visible(text); text != "" {
			marks = append(marks, n.mark(text))
		}
	}
	switch d.Text("jobscan.verdict") {
	case "undecided", "excluded":
		add(d.Text("jobscan.because"))
	}
	for _, a := range d.List("jobscan.anomalies") {
		text := a.Text("code")
		if detail := a.Text("detail"); detail != "" {
			text += ": " + detail
		}
		add(text)
	}
	if len(marks) == 0 {
		return ""
	}
	return " [" + strings.Join(marks, ",") + "]"
}

func (n *notes) mark(text string) string {
	number, known := n.numbers[text]
	if !known {
		if len(n.texts) >= maxNotes {
			n.left++
			return "+"
		}
		if n.numbers == nil {
			n.numbers = map[string]int{}
		}
		n.texts = append(n.texts, text)
		number = len(n.texts)
		n.numbers[text] = number
	}
	return fmt.Sprint(number)
}

// text renders the notes, "" if there are none.
func (n *notes) text(width int) string {
	if len(n.texts) == 0 {
		return ""
	}
	var b strings.Builder
	b.WriteString("\nNotes\n")
	for i, text := range n.texts {
		b.WriteString(paragraph(fmt.Sprintf("  %d: ", i+1), text, width))
	}
	if n.left > 0 {
		b.WriteString(paragraph("  +: ", fmt.Sprintf("%s and %d more, see --format jsonl", ellipsis, n.left), width))
	}
	return b.String()
}
