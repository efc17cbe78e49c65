package evtx

import "github.com/jobscan/jobscan/internal/wintime"

// Event is one event, as its record and the binary XML in it tell it. Text is
// UTF-8; unpaired surrogates of the log are lost (U+FFFD).
type Event struct {
	Offset   int    `json:"offset"` // of the record in the chunk, bytes
	RecordID uint64 `json:"record_id"`
	// Time is System/TimeCreated, UTC. In logs that were exported the frame of a
	// record can have the time of another one.
	Time     wintime.Filetime `json:"time"`
	ID       uint32           `json:"id"` // System/EventID
	Provider string           `json:"provider"`
	Channel  string           `json:"channel"`
	Computer string           `json:"computer,omitempty"`
	// UserSID is System/Security's UserID: the account of the process that
	// logged the event, which is not always the one the event is about.
	UserSID string  `json:"user_sid,omitempty"`
	Data    []Datum `json:"data"` // EventData, or the elements of UserData
	// Error tells that the record's frame was read and its contents were not.
	Error string `json:"error,omitempty"`
}

// Datum is one named value of an event.
type Datum struct {
	Name  string `json:"name"`
	Value string `json:"value"`
}

// Get gives the first value of that name.
func (e *Event) Get(name string) (value string, ok bool) {
	for _, d := range e.Data {
		if d.Name == name {
			return d.Value, true
		}
	}
	return "", false
}
