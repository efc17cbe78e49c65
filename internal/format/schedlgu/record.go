package schedlgu

import (
	"slices"
	"strconv"
	"strings"
)

var (
	// The end of the first line of an error or a warning.
	levelPattern = pattern(`\*\* ?([^*]+?) ?\*\*\s*$`)
	// An exit code in parentheses, as in "exit code of (65)".
	codePattern = pattern(`\(((?:0[xX])?[0-9A-Fa-f]{1,10}|-?[0-9]{1,10})\)`)
	// "Unable to find a message for task exit code 1f".
	bareCodePattern = pattern(`(?i)exit code\s+((?:0x)?[0-9a-f]{1,8})\b`)
	hresultPattern  = pattern(`\b0[xX]([0-9A-Fa-f]{1,8})\b`)
)

// group makes records of lines: a line that begins with a quote, and what is
// indented below it.
func group(lines []line) []Record {
	var out []Record
	open := false
	for _, l := range lines {
		text := l.text
		switch {
		case strings.TrimSpace(text) == "" || isMarker(text):
			continue
		case strings.HasPrefix(text, `"`) && strings.Count(text, `"`) >= 2:
			out = append(out, Record{Kind: KindOther, Offset: l.offset, Lines: []string{text}})
			open = true
		case open && l.indented():
			last := &out[len(out)-1]
			last.Lines = append(last.Lines, text)
		case len(out) > 0 && out[len(out)-1].Kind == KindFragment:
			last := &out[len(out)-1]
			last.Lines = append(last.Lines, text)
		default:
			out = append(out, Record{Kind: KindFragment, Offset: l.offset, Lines: []string{text}})
			open = false
		}
	}
	for i := range out {
		if out[i].Kind != KindFragment {
			out[i].read()
		}
		out[i].codes()
	}
	return out
}

// read makes sense of the lines of a whole record.
func (r *Record) read() {
	head := r.Lines[0]
	level := ""
	if m := levelPattern().FindStringSubmatchIndex(head); m != nil {
		level, head = head[m[2]:m[3]], head[:m[0]]
	}
	// A name and a program may look like a date themselves.
	named := strings.LastIndexAny(head, `)"`) + 1
	if at := findTime(head[named:]); at != nil {
		r.TimeText = head[named+at[0] : named+at[1]]
		head = head[:named]
	}
	r.head(head)
	body := r.Lines[1:]
	word := ""
	for _, s := range body {
		if r.TimeText != "" {
			break
		}
		if at := findTime(s); at != nil {
			r.TimeText = s[at[0]:at[1]]
			word = strings.ToLower(strings.TrimSpace(s[:at[0]]))
		}
	}
	r.Kind = r.kind(level, word)
}

// head takes name and program from `"name" (program)`. The program may hold
// parentheses itself.
func (r *Record) head(s string) {
	s = strings.TrimSpace(s)[1:]
	name, rest, ok := strings.Cut(s, `" (`)
	if !ok {
		r.Name, _, _ = strings.Cut(s, `"`)
		return
	}
	r.Name = name
	if end := strings.LastIndexByte(rest, ')'); end >= 0 {
		rest = rest[:end]
	}
	r.Program = rest
}

func (r *Record) kind(level, word string) Kind {
	if level != "" {
		if slices.Contains([]string{"WARNING", "WARNUNG", "AVERTISSEMENT", "ADVERTENCIA", "AVVISO", "WAARSCHUWING", "AVISO"}, strings.ToUpper(level)) {
			return KindWarning
		}
		return KindError
	}
	begins := func(words ...string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(word, w) })
	}
	starts := begins("started", "gestartet", "démarré", "iniciado", "iniciada", "avviato", "avviata", "gestart")
	ends := begins("exited", "finished", "beendet", "terminé", "fermé", "finalizado", "finalizada", "terminato", "beëindigd", "voltooid")
	service := r.Program == "" && !strings.HasSuffix(strings.ToLower(r.Name), ".job")
	switch {
	case r.TimeText == "":
		return KindOther
	case service && starts:
		return KindServiceStarted
	case service && ends:
		return KindServiceExited
	case service:
		return KindOther
	case starts:
		return KindJobStarted
	case ends || len(r.Lines) > 2: // a line with the result follows that with the time
		return KindJobFinished
	}
	return KindJobStarted
}

// codes takes exit code and HRESULT from the lines below the time.
func (r *Record) codes() {
	for i, s := range r.Lines {
		if i == 0 && r.Kind != KindFragment {
			continue
		}
		if m := codePattern().FindAllStringSubmatch(s, -1); m != nil && r.Kind != KindError && r.Kind != KindWarning {
			r.ExitCode = m[len(m)-1][1]
		} else if m := bareCodePattern().FindStringSubmatch(s); m != nil {
			r.ExitCode = m[1]
		}
		if m := hresultPattern().FindStringSubmatch(s); m != nil && !r.HasErrorCode && r.ExitCode == "" {
			n, _ := strconv.ParseUint(m[1], 16, 32) // eight digits at most: it fits
			r.ErrorCode, r.HasErrorCode = uint32(n), true
		}
	}
}
