package words

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// momentLayouts are the ways to write a time; one without a day is of the last 24
// hours.
var (
	momentLayouts = []string{
		time.RFC3339, "2006-01-02 15:04:05", "2006-01-02T15:04:05", "2006-01-02 15:04", "2006-01-02T15:04", "2006-01-02",
	}
	clockLayouts = []string{"15:04:05", "15:04"}
)

// ParseMoment reads a time as people write it: a duration before now, a time of the last
// 24 hours, a day or both. "" is the zero time.
func ParseMoment(s string, now time.Time) (time.Time, error) {
	if s == "" {
		return time.Time{}, nil
	}
	if t, ok := parseAge(s, now); ok {
		return t, nil
	}
	if t, ok := parseDay(s, now); ok {
		return t, nil
	}
	for _, layout := range momentLayouts {
		if t, err := time.ParseInLocation(layout, s, now.Location()); err == nil {
			return t, nil
		}
	}
	if t, ok := parseClock(s, now); ok {
		if t.After(now) {
			t = t.AddDate(0, 0, -1)
		}
		return t, nil
	}
	return time.Time{}, fmt.Errorf("cannot be %q: want 10m, 1d, yesterday, 15:04, 2006-01-02, %q or RFC 3339", s, "2006-01-02 15:04")
}

// parseAge reads a duration before now, in which days and weeks come first: 1d12h.
func parseAge(s string, now time.Time) (time.Time, bool) {
	days, rest := 0, s
	for _, unit := range []struct {
		name string
		days int
	}{{"w", 7}, {"d", 1}} {
		number, behind, ok := strings.Cut(rest, unit.name)
		if !ok {
			continue
		}
		n, err := strconv.ParseUint(number, 10, 16)
		if err != nil {
			return time.Time{}, false
		}
		days, rest = days+int(n)*unit.days, behind
	}
	if rest == "" {
		return now.AddDate(0, 0, -days), true
	}
	d, err := time.ParseDuration(rest)
	if err != nil || d < 0 {
		return time.Time{}, false
	}
	return now.AddDate(0, 0, -days).Add(-d), true
}

// parseDay reads today or yesterday, alone or with a time.
func parseDay(s string, now time.Time) (time.Time, bool) {
	word, clock, timed := strings.Cut(s, " ")
	day := now
	switch word {
	case "today":
	case "yesterday":
		day = now.AddDate(0, 0, -1)
	default:
		return time.Time{}, false
	}
	if !timed {
		clock = "00:00"
	}
	return parseClock(clock, day)
}

// parseClock reads a time of a day.
func parseClock(s string, day time.Time) (time.Time, bool) {
	for _, layout := range clockLayouts {
		if t, err := time.Parse(layout, s); err == nil {
			y, m, d := day.Date()
			return time.Date(y, m, d, t.Hour(), t.Minute(), t.Second(), 0, day.Location()), true
		}
	}
	return time.Time{}, false
}
