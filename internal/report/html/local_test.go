package html

import (
	"testing"
	"time"

	"github.com/jobscan/jobscan/internal/report"
)

// Job files and the scheduler's log hold local times: a card does not shift them.
func TestLocalSupport(t *testing.T) {
	d, err := report.ReadDocument([]byte(`{"type":"event","jobscan":{"support":[` +
		`{"source":"job","time":"2024-01-15T17:45:00.0000000Z"},{"source":"schedlgu","time":"2024-01-15T17:45:00.0000000Z"},` +
		`{"source":"usn","time":"2024-01-15T17:45:00.0000000Z"},{"source":"job","time":""}]}}`))
	if err != nil {
		t.Fatal(err)
	}
	c := newCard(d, zone{time.FixedZone("Europe/Berlin", 3600)})
	for i, want := range []string{"2024-01-15 17:45:00.0000000 local", "2024-01-15 17:45:00.0000000 local", "2024-01-15 18:45:00.0000000+01:00", ""} {
		if got := c.Support[i].Time.Text + c.Support[i].Time.Rest; got != want {
			t.Errorf("%s: got %q, want %q", c.Support[i].Source, got, want)
		}
	}
}
