// Package stack makes the stack of the first goroutine as large as a verb needs it
// before anything else is initialised. Where it grows step by step it is copied
// three times with ever more on it, and each copy looks every frame up in the tables
// of the program: thirty page faults of the five hundred of `lhrun port`.
package stack

func init() { grow(0) }

// grow is called with 0; only its frame, which makes the stack 32 kB, matters.
//
//go:noinline
func grow(n int) {
	if n > 0 {
		var room [20 << 10]byte
		use(room[:n])
	}
}

//go:noinline
func use(room []byte) { room[0] = 1 }
