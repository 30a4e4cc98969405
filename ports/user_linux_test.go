//go:build !portable

package ports

import (
	"bufio"
	"encoding/json"
	"fmt"
	"os"
	"strconv"
	"strings"
	"testing"
)

// askRole tells what one user sees of a port that pid has.
func askRole(in *bufio.Scanner) error {
	in.Scan()
	port, pid, _ := strings.Cut(in.Text(), " ")
	var a answers
	n, err := strconv.Atoi(port)
	if err != nil {
		return err
	}
	p, err := strconv.Atoi(pid)
	if err != nil {
		return err
	}
	if a.Who, err = Who(n); err != nil {
		return err
	}
	t := newTable()
	defer t.close()
	all, err := t.listeners()
	if err != nil {
		return err
	}
	for _, s := range all {
		if int(s.Addr.Port()) == n {
			a.Owned = t.owned([]int{p}, []socket{s})[s.Listener]
			a.Likely = t.likely([]int{p}, s)
			a.Unlikely = !t.likely([]int{os.Getpid()}, s)
		}
	}
	who, held := sockets{}.holder(n)
	if a.Held = held; held {
		a.Lessee = who.Holder
	}
	return json.NewEncoder(os.Stdout).Encode(a)
}

type answers struct {
	Who    []Holder
	Held   bool
	Lessee Holder
	// Owned and Likely are about pid, Unlikely about the one that asks.
	Owned, Likely, Unlikely bool
}

// holdRole leases a port and listens on it.
func holdRole(in *bufio.Scanner) error {
	in.Scan()
	port, err := strconv.Atoi(in.Text())
	if err != nil {
		return err
	}
	if _, err := (sockets{&limiter{}}).hold(port, identity{"secret", "main", "api", "", "/src/secret", os.Getpid()}); err != nil {
		return err
	}
	l, err := listenOn(loopback(port))
	if err != nil {
		return err
	}
	go l.Accept()
	return nil
}

func TestOtherUsersSeeWhoButNotWhichProject(t *testing.T) {
	if os.Geteuid() != 0 {
		t.Skip("only root can become other users")
	}
	const holder, stranger = 65001, 65002
	port := freePort(t)
	hold := spawn(t, "hold", fmt.Sprintf("%s=%d", uidVar, holder))
	hold.say(strconv.Itoa(port))
	if line := hold.hear(); line != "ready" {
		t.Fatal(line)
	}
	for _, c := range []struct {
		uid   int
		knows string
	}{
		{stranger, ""},
		{holder, "secret"}, // who became another user hides its files even from that user
		{0, "secret"},
	} {
		ask := spawn(t, "ask", fmt.Sprintf("%s=%d", uidVar, c.uid))
		ask.say(fmt.Sprint(port, " ", hold.pid()))
		var a answers
		if err := json.Unmarshal([]byte(ask.hear()), &a); err != nil {
			t.Fatal(err)
		}
		if !a.Held || a.Lessee.PID != hold.pid() || a.Lessee.User != strconv.Itoa(holder) || a.Lessee.Project != c.knows {
			t.Errorf("uid %d sees the lessee %+v, %v", c.uid, a.Lessee, a.Held)
		}
		if c.uid == 0 {
			if !a.Owned || len(a.Who) != 1 || a.Who[0].PID != hold.pid() {
				t.Errorf("root sees %+v", a)
			}
			continue
		}
		if a.Owned || !a.Likely || !a.Unlikely {
			t.Errorf("uid %d sees %+v", c.uid, a)
		}
		if len(a.Who) != 1 || a.Who[0].PID != 0 || a.Who[0].User != strconv.Itoa(holder) {
			t.Errorf("uid %d sees the listener %+v", c.uid, a.Who)
		}
	}
}
