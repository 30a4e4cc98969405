package decode

import (
	"bytes"
	"net"
	"os/exec"
	"strings"
	"testing"
	"time"
)

func TestRedisExchanges(t *testing.T) {
	for name, test := range map[string]struct {
		pieces []piece
		want   []string
	}{
		"get": {[]piece{up("*2\r\n$3\r\nGET\r\n$1\r\nk\r\n"), down("$5\r\nhe\"lo\r\n")},
			[]string{`GET "GET k" status="OK" body="\"he\\\"lo\""`}},
		"inline and pipeline": {[]piece{up("ping\r\nset a 'b c'\r\n\r\nGET a\r\n"), down("+PONG\r\n+OK\r\n$-1\r\n")},
			[]string{`PING "ping" status="PONG" body="PONG"`, `SET "set a \"b c\"" status="OK" body="OK"`, `GET "GET a" status="nil" body="(nil)"`}},
		"error": {[]piece{up("INCR a\r\n"), down("-WRONGTYPE not so\r\n")},
			[]string{`INCR "INCR a" status="WRONGTYPE" failed body="WRONGTYPE not so"`}},
		"nested": {[]piece{up("EXEC\r\n"), down("*3\r\n:1\r\n*2\r\n+OK\r\n-ERR x\r\n*0\r\n")},
			[]string{`EXEC "EXEC" status="OK" body="1) (integer) 1\n2) 1) OK\n   2) (error) ERR x\n3) (empty array)"`}},
		"resp3": {[]piece{up("X\r\n"), down("|1\r\n+ttl\r\n:3\r\n%2\r\n+a\r\n,1.5\r\n+b\r\n~2\r\n#t\r\n(12\r\n"), up("Y\r\n"), down("=7\r\ntxt:abc\r\n"), up("Z\r\n"), down("_\r\n")},
			[]string{`X "X" status="OK" body="1# a => (double) 1.5\n2# b => 1~ (true)\n   2~ (big number) 12"`,
				`Y "Y" status="OK" body="abc"`, `Z "Z" status="nil" body="(nil)"`}},
		"passwords": {[]piece{up("AUTH me s3cret\r\nHELLO 3 AUTH me s3cret SETNAME n\r\nCONFIG SET maxmemory 1 RequirePass s3cret\r\nACL SETUSER u on >s3cret ~*\r\nMIGRATE h 1 k 0 9 AUTH2 me s3cret KEYS a\r\n"), down("+OK\r\n+OK\r\n+OK\r\n+OK\r\n+OK\r\n")},
			[]string{`AUTH "AUTH me (hidden)" status="OK" password="s3cret"! body="OK"`,
				`HELLO "HELLO 3 AUTH me (hidden) SETNAME n" status="OK" password="s3cret"! body="OK"`,
				`CONFIG SET "CONFIG SET maxmemory 1 RequirePass (hidden)" status="OK" requirepass="s3cret"! body="OK"`,
				`ACL SETUSER "ACL SETUSER u on (hidden) ~*" status="OK" password=">s3cret"! body="OK"`,
				`MIGRATE "MIGRATE h 1 k 0 9 AUTH2 me (hidden) KEYS a" status="OK" password="s3cret"! body="OK"`}},
		"a password told": {[]piece{up("CONFIG GET *\r\n"), down("*4\r\n$11\r\nrequirepass\r\n$6\r\ns3cret\r\n$4\r\nport\r\n$1\r\n1\r\n")},
			[]string{`CONFIG GET "CONFIG GET *" status="OK" body="1) \"requirepass\"\n2) \"(hidden)\"\n3) \"port\"\n4) \"1\"" requirepass="s3cret"!`}},
		"no reply": {[]piece{up("CLIENT REPLY OFF\r\nSET a 1\r\nCLIENT REPLY ON\r\nCLIENT REPLY SKIP\r\nSET a 2\r\nGET a\r\n"), down("+OK\r\n$1\r\n2\r\n")},
			[]string{`CLIENT REPLY "CLIENT REPLY OFF" status=""`, `SET "SET a 1" status=""`, `CLIENT REPLY "CLIENT REPLY ON" status="OK" body="OK"`,
				`CLIENT REPLY "CLIENT REPLY SKIP" status=""`, `SET "SET a 2" status=""`, `GET "GET a" status="OK" body="\"2\""`}},
		"subscription": {[]piece{up("SUBSCRIBE a b\r\n"), down("*3\r\n$9\r\nsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$9\r\nsubscribe\r\n$1\r\nb\r\n:2\r\n"),
			down("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n"), up("PING\r\n"), down("*2\r\n$4\r\npong\r\n$0\r\n\r\n"), up("UNSUBSCRIBE\r\n"),
			down("*3\r\n$11\r\nunsubscribe\r\n$1\r\na\r\n:1\r\n*3\r\n$11\r\nunsubscribe\r\n$1\r\nb\r\n:0\r\n"), up("GET a\r\n"), down("*3\r\n$7\r\nmessage\r\n$1\r\na\r\n$2\r\nhi\r\n")},
			[]string{"SUBSCRIBE \"SUBSCRIBE a b\" status=\"OK\" body=\"1) \\\"subscribe\\\"\\n2) \\\"a\\\"\\n3) (integer) 1\\n1) \\\"subscribe\\\"\\n2) \\\"b\\\"\\n3) (integer) 2\" push(1) \"message\"\n2) \"a\"\n3) \"hi\")",
				`PING "PING" status="OK" body="1) \"pong\"\n2) \"\""`,
				`UNSUBSCRIBE "UNSUBSCRIBE" status="OK" body="1) \"unsubscribe\"\n2) \"a\"\n3) (integer) 1\n1) \"unsubscribe\"\n2) \"b\"\n3) (integer) 0"`,
				`GET "GET a" status="OK" body="1) \"message\"\n2) \"a\"\n3) \"hi\""`}},
		"invalidation": {[]piece{up("GET a\r\n"), down(">2\r\n$10\r\ninvalidate\r\n*1\r\n$1\r\nk\r\n$1\r\nv\r\n")},
			[]string{`GET "GET a" status="OK" body="\"v\""`, "PUSH \"invalidate\" status=\"OK\" push(1) \"invalidate\"\n2) 1) \"k\")"}},
		"monitor": {[]piece{up("MONITOR\r\n"), down("+OK\r\n+1.2 [0 x] \"get\"\r\n")},
			[]string{`MONITOR "MONITOR" status="OK" body="OK" push(1.2 [0 x] "get")`}},
		"replication": {[]piece{up("PSYNC ? -1\r\n"), down("+FULLRESYNC x 0\r\n"), down("\x00\x01")},
			[]string{`PSYNC "PSYNC ? -1" status="FULLRESYNC x 0" body="FULLRESYNC x 0" trouble="replication is not decoded"`}},
		"hanging": {[]piece{up("BLPOP a 0\r\n")}, []string{`BLPOP "BLPOP a 0" status="" trouble="the connection was closed"`}},
		"garbage": {[]piece{up("\x16\x03\x01 x\r\nabc")}, []string{` "" status="" trouble="no Redis: neither an array nor a line"`}},
		"mid-stream": {[]piece{down("$1\r\na\r\n"), up("PING\r\n")},
			[]string{` "" status="" trouble="no Redis: a reply without a command"`}},
	} {
		t.Run(name, func(t *testing.T) { wantExchanges(t, newRedis, test.pieces, test.want...) })
	}
}

