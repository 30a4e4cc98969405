//go:build linux || darwin || freebsd

package proc

import (
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"os/signal"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"

	"golang.org/x/sys/unix"
)

// playMore is the second half of play: terminals, descriptors, whole supervisors.
func playMore(role string, args []string) {
	switch role {
	case "size":
		playSize()
	case "fds":
		playFiles()
	case "input": // says what it reads, and when its input ends
		say("ready", os.Getpid())
		playInput()
	case "die-of":
		got := make(chan os.Signal, 1)
		signal.Notify(got) // Go handles them all.
		n, _ := strconv.Atoi(args[0])
		DieOf(syscall.Signal(n))
	case "heir": // its child has the same input
		env := append(roleless(), roleKey+"=input")
		syscall.ForkExec(os.Args[0], os.Args[:1], &syscall.ProcAttr{Env: env, Files: []uintptr{0, 1, 1}})
		forever()
	case "input-flags":
		if args[0] == "set" {
			syscall.SetNonblock(0, true)
			say("ready", os.Getpid())
			forever()
		}
		status, _ := unix.FcntlInt(0, unix.F_GETFL, 0)
		fmt.Println("nonblocking", status&unix.O_NONBLOCK != 0)
	case "terminal":
		_, err := os.Open("/dev/tty")
		fmt.Println("terminal", errors.Is(err, unix.ENXIO), unix.Getpgrp() == os.Getpid())
	case "own-pid":
		fmt.Println("pid", os.Getpid(), os.Getenv("MY_PID"))
		fmt.Println("name", os.Args[0])
		fmt.Println("odd", os.Getenv("a.b-c"))
		playFiles()
		status, _ := unix.FcntlInt(3, unix.F_GETFL, 0)
		fmt.Println("three", status&unix.O_NONBLOCK == 0)
	case "signals":
		status, _ := os.ReadFile("/proc/self/status")
		for line := range strings.Lines(string(status)) {
			if strings.HasPrefix(line, "SigIgn:") || strings.HasPrefix(line, "SigBlk:") {
				fmt.Print(line)
			}
		}
	case "guard":
		end, err := Guard(GuardOptions{Args: os.Args[:1], Env: append(roleless(), roleKey+"="+strings.Join(args, " "))})
		if err != nil {
			fmt.Println(err)
			end.Code = 99
		}
		os.Exit(end.Code)
	case "same-group":
		end, err := Guard(GuardOptions{SameGroup: true, Args: os.Args[:1], Env: append(roleless(), roleKey+"="+strings.Join(args, " "))})
		if err != nil {
			fmt.Println(err)
			end.Code = 99
		}
		os.Exit(end.Code)
	case "supervisor":
		playSupervisor(args)
	case "runner":
		playRunner()
	case "member":
		playMember()
	case "slow-supervisor":
		say("born", os.Getpid())
		time.Sleep(300 * time.Millisecond)
		playSupervisor(args)
	case "detaching":
		playDetaching(args[0])
	case "far":
		say("detached", os.Getpid())
		forever()
	case "exit-by-kill":
		Guarded()
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
		forever()
	case "accident":
		_, ok := Guarded()
		fmt.Println("guarded", ok, os.Getenv(guardKey) == "", openFile(3))
	case "headroom":
		Guarded()
		fmt.Println("last", openFile(1023))
		fmt.Println("first", tableSize())
		ReserveDescriptors(3000)
		for range 500 {
			if tableSize() >= 3000 {
				break
			}
			time.Sleep(10 * time.Millisecond)
		}
		fmt.Println("then", tableSize())
	case "reckless": // a supervisor without guard that says what it started
		playReckless(args)
	case "few":
		playFew(args)
	case "host": // embeds a Table, and gets no orphans
		playHost(args)
	}
}

// tableSize returns how many descriptors this program's table holds.
func tableSize() int {
	status, _ := os.ReadFile("/proc/self/status")
	_, size, _ := strings.Cut(string(status), "FDSize:")
	size, _, _ = strings.Cut(size, "\n")
	n, _ := strconv.Atoi(strings.TrimSpace(size))
	return n
}

func roleless() []string {
	return slices.DeleteFunc(os.Environ(), func(pair string) bool { return strings.HasPrefix(pair, roleKey+"=") })
}

func playInput() {
	for b := make([]byte, 1); ; {
		n, err := syscall.Read(0, b)
		switch {
		case errors.Is(err, syscall.EINTR):
		case n <= 0:
			fmt.Println("end", n, err)
			return
		default:
			fmt.Println("got", b[0])
		}
	}
}

func playSize() {
	changed := make(chan os.Signal, 10)
	signal.Notify(changed, unix.SIGWINCH)
	for {
		ws, err := unix.IoctlGetWinsize(0, unix.TIOCGWINSZ)
		if err != nil {
			fmt.Println("size", err)
			return
		}
		fmt.Println("size", ws.Row, ws.Col)
		<-changed
	}
}

