package main

import (
	"fmt"
	"math"
	"strings"
	"time"
)

// row is one line of the table: what was measured, of whom, and what is wanted.
type row struct {
	Name string
	unit unit
	// stat makes one value of all samples; nil is the median.
	stat func([]float64) float64
	goal goal
	// scale is zero where rows of other sizes are not to be compared.
	scale scale
	// ahead names a peer that lhrun must be faster than, where it is installed.
	ahead   string
	samples map[string][]float64 // by contender
	notes   []string
}

// unit writes a value for people.
type unit func(v float64) string

func millis(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v >= 10_000:
		return fmt.Sprintf("%.1f s", v/1000)
	case v >= 100:
		return fmt.Sprintf("%.0f ms", v)
	case v >= 10:
		return fmt.Sprintf("%.1f ms", v)
	}
	return fmt.Sprintf("%.2f ms", v)
}

func megabytes(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.1f MB", v)
}

func percent(v float64) string {
	if math.IsNaN(v) {
		return "–"
	}
	return fmt.Sprintf("%.2f%%", v)
}

// ms is d in milliseconds.
func ms(d time.Duration) float64 { return float64(d) / float64(time.Millisecond) }

// trim takes the zeros after the point away: "3 ms".
func trim(text string) string {
	number, unit, _ := strings.Cut(text, " ")
	if strings.Contains(number, ".") {
		number = strings.TrimRight(strings.TrimRight(number, "0"), ".")
	}
	return number + " " + unit
}

// goal is what lhrun has to reach. The zero value is none.
type goal struct {
	text string
	// met is given lhrun's value, its ratio to the limit and the limit's value.
	met func(value, ratio, limit float64) bool
}

func atMostTimes(x float64) goal {
	return goal{fmt.Sprintf("≤ %g ×", x), func(_, ratio, _ float64) bool { return ratio <= x }}
}

func atMostMore(more float64, u unit) goal {
	return goal{"≤ +" + trim(u(more)), func(v, _, limit float64) bool { return v-limit <= more }}
}

func atMost(most float64, u unit) goal {
	return goal{"≤ " + trim(u(most)), func(v, _, _ float64) bool { return v <= most }}
}

// nothing is a value that is 0.0 when written with one digit.
func nothing() goal {
	return goal{"0.0%", func(v, _, _ float64) bool { return v < 0.05 }}
}

func (r *row) add(who string, values ...float64) {
	if r.samples == nil {
		r.samples = map[string][]float64{}
	}
	r.samples[who] = append(r.samples[who], values...)
}

// note keeps a remark once.
func (r *row) note(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for _, n := range r.notes {
		if n == text {
			return
		}
	}
	r.notes = append(r.notes, text)
}

func (r *row) of(who string) float64 {
	if r.stat != nil {
		return r.stat(r.samples[who])
	}
	return median(r.samples[who])
}

// times is how many times the limit who takes; NaN where one was not measured.
func (r *row) times(who string) float64 {
	stat := r.stat
	if stat == nil {
		return ratio(r.samples[who], r.samples[limitName], median)
	}
	return stat(r.samples[who]) / stat(r.samples[limitName])
}

// verdict is "yes", "no", or "" where there is no goal or nothing was measured.
func (r *row) verdict() string {
	v := r.of(lhrunName)
	if r.goal.met == nil || math.IsNaN(v) {
		return ""
	}
	ok := r.goal.met(v, r.times(lhrunName), r.of(limitName))
	if peer := r.of(r.ahead); r.ahead != "" && !math.IsNaN(peer) {
		ok = ok && v < peer
	}
	if ok {
		return "yes"
	}
	return "no"
}
