//go:build !linux

package main

import "time"

// Without Linux's /proc nothing is found by its mark; services end with the hub.
func sweep(string) {}

func (s *stage) own() []int { return nil }

const measuresProcesses = false

func cpu([]int) time.Duration { return 0 }

func memory([]int) float64 { return 0 }
