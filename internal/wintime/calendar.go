package wintime

// MonthLength gives the number of days of a month, 1 to 12, in the Gregorian
// calendar, which Windows extends to all years.
func MonthLength(year, month int) int {
	switch month {
	case 4, 6, 9, 11:
		return 30
	case 2:
		if year%4 == 0 && (year%100 != 0 || year%400 == 0) {
			return 29
		}
		return 28
	}
	return 31
}
