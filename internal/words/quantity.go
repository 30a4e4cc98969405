package words

import (
	"fmt"
	"strings"
	"time"
)

// Plural writes a number of things: "1 service", "3 services".
func Plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	if strings.HasSuffix(noun, "s") {
		noun += "e"
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// Short writes a duration with two or three digits: 85ms, 1.2s, 3m20s.
func Short(d time.Duration) string {
	switch {
	case d < 0:
		return "0ms"
	case d < time.Second:
		return fmt.Sprintf("%dms", d.Milliseconds())
	case d < time.Minute:
		return fmt.Sprintf("%.1fs", d.Seconds())
	}
	return d.Round(time.Second).String()
}

// Age writes how long ago something was, in at most two units: 4s, 3m20s, 2h5m, 3d4h.
func Age(d time.Duration) string {
	d = max(0, d)
	sec := int64(d / time.Second)
	switch {
	case sec < 60:
		return fmt.Sprintf("%ds", sec)
	case sec < 3600:
		return units(sec/60, "m", sec%60, "s")
	case sec < 86400:
		return units(sec/3600, "h", sec/60%60, "m")
	}
	return units(sec/86400, "d", sec/3600%24, "h")
}

func units(big int64, unit string, small int64, smaller string) string {
	if small == 0 {
		return fmt.Sprintf("%d%s", big, unit)
	}
	return fmt.Sprintf("%d%s%d%s", big, unit, small, smaller)
}

// Bytes writes an amount of memory in at most four characters: 812K, 3.4M, 34M, 1.2G.
func Bytes(n int64) string {
	v := float64(n) / 1024
	for _, unit := range []string{"K", "M", "G"} {
		switch {
		case v < 9.95 && unit != "K":
			return fmt.Sprintf("%.1f%s", v, unit)
		case v < 999.5:
			return fmt.Sprintf("%.0f%s", v, unit)
		}
		v /= 1024
	}
	return fmt.Sprintf("%.1fT", v)
}
