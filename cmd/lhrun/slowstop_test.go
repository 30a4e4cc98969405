package main

import (
	"net"
	"os"
	"os/signal"
	"syscall"
	"time"
)

// slowstop is a service that takes 300 ms to stop. It writes a file named overlap
// when another one of its service is alive, and conflict when its port is taken.
func slowstop() {
	stop := make(chan os.Signal, 1)
	signal.Notify(stop, syscall.SIGTERM)
	alive, err := os.OpenFile("alive-"+os.Getenv("LHRUN_SERVICE"), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = syscall.Flock(int(alive.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		complain("overlap", err)
	}
	l, err := net.Listen("tcp", net.JoinHostPort(os.Getenv("HOST"), os.Getenv("PORT")))
	if err != nil {
		complain("conflict", err)
	}
	<-stop
	_ = l.Close()
	time.Sleep(300 * time.Millisecond)
}

func complain(file string, err error) {
	_ = os.WriteFile(file, []byte(err.Error()), 0o600)
	os.Exit(1)
}
