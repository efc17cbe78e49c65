package wintime

import (
	"math"
	"testing"
	"time"
)

func TestFiletimeString(t *testing.T) {
	tests := []struct {
		name string
		ft   Filetime
		want string
	}{
		{"epoch", 0, "1601-01-01T00:00:00.0000000Z"},
		{"one tick", 1, "1601-01-01T00:00:00.0000001Z"},
		{"unix epoch", 116444736000000000, "1970-01-01T00:00:00.0000000Z"},
		{"documented example", 128166372003061629, "2007-02-22T17:00:00.3061629Z"},
		{"after 2262", FromTime(time.Date(2300, 1, 2, 3, 4, 5, 600, time.UTC)), "2300-01-02T03:04:05.0000006Z"},
		{"all bits", math.MaxUint64, "+60056-05-28T05:36:10.9551615Z"},
	}
	for _, tt := range tests {
		if got := tt.ft.String(); got != tt.want {
			t.Errorf("%s: got %s, want %s", tt.name, got, tt.want)
		}
	}
}

func TestFromTimeInvertsTime(t *testing.T) {
	for _, ft := range []Filetime{0, 1, 116444735999999999, 128166372003061629, math.MaxUint64} {
		if got := FromTime(ft.Time()); got != ft {
			t.Errorf("%d came back as %d", ft, got)
		}
	}
	if got := FromTime(time.Date(1600, 1, 1, 0, 0, 0, 0, time.UTC)); got != 0 {
		t.Errorf("before 1601: got %d, want 0", got)
	}
}
