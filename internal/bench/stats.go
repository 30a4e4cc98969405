package main

import (
	"math"
	"slices"
)

// median of no values is NaN.
func median(values []float64) float64 { return quantile(0.5)(values) }

func worst(values []float64) float64 { return quantile(1)(values) }

// quantile returns a function for the value that a share q of the values does not
// exceed; it takes the nearest one.
func quantile(q float64) func([]float64) float64 {
	return func(values []float64) float64 {
		if len(values) == 0 {
			return math.NaN()
		}
		sorted := slices.Sorted(slices.Values(values))
		i := int(math.Ceil(q*float64(len(sorted)))) - 1
		return sorted[min(max(i, 0), len(sorted)-1)]
	}
}

// ratio is the median of a[i]/b[i] where both were measured in the same rounds,
// so that a slow minute of the machine weighs on both; else of the medians.
func ratio(a, b []float64, stat func([]float64) float64) float64 {
	if len(a) != len(b) || len(a) == 0 {
		return stat(a) / stat(b)
	}
	each := make([]float64, len(a))
	for i := range a {
		each[i] = a[i] / b[i]
	}
	return median(each)
}
