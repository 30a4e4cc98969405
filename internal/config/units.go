package config

import (
	"fmt"
	"strconv"
	"strings"
	"time"
)

// duration reads one of Go's durations. What 0 would mean elsewhere is the
// default, so a zero that was written becomes the shortest there is.
func (c *checker) duration(n *node) time.Duration {
	if n == nil {
		return 0
	}
	s, ok := n.scalar.(string)
	if !ok {
		c.wrong(n, `a duration such as "10s"`, fmt.Sprintf("durations are strings with a unit: \"%ss\"", durationDigits(n)))
		return 0
	}
	d, err := time.ParseDuration(s)
	switch {
	case err != nil:
		c.bad(n.pos(), durationHint(s), "%q is not a duration", s)
		return 0
	case d < 0:
		c.bad(n.pos(), "", "the duration %s is negative", s)
		return 0
	}
	return max(d, 1)
}

func durationDigits(n *node) string {
	if _, ok := n.scalar.(int64); ok {
		return n.written()
	}
	return "10"
}

func durationHint(s string) string {
	squeezed := strings.ToLower(strings.ReplaceAll(s, " ", ""))
	number := strings.TrimRight(squeezed, "abcdefghijklmnopqrstuvwxyz")
	unit := ""
	switch squeezed[len(number):] {
	case "", "s", "sec", "secs", "second", "seconds":
		unit = "s"
	case "m", "min", "mins", "minute", "minutes":
		unit = "m"
	case "h", "hour", "hours":
		unit = "h"
	case "ms", "msec", "millis", "milliseconds":
		unit = "ms"
	}
	if _, err := time.ParseDuration(number + unit); err == nil && unit != "" {
		return didYouMean(strconv.Quote(number + unit))
	}
	return `durations look like "300ms", "10s" or "1m30s"`
}

// patience reads a duration that has to be longer than nothing.
func (c *checker) patience(n *node) time.Duration {
	d := c.duration(n)
	if d == 1 {
		c.bad(n.pos(), "", "the duration has to be longer than 0")
		return 0
	}
	return d
}

// size reads bytes: a number, or a string with a unit.
func (c *checker) size(n *node) int64 {
	switch v := n.scalar.(type) {
	case int64:
		if v > 0 {
			return v
		}
	case string:
		if bytes, ok := parseSize(v); ok {
			return bytes
		}
	}
	c.bad(n.pos(), `sizes look like "10MiB" or 1048576`, "%s is not a size in bytes", n.written())
	return 0
}

func parseSize(s string) (int64, bool) {
	s = strings.ToLower(strings.TrimSpace(s))
	digits := strings.TrimRight(s, "abcdefghijklmnopqrstuvwxyz ")
	var unit int64
	switch strings.TrimSpace(s[len(digits):]) {
	case "", "b":
		unit = 1
	case "kb":
		unit = 1e3
	case "mb":
		unit = 1e6
	case "gb":
		unit = 1e9
	case "k", "kib":
		unit = 1 << 10
	case "m", "mib":
		unit = 1 << 20
	case "g", "gib":
		unit = 1 << 30
	}
	number, err := strconv.ParseFloat(digits, 64)
	bytes := number * float64(unit)
	if err != nil || bytes < 1 || bytes > 1<<50 {
		return 0, false
	}
	return int64(bytes), true
}
