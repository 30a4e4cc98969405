package words

import (
	"testing"
	"time"
)

func TestAMomentIsWrittenInManyWays(t *testing.T) {
	zone := time.FixedZone("here", 2*60*60)
	now := time.Date(2026, 3, 1, 10, 30, 0, 0, zone)
	for text, want := range map[string]time.Time{
		"":                     {},
		"10m":                  now.Add(-10 * time.Minute),
		"1h30m":                now.Add(-90 * time.Minute),
		"0s":                   now,
		"1d":                   now.AddDate(0, 0, -1),
		"2w1d12h30m":           now.AddDate(0, 0, -15).Add(-12*time.Hour - 30*time.Minute),
		"0d":                   now,
		"today":                time.Date(2026, 3, 1, 0, 0, 0, 0, zone),
		"yesterday":            time.Date(2026, 2, 28, 0, 0, 0, 0, zone),
		"yesterday 23:15":      time.Date(2026, 2, 28, 23, 15, 0, 0, zone),
		"today 23:00:01":       time.Date(2026, 3, 1, 23, 0, 1, 0, zone),
		"09:15":                time.Date(2026, 3, 1, 9, 15, 0, 0, zone),
		"09:15:30":             time.Date(2026, 3, 1, 9, 15, 30, 0, zone),
		"23:00":                time.Date(2026, 2, 28, 23, 0, 0, 0, zone), // not to come: yesterday
		"2026-02-01":           time.Date(2026, 2, 1, 0, 0, 0, 0, zone),
		"2026-02-01 08:00":     time.Date(2026, 2, 1, 8, 0, 0, 0, zone),
		"2026-02-01T08:00:01":  time.Date(2026, 2, 1, 8, 0, 1, 0, zone),
		"2026-02-01T08:00:01Z": time.Date(2026, 2, 1, 8, 0, 1, 0, time.UTC),
	} {
		got, err := ParseMoment(text, now)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"tomorrow", "yesterday ", "yesterday noon", "-10m", "-1d", "d", "1d1d", "1d1w", "1d-1h", "99999999d", "25:00", "10", "2026-02-30"} {
		if got, err := ParseMoment(text, now); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func FuzzMoment(f *testing.F) {
	for _, seed := range []string{"10m", "1w2d3h", "yesterday 15:04", "15:04", "2026-02-01 08:00", "2026-02-01T08:00:01Z", "-1h", ""} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := ParseMoment(text, now)
		if err != nil && !got.IsZero() {
			t.Errorf("%q: %s and %v", text, got, err)
		}
	})
}
