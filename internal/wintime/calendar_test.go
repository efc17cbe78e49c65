package wintime

import (
	"testing"
	"time"
)

func TestMonthLength(t *testing.T) {
	for _, year := range []int{1600, 1601, 1700, 1999, 2000, 2004, 2023, 2100, 2400, 9999, 30827} {
		for month := 1; month <= 12; month++ {
			// The day before the first of the next month.
			want := time.Date(year, time.Month(month+1), 0, 0, 0, 0, 0, time.UTC).Day()
			if got := MonthLength(year, month); got != want {
				t.Errorf("%d-%d: got %d, want %d", year, month, got, want)
			}
		}
	}
}
