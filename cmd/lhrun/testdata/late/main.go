// late listens on $HOST:$PORT, 20 ms after its start, and says when it began and
// when it listened, in nanoseconds of the wall clock.
package main

import (
	"fmt"
	"net"
	"os"
	"time"
)

func main() {
	began := time.Now()
	time.Sleep(20 * time.Millisecond)
	l, err := net.Listen("tcp", net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")))
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
	fmt.Println(began.UnixNano(), time.Now().UnixNano())
	for {
		if c, err := l.Accept(); err == nil {
			_ = c.Close()
		}
	}
}
