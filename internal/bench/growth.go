package main

import (
	"fmt"
	"io"
	"math"
	"strings"
)

// scale is how much there was of what a row measures: services to start, or lines.
type scale struct {
	n    int
	what string
}

// printGrowth tells what one more costs, for the rows that are of one kind at
// several sizes: what grows faster than linearly shows as numbers that rise.
func printGrowth(w io.Writer, rows []*row, bullet string) {
	var kinds []string
	each := map[string][]string{}
	for _, r := range rows {
		v, limit := r.of(lhrunName), r.of(limitName)
		if r.scale.n == 0 || math.IsNaN(v) {
			continue
		}
		kind := r.scale.what
		if each[kind] == nil {
			kinds = append(kinds, kind)
		}
		n := float64(r.scale.n)
		each[kind] = append(each[kind], fmt.Sprintf("%s (limit %s) of %d", micros(v/n), micros(limit/n), r.scale.n))
	}
	for _, kind := range kinds {
		fmt.Fprintf(w, "%s%s: %s\n", bullet, kind, strings.Join(each[kind], " · "))
	}
}

// micros writes milliseconds of something small.
func micros(v float64) string {
	switch {
	case math.IsNaN(v):
		return "–"
	case v >= 1:
		return millis(v)
	}
	return fmt.Sprintf("%.2f µs", 1000*v)
}