func TestRedisKeepsTheBeginningOfWhatIsLong(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	all := chunkingsOf(t, newRedis, up("*3\r\n$3\r\nSET\r\n$1\r\na\r\n$1048576\r\n"+long+"\r\n"), down("$1048576\r\n"+long+"\r\n"))
	x := all[0]
	if len(x.Path) > 300 || len(x.Request.Body) != DefaultLimits.Body || len(x.Response.Body) != DefaultLimits.Body {
		t.Errorf("path %d, request %d, response %d", len(x.Path), len(x.Request.Body), len(x.Response.Body))
	}
	if x.Response.Size != 1<<20+2 || x.Response.Wire != 1<<20+12 || x.Request.Wire != 1<<20+13+7+12 {
		t.Errorf("response %d of %d on the wire, request %d", x.Response.Size, x.Response.Wire, x.Request.Wire)
	}
}

func chunkingsOf(t *testing.T, make newDecoder, pieces ...piece) []Exchange {
	t.Helper()
	return feed(t, make, DefaultLimits, pieces, func(n int) int { return min(n, 5000) })
}

func redisServer(t *testing.T) string {
	t.Helper()
	path, err := exec.LookPath("redis-server")
	if err != nil {
		t.Skip("redis-server is not installed")
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	_, port, _ := net.SplitHostPort(l.Addr().String())
	l.Close()
	cmd := exec.Command(path, "--port", port, "--bind", "127.0.0.1", "--save", "", "--appendonly", "no", "--dir", t.TempDir())
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill(); cmd.Wait() })
	awaitPort(t, "127.0.0.1:"+port)
	return "127.0.0.1:" + port
}

func awaitPort(t *testing.T, address string) {
	t.Helper()
	for deadline := time.Now().Add(30 * time.Second); time.Now().Before(deadline); time.Sleep(20 * time.Millisecond) {
		if c, err := net.Dial("tcp", address); err == nil {
			c.Close()
			return
		}
	}
	t.Fatal("nothing listens on", address)
}

