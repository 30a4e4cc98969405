package words

import (
	"testing"
	"time"
)

func TestAge(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0s", 999 * time.Millisecond: "0s", 59 * time.Second: "59s", time.Minute: "1m", 200 * time.Second: "3m20s",
		time.Hour: "1h", 125 * time.Minute: "2h5m", 24 * time.Hour: "1d", 76*time.Hour + time.Minute: "3d4h",
	} {
		if got := Age(d); got != want {
			t.Errorf("Age(%v) is %q, want %q", d, got, want)
		}
	}
}

func TestBytes(t *testing.T) {
	for n, want := range map[int64]string{
		0: "0K", 1 << 10: "1K", 900 << 10: "900K", 1 << 20: "1.0M", 9900 << 10: "9.7M", 34 << 20: "34M", 999 << 20: "999M",
		1200 << 20: "1.2G", 64 << 30: "64G", 2 << 40: "2.0T",
	} {
		if got := Bytes(n); got != want {
			t.Errorf("Bytes(%d) is %q, want %q", n, got, want)
		}
	}
}

func TestShort(t *testing.T) {
	for d, want := range map[time.Duration]string{
		-time.Second: "0ms", 85 * time.Millisecond: "85ms", 1234 * time.Millisecond: "1.2s", 200 * time.Second: "3m20s",
	} {
		if got := Short(d); got != want {
			t.Errorf("Short(%v) is %q, want %q", d, got, want)
		}
	}
}

func TestPlural(t *testing.T) {
	for want, got := range map[string]string{
		"1 service": Plural(1, "service"), "0 services": Plural(0, "service"), "2 processes": Plural(2, "process"),
	} {
		if got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
