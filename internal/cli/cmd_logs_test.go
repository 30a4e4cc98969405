package cli

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
		"09:15":                time.Date(2026, 3, 1, 9, 15, 0, 0, zone),
		"09:15:30":             time.Date(2026, 3, 1, 9, 15, 30, 0, zone),
		"23:00":                time.Date(2026, 2, 28, 23, 0, 0, 0, zone), // not to come: yesterday
		"2026-02-01":           time.Date(2026, 2, 1, 0, 0, 0, 0, zone),
		"2026-02-01 08:00":     time.Date(2026, 2, 1, 8, 0, 0, 0, zone),
		"2026-02-01T08:00:01":  time.Date(2026, 2, 1, 8, 0, 1, 0, zone),
		"2026-02-01T08:00:01Z": time.Date(2026, 2, 1, 8, 0, 1, 0, time.UTC),
	} {
		got, err := parseMoment(text, now)
		if err != nil || !got.Equal(want) {
			t.Errorf("%q: %s, %v; want %s", text, got, err, want)
		}
	}
	for _, text := range []string{"yesterday", "-10m", "25:00", "10", "2026-02-30"} {
		if got, err := parseMoment(text, now); err == nil {
			t.Errorf("%q is %s", text, got)
		}
	}
}

func FuzzMoment(f *testing.F) {
	for _, seed := range []string{"10m", "15:04", "2026-02-01 08:00", "2026-02-01T08:00:01Z", "-1h", ""} {
		f.Add(seed)
	}
	now := time.Date(2026, 3, 1, 10, 30, 0, 0, time.UTC)
	f.Fuzz(func(t *testing.T, text string) {
		got, err := parseMoment(text, now)
		if err != nil && !got.IsZero() {
			t.Errorf("%q: %s and %v", text, got, err)
		}
	})
}
