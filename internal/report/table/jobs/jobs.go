// Package jobs shows decoded job files to people: one as a card, several as a
// table. It knows the fields of a job document, and makes all text from
// evidence safe for a terminal. It must not know how jobs are decoded.
package jobs

import (
	"fmt"
	"io"
	"strings"

	"github.com/olekukonko/tablewriter"
	"github.com/olekukonko/tablewriter/renderer"
	"github.com/olekukonko/tablewriter/tw"

	"github.com/jobscan/jobscan/internal/report"
)

// WriteCard writes everything about one job, a line a field.
func WriteCard(w io.Writer, d report.Document) error {
	var b strings.Builder
	line := func(label, value string) {
		if value != "" {
			fmt.Fprintf(&b, "%-18s %s\n", label, report.Visible(value))
		}
	}
	line("File", d.Text("file"))
	line("Offset", d.Text("offset"))
	line("Runs", d.Text("command_line"))
	line("XP would run", d.Text("application_sequential"))
	line("Working directory", d.Text("working_directory"))
	line("Author", d.Text("author"))
	line("Comment", d.Text("comment"))
	label := "Triggers"
	for _, t := range d.List("triggers") {
		line(label, t.Text("text"))
		label = ""
	}
	line("Conditions", strings.ReplaceAll(d.Text("conditions"), "; ", ", "))
	line("Next runs", clock(strings.ReplaceAll(d.Text("next_runs"), "; ", ", ")))
	line("Last run", lastRun(d))
	line("Status", named(d.Text("status.code"), d.Text("status.name")))
	line("Exit code", exitCode(d))
	line("Start error", named(d.Text("start_error"), d.Text("start_error_name")))
	line("Made by", product(d))
	line("UUID", d.Text("uuid"))
	line("Flags", strings.ReplaceAll(d.Text("flags"), "; ", ", "))
	line("Priority", d.Text("priority"))
	line("Max. run time", maxRunTime(d))
	line("User data", size(d.Text("user_data_size")))
	line("Signature", d.Text("signature"))
	line("Size", size(d.Text("size"))+trailing(d))
	line("Windows loads it", loads(d))
	line("Complete", map[bool]string{true: "no: " + d.Text("error.message")}[d.Text("complete") == "false"])
	label = "Anomalies"
	for _, a := range d.List("anomalies") {
		line(label, fmt.Sprintf("%s (%s): %s", a.Text("code"), a.Text("weight"), a.Text("detail")))
		label = ""
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func clock(s string) string {
	return strings.ReplaceAll(strings.ReplaceAll(s, ":00.000", ""), "T", " ")
}

func lastRun(d report.Document) string {
	if s := d.Text("last_run"); s != "" {
		return s + " local time"
	}
	raw := d.Text("last_run_raw")
	switch {
	case raw == "":
		return ""
	case strings.Trim(raw, "[]0,; ") == "":
		return "never"
	}
	return "invalid: " + raw
}

func named(code, name string) string {
	if code == "" {
		return ""
	}
	var n uint64
	if _, err := fmt.Sscan(code, &n); err == nil {
		code = fmt.Sprintf("0x%08X", n)
	}
	return strings.TrimSpace(code + " " + name)
}

func exitCode(d report.Document) string {
	if d.Text("exit_code") == "" {
		return ""
	}
	return fmt.Sprintf("%s (%s, signed %s)", d.Text("exit_code"), d.Text("exit_code_hex"), d.Text("exit_code_signed"))
}

func product(d report.Document) string {
	p := d.Text("product")
	if p == "" {
		return ""
	}
	name := d.Text("product_name")
	if name == "" {
		name = "no known Windows"
	}
	return fmt.Sprintf("%s (%s), file version %s", name, p, d.Text("file_version"))
}

func maxRunTime(d report.Document) string {
	if ms := d.Text("max_run_time_ms"); ms != "" {
		return ms + " ms"
	}
	if d.Text("max_run_time_raw") != "" {
		return "no limit"
	}
	return ""
}

func size(n string) string {
	if n == "" {
		return ""
	}
	return n + " bytes"
}

func trailing(d report.Document) string {
	if n := d.Text("trailing_bytes"); n != "0" && n != "" {
		return ", " + n + " of them behind the last structure"
	}
	return ""
}

func loads(d report.Document) string {
	if d.Text("loadable") == "true" {
		return "yes"
	}
	return "no: " + d.Text("loadable_reason")
}

// WriteTable writes one row for each job, fitted to width columns (0: as wide
// as needed).
func WriteTable(w io.Writer, list []report.Document, width int) error {
	section := tw.CellConfig{
		Formatting: tw.CellFormatting{AutoWrap: tw.WrapNone, AutoFormat: tw.Off},
		Alignment:  tw.CellAlignment{Global: tw.AlignLeft},
	}
	t := tablewriter.NewTable(w,
		tablewriter.WithEastAsian(tw.Off),
		tablewriter.WithRenderer(renderer.NewBlueprint(tw.Rendition{
			Borders: tw.BorderNone,
			Symbols: tw.NewSymbols(tw.StyleLight),
			Settings: tw.Settings{
				Separators: tw.Separators{ShowHeader: tw.Off, ShowFooter: tw.Off, BetweenRows: tw.Off, BetweenColumns: tw.On},
				Lines:      tw.Lines{ShowTop: tw.Off, ShowBottom: tw.Off, ShowHeaderLine: tw.On, ShowFooterLine: tw.Off},
			},
		})),
		tablewriter.WithConfig(tablewriter.Config{
			Header: section, Row: section,
			Behavior: tw.Behavior{TrimSpace: tw.Off, TrimTab: tw.Off, TrimLine: tw.Off},
		}))
	t.Header([]string{"FILE", "RUNS", "TRIGGERS", "LAST RUN", "LOADS", "ANOMALIES"})
	cut := cellWidths(width)
	for _, d := range list {
		name := d.Text("file")
		if o := d.Text("offset"); o != "" {
			name += " @" + o
		}
		row := []string{name, d.Text("command_line"), firstOf(d, "triggers", "text"), lastRun(d), yesNo(d), codes(d)}
		for i := range row {
			row[i] = clip(report.Visible(row[i]), cut[i])
		}
		if err := t.Append(row); err != nil {
			return err
		}
	}
	return t.Render()
}

// cellWidths shares a terminal's width out: file, runs, triggers, last run, loads, anomalies.
func cellWidths(width int) [6]int {
	if width == 0 {
		return [6]int{200, 200, 120, 80, 10, 200}
	}
	free := max(40, width-24-10-6*3)
	return [6]int{free / 4, free / 4, free / 4, 34, 10, free / 4}
}

func yesNo(d report.Document) string {
	switch {
	case d.Text("complete") == "false":
		return "incomplete"
	case d.Text("loadable") == "true":
		return "yes"
	}
	return "no"
}

func firstOf(d report.Document, list, field string) string {
	items := d.List(list)
	if len(items) == 0 {
		return ""
	}
	s := items[0].Text(field)
	if n := len(items) - 1; n > 0 {
		s += fmt.Sprintf(" (and %d more)", n)
	}
	return s
}

// codes lists the anomalies that mean something by themselves.
func codes(d report.Document) string {
	var out []string
	for _, a := range d.List("anomalies") {
		if code := a.Text("code"); a.Text("weight") != "context" && (len(out) == 0 || out[len(out)-1] != code) {
			out = append(out, code)
		}
	}
	return strings.Join(out, ", ")
}

// clip cuts text to n characters, the last of which says that it was cut.
func clip(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}
