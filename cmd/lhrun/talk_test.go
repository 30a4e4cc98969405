package main

import (
	"bufio"
	"bytes"
	"fmt"
	"io"
	"net"
	"os"
	"strconv"
	"strings"
	"time"
)

// talk is a program that listens on TALK_LISTEN, if that is set, and that makes
// connections as its arguments say, such as 127.0.0.1:80*4*100*2000: four, over each of
// which it sends 100 bytes and gets 2000. It writes "talked" and keeps them.
func talk() {
	if addr := os.Getenv("TALK_LISTEN"); addr != "" {
		l, err := net.Listen("tcp", addr)
		if err != nil {
			fmt.Println(err)
			os.Exit(1)
		}
		go listenTo(l)
	}
	for _, arg := range os.Args[1:] {
		if err := talkTo(arg); err != nil {
			fmt.Println(arg, err)
			os.Exit(1)
		}
	}
	fmt.Println("talked")
	time.Sleep(time.Hour)
}

// listenTo gives each client what its first line asks for, once all of that has come.
func listenTo(l net.Listener) {
	for {
		c, err := l.Accept()
		if err != nil {
			return
		}
		go func() {
			in := bufio.NewReader(c)
			line, _ := in.ReadString('\n')
			var up, down int
			_, _ = fmt.Sscan(line, &up, &down)
			_, _ = io.CopyN(io.Discard, in, int64(up-len(line)))
			_, _ = c.Write(make([]byte, down))
			_, _ = io.Copy(io.Discard, in)
			_ = c.Close()
		}()
	}
}

func talkTo(arg string) error {
	f := strings.Split(arg, "*")
	if len(f) != 4 {
		return fmt.Errorf("not ADDR*N*UP*DOWN")
	}
	var n [3]int
	for i := range n {
		n[i], _ = strconv.Atoi(f[i+1])
	}
	first := fmt.Appendf(nil, "%d %d\n", n[1], n[2])
	for range n[0] {
		c, err := net.Dial("tcp", f[0])
		if err != nil {
			return err
		}
		kept = append(kept, c)
		if _, err := c.Write(append(first, bytes.Repeat([]byte{'.'}, n[1]-len(first))...)); err != nil {
			return err
		}
		if _, err := io.CopyN(io.Discard, c, int64(n[2])); err != nil {
			return err
		}
	}
	return nil
}

// kept keeps the connections of talk from being collected, which would close them.
var kept []net.Conn
