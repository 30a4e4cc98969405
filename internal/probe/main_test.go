package probe

import (
	"fmt"
	"net"
	"os"
	"testing"

	"go.uber.org/goleak"
)

// TestMain makes the test binary a program that notifies when $PROBE_TEST_SEND
// says what to send.
func TestMain(m *testing.M) {
	if text, ok := os.LookupEnv("PROBE_TEST_SEND"); ok {
		if err := send(os.Getenv("NOTIFY_SOCKET"), text); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		fmt.Println("sent")
		if os.Getenv("PROBE_TEST_STAY") != "" {
			// Until the test closes the other end.
			_, _ = os.Stdin.Read(make([]byte, 1))
		}
		os.Exit(0)
	}
	goleak.VerifyTestMain(m)
}

// send sends one datagram, as a program that knows sd_notify does.
func send(path, text string) error {
	conn, err := net.DialUnix("unixgram", nil, &net.UnixAddr{Name: path, Net: "unixgram"})
	if err != nil {
		return err
	}
	defer conn.Close()
	_, err = conn.Write([]byte(text))
	return err
}
