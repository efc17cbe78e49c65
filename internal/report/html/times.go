package html

import (
	"cmp"
	"time"

	"github.com/jobscan/jobscan/internal/report"
)

// zone is the time zone in which times are shown.
type zone struct{ location *time.Location }

// stamp is a time as it is shown: text and the fraction of its second apart, so
// that the digits which people compare stand out.
type stamp struct {
	Machine string // RFC 3339 in UTC, "" where the text is no time
	Text    string
	Rest    string // fraction of the second, and the offset outside UTC
}

// stamp shows an RFC 3339 time with all its digits. Outside UTC the offset is
// written too: an hour may come twice in autumn. What is no time is shown as it
// is, what is empty as "unknown".
func (z zone) stamp(text string) stamp {
	at, err := time.Parse(time.RFC3339Nano, text)
	if err != nil {
		return stamp{Text: cmp.Or(report.Visible(text), "unknown")}
	}
	rest := ".0000000"
	if z.location != time.UTC {
		rest += "-07:00"
	}
	return stamp{
		Machine: at.UTC().Format("2006-01-02T15:04:05.0000000Z"),
		Text:    at.In(z.location).Format(time.DateTime),
		Rest:    at.In(z.location).Format(rest),
	}
}

// local shows a time of a clock whose zone is not known: as it stands.
func (z zone) local(text string) stamp {
	s := zone{time.UTC}.stamp(text)
	if s.Machine != "" {
		s.Rest += " local"
	}
	return s
}

// full is a stamp as one text, with its zone.
func (z zone) full(text string) string {
	s := z.stamp(text)
	if s.Machine != "" && z.location == time.UTC {
		s.Rest += " UTC"
	}
	return s.Text + s.Rest
}

// second is a time without the fraction of a second, with the zone's name.
func (z zone) second(text string) string {
	s := z.stamp(text)
	if s.Machine == "" {
		return s.Text
	}
	return s.Text + " " + z.name()
}

// name is the zone as it was asked for.
func (z zone) name() string { return z.location.String() }