const redisScript = `SET a "b c"
RPUSH l 1 two "thr\"ee"
LRANGE l 0 -1
HSET h f v g w
HGETALL h
INCR a
MULTI
SET x 1
LRANGE l 0 1
EXEC
SADD s m
SMEMBERS s
ZADD z 1.5 m
ZSCORE z m
GET nothing
XADD st 1-1 f v
XRANGE st - +
EVAL "return {1,{2,'x'},false}" 0
CONFIG SET requirepass ""
CLIENT SETNAME me
`

// TestRedisLive compares what redis-cli shows with what was told.
func TestRedisLive(t *testing.T) {
	address := redisServer(t)
	for _, mode := range []string{"-2", "-3"} {
		s := newTap(t, address)
		cmd := exec.Command("redis-cli", "-p", s.port(), "--no-raw", mode)
		cmd.Stdin = strings.NewReader(redisScript)
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		conns := s.taken()
		recordOf(t, "redis-cli"+mode+".wire", conns)
		var told []string
		for _, x := range chunkings(t, newRedis, conns[len(conns)-1]) {
			if x.Trouble != "" {
				t.Errorf("%s: trouble %q", x.Path, x.Trouble)
			}
			if x.Method == "HELLO" || x.Method == "COMMAND DOCS" || x.Method == "COMMAND" {
				continue
			}
			text := string(x.Response.Body)
			if x.Failed {
				text = "(error) " + text
			}
			told = append(told, strings.TrimSpace(text))
		}
		shown := strings.ReplaceAll(string(out), "\n\n", "\n")
		if got := strings.Join(told, "\n"); got != strings.TrimSpace(shown) {
			t.Errorf("%s: told\n%s\nredis-cli shows\n%s", mode, got, shown)
		}
		exec.Command("redis-cli", "-p", strings.Split(address, ":")[1], "flushall").Run()
	}
}

func TestRedisPubSubAndMonitorLive(t *testing.T) {
	address := redisServer(t)
	for name, first := range map[string]string{"subscribe": "SUBSCRIBE c\r\n", "resp3": "HELLO 3\r\nPSUBSCRIBE c*\r\n", "monitor": "MONITOR\r\n"} {
		s := newTap(t, address)
		c, err := net.Dial("tcp", s.Addr().String())
		if err != nil {
			t.Fatal(err)
		}
		c.Write([]byte(first))
		await := func(what string) {
			var got []byte
			buf := make([]byte, 4096)
			c.SetReadDeadline(time.Now().Add(30 * time.Second))
			for !bytes.Contains(got, []byte(what)) {
				n, err := c.Read(buf)
				if err != nil {
					t.Fatalf("%s: no %q in %q: %v", name, what, got, err)
				}
				got = append(got, buf[:n]...)
			}
		}
		await(map[string]string{"subscribe": ":1\r\n", "resp3": ":1\r\n", "monitor": "+OK"}[name])
		port := strings.Split(address, ":")[1]
		if err := exec.Command("redis-cli", "-p", port, "publish", "c", "tidings").Run(); err != nil {
			t.Fatal(err)
		}
		await("tidings")
		c.Close()
		conns := s.taken()
		recordOf(t, "redis-"+name+".wire", conns)
		all := chunkings(t, newRedis, conns[0])
		x := all[len(all)-1]
		if len(x.Messages) == 0 || !strings.Contains(string(x.Messages[len(x.Messages)-1].Data), "tidings") || x.Trouble != "" {
			t.Errorf("%s: %s", name, describeAll(all))
		}
	}
}

func FuzzRedis(f *testing.F) { fuzzDecoder(f, newRedis, "redis*.wire") }

func BenchmarkRedisGET(b *testing.B) {
	d := newRedis(DefaultLimits, func(Exchange) {})
	ask, answer := []byte("*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000012\r\n"), []byte("$3\r\nxxx\r\n")
	b.ReportAllocs()
	for b.Loop() {
		d.Read(Up, ask, start)
		d.Read(Down, answer, start)
	}
}

func TestRedisGETIsCheap(t *testing.T) {
	d := newRedis(DefaultLimits, func(Exchange) {})
	ask, answer := []byte("*2\r\n$3\r\nGET\r\n$16\r\nkey:000000000012\r\n"), []byte("$3\r\nxxx\r\n")
	if n := testing.AllocsPerRun(1000, func() { d.Read(Up, ask, start); d.Read(Down, answer, start) }); n > 5 {
		t.Errorf("%v allocations an exchange", n)
	}
}
