// Chaos is a service that can be caught at a mistake: it holds locks that no other
// incarnation, and no other service on its port, may get; it numbers its lines and
// writes down, besides, which of them it has written.
package main

import (
	"fmt"
	"math/rand/v2"
	"net"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"
	"time"
)

func main() {
	ledger, service, port := os.Getenv("CHAOS_LEDGER"), os.Getenv("LHRUN_SERVICE"), os.Getenv("PORT")
	who := os.Getenv("LHRUN_PROJECT") + "." + service
	if len(os.Args) > 1 && os.Args[1] == "child" {
		time.Sleep(time.Hour)
	}
	files := []*os.File{hold(ledger, who), hold(ledger, "port-"+port)}
	if strings.Contains(service, "deaf") {
		signal.Ignore(syscall.SIGTERM)
	}
	if strings.Contains(service, "daemon") {
		leaveChild(files)
	}
	if l, err := net.Listen("tcp", "127.0.0.1:"+port); err != nil {
		fmt.Println("cannot listen:", err)
		os.Exit(1)
	} else {
		go serve(l)
	}
	if strings.Contains(service, "crash") {
		time.AfterFunc(time.Duration(200+rand.IntN(2000))*time.Millisecond, func() { os.Exit(1) })
	}
	write(filepath.Join(ledger, "lines", fmt.Sprintf("%s.%d", who, time.Now().UnixNano())))
}

// hold takes a lock that is this process's, and its children's, for life.
func hold(ledger, name string) *os.File {
	f, err := os.OpenFile(filepath.Join(ledger, "locks", name), os.O_CREATE|os.O_RDWR, 0o600)
	if err == nil {
		err = syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	}
	if err != nil {
		text := fmt.Sprintf("%s of %s, pid %d: %v\n", name, os.Getenv("LHRUN_SERVICE"), os.Getpid(), err)
		os.WriteFile(filepath.Join(ledger, "violations", fmt.Sprint(time.Now().UnixNano())), []byte(text), 0o600)
		os.Exit(1)
	}
	return f
}

// leaveChild starts a child in a session of its own that holds the locks too.
func leaveChild(files []*os.File) {
	null, _ := os.Open(os.DevNull)
	fds := []uintptr{null.Fd(), 1, 2}
	for _, f := range files {
		fds = append(fds, f.Fd())
	}
	self, _ := os.Executable()
	syscall.ForkExec(self, []string{self, "child"}, &syscall.ProcAttr{
		Env: os.Environ(), Files: fds, Sys: &syscall.SysProcAttr{Setsid: true},
	})
}

func serve(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		c.Close()
	}
}

// write writes lines NAME N, and after each that the kernel took, N and the time to
// the file NAME.
func write(path string) {
	f, err := os.Create(path)
	if err != nil {
		os.Exit(1)
	}
	for n := 1; ; n++ {
		if _, err := fmt.Printf("%s %d\n", filepath.Base(path), n); err != nil {
			os.Exit(1)
		}
		fmt.Fprintf(f, "%d %d\n", n, time.Now().UnixNano())
		time.Sleep(time.Duration(10+rand.IntN(60)) * time.Millisecond)
	}
}
