package control

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"path/filepath"
	"time"
)

// stranger is the uid of another real user.
const stranger = 65534

// tryRole tells what a user can do at a socket that another has.
func tryRole(path string) {
	_, err := Dial(context.Background(), path)
	fmt.Println("dial:", err)
	conn, err := net.Dial("unix", path)
	fmt.Println("connect:", err)
	if err == nil {
		_ = conn.SetDeadline(time.Now().Add(patience))
		_, _ = io.WriteString(conn, "GET /snapshot HTTP/1.1\r\n"+head+"\r\n")
		answer, err := io.ReadAll(conn)
		if errors.Is(err, os.ErrDeadlineExceeded) {
			fmt.Println("hangs")
		}
		fmt.Printf("answer: %q\n", answer)
	}
	entries, err := os.ReadDir(filepath.Dir(path))
	fmt.Println("list:", len(entries), err)
	err = os.Remove(path)
	fmt.Println("remove:", err)
}
