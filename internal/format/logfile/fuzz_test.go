package logfile

import "testing"

func FuzzRecords(f *testing.F) {
	f.Add(sample(1))
	f.Add(sample(2))
	f.Add([]byte("RSTR"))
	f.Fuzz(func(t *testing.T, b []byte) { check(t, b) })
}

func FuzzParseRestartPage(f *testing.F) {
	f.Add(sample(1)[:testPage])
	f.Add(sample(2)[:testPage])
	f.Fuzz(func(t *testing.T, b []byte) {
		p, err := ParseRestartPage(b)
		if err != nil {
			if p != (RestartPage{}) {
				t.Fatalf("%+v beside %v", p, err)
			}
			return
		}
		if int(p.SystemPageSize) > len(b) || int(p.DataOffset)+int(p.HeaderLength) > int(p.LogPageSize) || p.SequenceNumberBits < 24 || p.SequenceNumberBits > 54 {
			t.Fatalf("accepted %+v of %d bytes", p, len(b))
		}
	})
}
