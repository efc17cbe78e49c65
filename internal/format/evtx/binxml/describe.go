package binxml

import (
	"encoding/binary"
	"math"
	"strings"

	"github.com/Velocidex/ordereddict"

	"github.com/jobscan/jobscan/internal/format/evtx"
	"github.com/jobscan/jobscan/internal/wintime"
)

// maxData bounds the values of one event.
const maxData = 256

// describe takes from the tree that the library makes of an event what an
// evtx.Event has room for. raw is the record.
func describe(e *evtx.Event, tree any, raw []byte) {
	root := child(asDict(tree), "Event")
	system := child(root, "System")
	if root == nil || system == nil {
		e.Error = "the binary XML of the record holds no event"
		return
	}
	e.Provider = field(child(system, "Provider"), "Name")
	e.Channel = field(system, "Channel")
	e.Computer = field(system, "Computer")
	if seconds, ok := float(child(system, "TimeCreated"), "SystemTime"); ok {
		e.Time = exactTime(seconds, e.Time, raw)
	}
	e.UserSID = field(child(system, "Security"), "UserID")
	id, _ := system.Get("EventID")
	if d := asDict(id); d != nil { // with its attribute Qualifiers
		id, _ = d.Get("Value")
	}
	n, ok := number(id)
	if !ok || n > 0xFFFF {
		e.Error = "the event has no identifier"
		return
	}
	e.ID = uint32(n)
	// An exported log numbers its records anew; the element keeps the number.
	record, _ := system.Get("EventRecordID")
	if n, ok := number(record); ok {
		e.RecordID = n
	}
	if data, ok := root.Get("EventData"); ok {
		e.Data = eventData(data)
	} else if user := child(root, "UserData"); user != nil {
		for _, key := range user.Keys() {
			e.Data = append(e.Data, elements(child(user, key))...)
		}
	}
	if len(e.Data) > maxData {
		e.Data = e.Data[:maxData]
	}
}

// timeError is how far the library's times may be off, in ticks of 100 ns: it
// turns them into floating-point numbers, which have no room for a FILETIME.
const timeError = 24

// exactTime finds the FILETIME that the library read: the time of the frame, or
// one that stands in the record, if it is near enough.
func exactTime(seconds float64, frame wintime.Filetime, raw []byte) wintime.Filetime {
	const unixEpoch = 11644473600 // seconds since 1601
	if !(seconds > -unixEpoch && seconds < 1e11) {
		return frame
	}
	whole, part := math.Modf(seconds)
	about := wintime.Filetime(int64(whole)+unixEpoch)*1e7 + wintime.Filetime(int64(math.Round(part*1e7)))
	near := func(t wintime.Filetime) bool { return max(t, about)-min(t, about) <= timeError }
	if near(frame) {
		return frame
	}
	for at := frameSize; at+8 <= len(raw); at++ {
		if t := wintime.Filetime(binary.LittleEndian.Uint64(raw[at:])); near(t) {
			return t
		}
	}
	return about
}

// eventData reads the element EventData, which the library has turned into names
// and values if each of several elements Data has both.
func eventData(v any) []evtx.Datum {
	d := asDict(v)
	if d == nil {
		return nil
	}
	data, ok := d.Get("Data")
	if !ok {
		return elements(d)
	}
	items, ok := data.([]any)
	if !ok {
		items = []any{data}
	}
	var out []evtx.Datum
	for _, item := range items {
		if pair := asDict(item); pair != nil {
			out = append(out, evtx.Datum{Name: field(pair, "Name"), Value: field(pair, "Value")})
		} else if s, ok := text(item); ok {
			out = append(out, evtx.Datum{Value: s})
		}
	}
	return out
}

// elements gives the children of an element that are single values.
func elements(d *ordereddict.Dict) []evtx.Datum {
	if d == nil {
		return nil
	}
	var out []evtx.Datum
	for _, key := range d.Keys() {
		if strings.HasPrefix(key, "xmlns") {
			continue
		}
		v, _ := d.Get(key)
		if s, ok := text(v); ok {
			out = append(out, evtx.Datum{Name: key, Value: s})
		}
	}
	return out
}

func asDict(v any) *ordereddict.Dict {
	d, _ := v.(*ordereddict.Dict)
	return d
}

func child(d *ordereddict.Dict, key string) *ordereddict.Dict {
	if d == nil {
		return nil
	}
	v, _ := d.Get(key)
	return asDict(v)
}

func float(d *ordereddict.Dict, key string) (f float64, ok bool) {
	if d == nil {
		return 0, false
	}
	v, _ := d.Get(key)
	f, ok = v.(float64)
	return f, ok
}

// field gives the text of a child, "" where it has none.
func field(d *ordereddict.Dict, key string) string {
	if d == nil {
		return ""
	}
	v, _ := d.Get(key)
	s, _ := text(v)
	return s
}
