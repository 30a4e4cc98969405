package control

import (
	"encoding/json"
	"time"
)

// Time is written as UTC with milliseconds: "2026-01-02T15:04:05.123Z"; the zero
// time as null.
type Time struct{ time.Time }

const timeFormat = "2006-01-02T15:04:05.000Z07:00"

// MarshalJSON writes t.
func (t Time) MarshalJSON() ([]byte, error) {
	if t.IsZero() {
		return []byte("null"), nil
	}
	return json.Marshal(t.UTC().Format(timeFormat))
}

// UnmarshalJSON reads what MarshalJSON wrote, and any other RFC 3339 time.
func (t *Time) UnmarshalJSON(b []byte) error {
	if string(b) == "null" {
		t.Time = time.Time{}
		return nil
	}
	return t.Time.UnmarshalJSON(b)
}

// when is nil for a time that has not come.
func when(t time.Time) *Time {
	if t.IsZero() {
		return nil
	}
	return &Time{t}
}