// playFiles names the descriptors that came through exec.
func playFiles() {
	var inherited []string
	for fd := range 500 {
		flags, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
		if err == nil && flags&unix.FD_CLOEXEC == 0 {
			inherited = append(inherited, fmt.Sprint(fd))
		}
	}
	fmt.Println("files", strings.Join(inherited, " "))
	status, _ := unix.FcntlInt(1, unix.F_GETFL, 0)
	fmt.Println("blocking", status&unix.O_NONBLOCK == 0)
}

func openFile(fd int) bool {
	_, err := unix.FcntlInt(uintptr(fd), unix.F_GETFD, 0)
	return err == nil
}

// playSupervisor starts services and tells what signals it gets. TERM ends it
// with code 7.
func playSupervisor(services []string) {
	side, ok := Guarded()
	if !ok {
		fmt.Println("not guarded")
		os.Exit(98)
	}
	BecomeSubreaper()
	table := NewTable()
	for _, service := range services {
		s := roleSpec(strings.ReplaceAll(service, "/", " "))
		s.Env = append(s.Env, markKey+os.Getenv(markName)) // the guard's
		s.Output = os.Stdout
		if _, err := table.Start(s); err != nil {
			fmt.Println(err)
		}
	}
	say("supervisor", os.Getpid())
	say("guard", side.Guard().PID)
	for {
		select {
		case <-side.Lost():
			table.Close()
			os.Exit(6)
		case sig := <-side.Signals():
			fmt.Println("got", sig)
			if sig == syscall.SIGTERM {
				table.Close()
				os.Exit(7)
			}
		}
	}
}

// playDetaching is a supervisor that detaches a program, starts another, and ends at a
// signal.
func playDetaching(end string) {
	side, ok := Guarded()
	if !ok {
		fmt.Println("not guarded")
		os.Exit(98)
	}
	fmt.Println("run", side.Run())
	other := exec.Command(os.Args[0])
	other.Env = append(roleless(), roleKey+"=sleep")
	err := other.Start()
	say("other", other.Process.Pid)
	if _, err2 := side.Detach(os.Args[:1], append(roleless(), roleKey+"=far"), os.Stdin, os.Stdout, os.Stderr); err != nil || err2 != nil {
		fmt.Println(err, err2)
	}
	<-side.Signals()
	if end == "killed" {
		syscall.Kill(os.Getpid(), syscall.SIGKILL)
	}
	os.Exit(0)
}

// playRunner starts a command in its own group and tells what signals arrive. TERM
// that only one process got ends it with code 7.
func playRunner() {
	side, ok := Guarded()
	if !ok {
		fmt.Println("not guarded")
		os.Exit(98)
	}
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(roleless(), roleKey+"=member")
	cmd.Stdout = os.Stdout
	if err := cmd.Start(); err != nil {
		fmt.Println(err)
	}
	say("runner", os.Getpid())
	for {
		select {
		case <-side.Lost():
			os.Exit(6)
		case a := <-side.Arrivals():
			fmt.Println("got", a.Signal, a.Group)
			if a.Signal == syscall.SIGTERM && !a.Group {
				os.Exit(7)
			}
		}
	}
}

// playMember says each signal that it gets itself.
func playMember() {
	got := make(chan os.Signal, 10)
	signal.Notify(got, unix.SIGINT, unix.SIGTERM, unix.SIGUSR1, unix.SIGWINCH)
	say("member", os.Getpid())
	for sig := range got {
		fmt.Println("member-got", sig)
	}
}

func playReckless(services []string) {
	table := NewTable()
	started := map[string]*Process{}
	for _, service := range services {
		s := roleSpec(strings.ReplaceAll(service, "/", " "))
		s.OpenStdin = true
		p, err := table.Start(s)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		started[service] = p
		go io.Copy(os.Stdout, p.Output())
	}
	asked := make(chan os.Signal, 10)
	signal.Notify(asked, unix.SIGUSR1)
	say("awake", os.Getpid())
	for range asked {
		r := Record{Run: table.RunID(), Supervisor: Self()}
		for service, p := range started {
			for _, id := range p.Members() {
				r.Processes = append(r.Processes, Owned{Service: service, ID: id, Mark: p.Mark(), Pipe: p.Pipe()})
			}
		}
		text, _ := json.Marshal(r)
		fmt.Printf("record %s\n", text)
	}
}

// playHost ends a daemon that became somebody else's child, and tells whether it
// has succeeded.
func playHost(args []string) {
	table := NewTable()
	defer table.Close()
	p, err := table.Start(roleSpec("daemon " + args[0]))
	if err != nil {
		fmt.Println(err)
		return
	}
	var pid int
	if _, err := fmt.Fscanf(p.Output(), "ready %d\n", &pid); err != nil {
		fmt.Println(err)
		return
	}
	daemon, _ := readStat(pid)
	tree := false // a look may come in the instant of its exec
	for end := time.Now().Add(patience); !tree && time.Now().Before(end); time.Sleep(time.Millisecond) {
		tree = slices.Contains(p.Tree(), pid)
	}
	p.End(syscall.SIGTERM, time.Minute, nil)
	fmt.Println("host", tree, Alive(daemon.ID), getsOrphans())
}
