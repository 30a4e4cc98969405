//go:build unix

// Command service is the work that every contender of the benchmark runs: small,
// and the same for all. It tells the benchmark over a unix socket what it does,
// and ends when that socket does, so that nothing of it outlives the benchmark.
//
//	service NAME PORT [DELAY-MS [flood LINES BYTES | tick EVERY-MS | probe]]
package main

import (
	"os"
	"strconv"
	"syscall"
)

func main() {
	name, port := arg(1), number(2)
	if arg(4) == "probe" {
		probe(port)
		return
	}
	hub := dial(os.Getenv("BENCH_HUB"))
	if delay := number(3); delay > 0 {
		patience(hub, delay)
		wait(hub)
		patience(hub, 0)
	}
	if port != 0 {
		listen(port)
	}
	tell(hub, name, "listening")
	switch arg(4) {
	case "flood":
		wait(hub)
		flood(name, number(5), number(6))
		tell(hub, name, "done")
	case "tick":
		tick(hub, name, number(5))
	}
	for wait(hub) {
	}
}

func arg(i int) string {
	if i < len(os.Args) {
		return os.Args[i]
	}
	return ""
}

// number is 0 for what is not given.
func number(i int) int {
	n, _ := strconv.Atoi(arg(i))
	return n
}

func dial(path string) int {
	fd, err := syscall.Socket(syscall.AF_UNIX, syscall.SOCK_STREAM, 0)
	check(err)
	check(syscall.Connect(fd, &syscall.SockaddrUnix{Name: path}))
	return fd
}

// probe connects to a port, for programs whose readiness checks are commands.
func probe(port int) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	check(err)
	check(syscall.Connect(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
}

func listen(port int) {
	fd, err := syscall.Socket(syscall.AF_INET, syscall.SOCK_STREAM, 0)
	check(err)
	check(syscall.SetsockoptInt(fd, syscall.SOL_SOCKET, syscall.SO_REUSEADDR, 1))
	check(syscall.Bind(fd, &syscall.SockaddrInet4{Port: port, Addr: [4]byte{127, 0, 0, 1}}))
	check(syscall.Listen(fd, 16))
}

// tell sends "NAME PID WHAT NANOSECONDS"; the time is the wall clock's, which all
// processes of the machine share.
func tell(hub int, name, what string) {
	line := name + " " + strconv.Itoa(os.Getpid()) + " " + what + " " + strconv.FormatInt(now(), 10) + "\n"
	_, err := syscall.Write(hub, []byte(line))
	check(err)
}

// wait returns true for a word of the hub and false when a timeout, if one is
// set, is over. It does not return when the hub has gone.
func wait(hub int) bool {
	var b [1]byte
	for {
		n, err := syscall.Read(hub, b[:])
		switch {
		case n > 0:
			return true
		case err == syscall.EINTR:
		case err == syscall.EAGAIN:
			return false
		default:
			os.Exit(0)
		}
	}
}

func now() int64 {
	var t syscall.Timeval
	check(syscall.Gettimeofday(&t))
	return t.Nano()
}

// patience makes wait return after so many milliseconds; 0 is never.
func patience(hub, ms int) {
	t := syscall.NsecToTimeval(int64(ms) * 1e6)
	check(syscall.SetsockoptTimeval(hub, syscall.SOL_SOCKET, syscall.SO_RCVTIMEO, &t))
}

func check(err error) {
	if err != nil {
		os.Stderr.WriteString("service " + arg(1) + ": " + err.Error() + "\n")
		os.Exit(1)
	}
}
