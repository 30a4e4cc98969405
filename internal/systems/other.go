//go:build !linux || portable

package systems

// Lacking means that this build does without what only Linux gives.
const Lacking = true
