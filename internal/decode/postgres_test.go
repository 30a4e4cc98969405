package decode

import (
	"encoding/binary"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
)

// pg makes a message; kind 0 is one without type.
func pg(kind byte, body string) string {
	b := []byte{}
	if kind != 0 {
		b = append(b, kind)
	}
	return string(binary.BigEndian.AppendUint32(b, uint32(len(body)+4))) + body
}

func i16(n int) string { return string(binary.BigEndian.AppendUint16(nil, uint16(n))) }
func i32(n int) string { return string(binary.BigEndian.AppendUint32(nil, uint32(n))) }

const pgReady = "Z\x00\x00\x00\x05I"

func pgStartup() []piece {
	return []piece{up(pg(0, i32(3<<16)+"user\x00me\x00database\x00db\x00\x00")), down(pg('R', i32(0)) + pgReady)}
}

const pgStarted = `STARTUP "db" status="OK" user="me" database="db"`

func pgColumns(columns ...any) string {
	b := i16(len(columns) / 2)
	for i := 0; i < len(columns); i += 2 {
		b += columns[i].(string) + "\x00" + i32(0) + i16(0) + i32(columns[i+1].(int)) + i16(0) + i32(0) + i16(0)
	}
	return pg('T', b)
}

func pgRow(values ...string) string {
	b := i16(len(values))
	for _, v := range values {
		if v == "\x00" {
			b += i32(-1)
			continue
		}
		b += i32(len(v)) + v
	}
	return pg('D', b)
}

func pgError(code string) string {
	return pg('E', "SERROR\x00VERROR\x00C"+code+"\x00Mno such\x00P8\x00\x00")
}

func TestPostgresExchanges(t *testing.T) {
	bind := func(params string) string {
		return pg('B', "\x00s\x00"+params+i16(0))
	}
	describe, execute, sync := pg('D', "P\x00"), pg('E', "\x00"+i32(0)), pg('S', "")
	for name, test := range map[string]struct {
		pieces []piece
		want   []string
	}{
		"simple": {[]piece{up(pg('Q', "select a, b; /* x */ update t\x00")), down(pgColumns("a", oidInt4, "b", oidText) + pgRow("1", "\x00") + pgRow("2", "q\"") + pg('C', "SELECT 2\x00") + pg('C', "UPDATE 3\x00") + pgReady)},
			[]string{`SELECT "select a, b; /* x */ update t" status="SELECT 2; UPDATE 3" row({"a":1,"b":null}) row({"a":2,"b":"q\""})`}},
		"error": {[]piece{up(pg('Q', "-- c\n(bad\x00")), down(pgError("42P01") + pgReady)},
			[]string{`BAD "-- c\n(bad" status="42P01" failed <message="no such" <position="8"`}},
		"extended": {[]piece{
			up(pg('P', "s\x00select $1\x00"+i16(1)+i32(oidInt4)) + pg('D', "Ss\x00") + sync),
			down(pg('1', "") + pg('t', i16(1)+i32(oidInt4)) + pgColumns("n", oidInt4) + pgReady),
			up(bind(i16(1)+i16(1)+i16(1)+i32(4)+i32(7)) + execute + sync),
			down(pg('2', "") + pgRow("7") + pg('C', "SELECT 1\x00") + pgReady)},
			[]string{`PARSE "select $1" status="OK"`, `SELECT "select $1" status="SELECT 1" $1="7" row({"n":7})`}},
		"a statement that was not seen": {[]piece{up(pg('B', "\x00gone\x00"+i16(0)+i16(0)+i16(0)) + execute + sync), down(pg('2', "") + pgRow("a", "\x00") + pg('C', "SELECT 1\x00") + pgReady)},
			[]string{`EXECUTE "statement \"gone\"" status="SELECT 1" row(["a",null])`}},
		"null and text": {[]piece{
			up(pg('P', "s\x00select 1\x00"+i16(0)) + bind(i16(0)+i16(3)+i32(-1)+i32(4)+"NULL"+i32(1)+"x") + describe + execute + sync),
			down(pg('1', "") + pg('2', "") + pg('n', "") + pg('C', "DO\x00") + pgReady)},
			[]string{`SELECT "select 1" status="DO" $1="NULL" $2="'NULL'" $3="x"`}},
		"pipeline with an error": {[]piece{
			up(pg('P', "s\x00insert $1\x00"+i16(0)) + strings.Repeat(bind(i16(0)+i16(0))+execute, 3) + sync + bind(i16(0)+i16(0)) + execute + sync),
			down(pg('1', "") + pg('2', "") + pg('C', "INSERT 0 1\x00") + pg('2', "") + pgError("23505") + pgReady + pg('2', "") + pg('C', "INSERT 0 2\x00") + pgReady)},
			[]string{`INSERT "insert $1" status="INSERT 0 1"`, `INSERT "insert $1" status="23505" failed <message="no such" <position="8"`,
				`INSERT "insert $1" status="" trouble="not run: a call before it in the pipeline failed"`, `INSERT "insert $1" status="INSERT 0 2"`}},
		"error at the end of a transaction": {[]piece{
			up(pg('P', "s\x00insert\x00"+i16(0)) + bind(i16(0)+i16(0)) + execute + sync),
			down(pg('1', "") + pg('2', "") + pg('C', "INSERT 0 1\x00") + pgError("23503") + pgReady)},
			[]string{`INSERT "insert" status="23503" failed <message="no such" <position="8"`}},
		"copy in": {[]piece{up(pg('Q', "copy t from stdin\x00")), down(pg('G', "\x00"+i16(0))), up(pg('d', "1\n") + pg('d', "2\n") + pg('c', "")), down(pg('C', "COPY 2\x00") + pgReady)},
			[]string{`COPY "copy t from stdin" status="COPY 2"`}},
		"copy in, extended": {[]piece{
			up(pg('P', "s\x00copy\x00"+i16(0)) + bind(i16(0)+i16(0)) + execute + sync), down(pg('1', "") + pg('2', "") + pg('G', "\x00"+i16(0))),
			up(pg('d', "1\n") + pg('c', "") + sync), down(pg('C', "COPY 1\x00") + pgReady), up(pg('Q', "x\x00")), down(pg('C', "X\x00") + pgReady)},
			[]string{`COPY "copy" status="COPY 1"`, `X "x" status="X"`}},
		"copy out": {[]piece{up(pg('Q', "copy t to stdout\x00")), down(pg('H', "\x00"+i16(0)) + pg('d', "1\n") + pg('d', "2\n") + pg('c', "") + pg('C', "COPY 2\x00") + pgReady)},
			[]string{`COPY "copy t to stdout" status="COPY 2" body="1\n2\n"`}},
		"notice and notification": {[]piece{up(pg('Q', "do\x00")), down(pg('N', "SNOTICE\x00VNOTICE\x00Mhi\x00\x00") + pg('C', "DO\x00") + pgReady), down(pg('A', i32(1)+"ch\x00pay\x00"))},
			[]string{`DO "do" status="DO" notice(NOTICE: hi)`, `NOTIFICATION "ch pay" status="OK"`}},
		"function": {[]piece{up(pg('F', i32(1598)+i16(0)+i16(0)+i16(0))), down(pg('V', i32(1)+"x") + pgReady)},
			[]string{`FUNCTION "1598" status="OK" body="\x00\x00\x00\x01x"`}},
		"role": {[]piece{up(pg('Q', "create role r password 's3''cret' login\x00")), down(pg('C', "CREATE ROLE\x00") + pgReady)},
			[]string{`CREATE "create role r password (hidden) login" status="CREATE ROLE" password="s3''cret"!`}},
		"replication": {[]piece{up(pg('Q', "START_REPLICATION\x00")), down(pg('W', "\x00"+i16(0))), down("anything")},
			[]string{`START_REPLICATION "START_REPLICATION" status="" trouble="replication is not decoded"`}},
		"hanging": {[]piece{up(pg('Q', "select pg_sleep(9)\x00"))}, []string{`SELECT "select pg_sleep(9)" status="" trouble="the connection was closed"`}},
	} {
		t.Run(name, func(t *testing.T) {
			wantExchanges(t, newPostgres, append(pgStartup(), test.pieces...), append([]string{pgStarted}, test.want...)...)
		})
	}
}

func TestPostgresStarts(t *testing.T) {
	ssl, startup := pg(0, i32(postgresSSL)), pgStartup()
	for name, test := range map[string]struct {
		pieces []piece
		want   string
	}{
		"refused encryption": {append([]piece{up(ssl), down("N")}, startup...), pgStarted},
		"encrypted":          {[]piece{up(ssl), down("S"), up("\x16\x03\x01"), down("\x16")}, `SSLREQUEST "" status="" trouble="encrypted"`},
		"gss":                {[]piece{up(pg(0, i32(postgresGSS))), down("G"), up("abc")}, `GSSENCREQUEST "" status="" trouble="encrypted"`},
		"direct TLS":         {[]piece{up("\x16\x03\x01")}, ` "" status="" trouble="encrypted"`},
		"cancel":             {[]piece{up(pg(0, i32(postgresCancel)+i32(7)+"\x01\x02\x03\x04"))}, `CANCEL "" status="" process_id="7" secret_key="\\x01020304"!`},
		"password": {[]piece{startup[0], down(pg('R', i32(3))), up(pg('p', "s3cret\x00")), down(pg('R', i32(0)) + pgReady)},
			pgStarted + ` password="s3cret"!`},
		"wrong password": {[]piece{startup[0], down(pg('R', i32(3))), up(pg('p', "x\x00")), down(pg('E', "SFATAL\x00VFATAL\x00C28P01\x00Mno\x00\x00"))},
			`STARTUP "db" status="28P01" failed user="me" database="db" password="x"! <message="no"`},
		"sasl": {[]piece{startup[0], down(pg('R', i32(10)+"SCRAM-SHA-256\x00\x00")), up(pg('p', "SCRAM-SHA-256\x00"+i32(1)+"n")), down(pg('R', i32(11)+"r")), up(pg('p', "c")), down(pg('R', i32(12)+"v") + pg('R', i32(0)) + pgReady)},
			pgStarted + ` sasl_mechanism="SCRAM-SHA-256" sasl="n"! sasl="c"!`},
		"garbage":    {[]piece{up("GET / HTTP/1.1\r\n\r\n")}, ` "" status="" trouble="no PostgreSQL: a message of an impossible length"`},
		"mid-stream": {[]piece{down(pgReady)}, ` "" status="" trouble="no PostgreSQL: an answer before a question"`},
	} {
		t.Run(name, func(t *testing.T) { wantExchanges(t, newPostgres, test.pieces, test.want) })
	}
	x := feed(t, newPostgres, DefaultLimits, []piece{up(ssl), down("S"), up("\x16\x03\x01"), down("\x16")}, func(int) int { return 1 })[0]
	if x.Request.Wire != 8+3 || x.Response.Wire != 2 {
		t.Errorf("%d up, %d down are counted of an encrypted connection", x.Request.Wire, x.Response.Wire)
	}
}

func TestPostgresBinaryValues(t *testing.T) {
	for _, test := range []struct {
		oid        int
		bytes, out string
	}{
		{oidBool, "\x01", "true"}, {oidInt2, "\xff\xff", "-1"}, {oidInt4, "\x00\x00\x01\x00", "256"},
		{oidInt8, "\x80\x00\x00\x00\x00\x00\x00\x00", "-9223372036854775808"}, {oidFloat4, "\x3f\xc0\x00\x00", "1.5"},
		{oidFloat8, "\x3f\xf8\x00\x00\x00\x00\x00\x00", "1.5"}, {oidOid, "\xff\xff\xff\xff", "4294967295"},
		{oidUUID, "\x00\x11\x22\x33\x44\x55\x66\x77\x88\x99\xaa\xbb\xcc\xdd\xee\xff", "00112233-4455-6677-8899-aabbccddeeff"},
		{oidText, "text", "text"}, {oidJSONB, "\x01{}", "{}"}, {0, "\xab\x01", `\xab01`}, {oidInt4, "\x01", `\x01`},
	} {
		if got := postgresText([]byte(test.bytes), test.oid, true); got != test.out {
			t.Errorf("type %d: %q, not %q", test.oid, got, test.out)
		}
	}
}

func TestPostgresKeepsTheBeginningOfWhatIsLong(t *testing.T) {
	long := strings.Repeat("x", 1<<20)
	pieces := append(pgStartup(), up(pg('Q', "select '"+long+"'\x00")), down(pgColumns("a", oidText)+pgRow(long)+pgRow("z")+pg('C', "SELECT 2\x00")+pgReady))
	x := chunkingsOf(t, newPostgres, pieces...)[1]
	if len(x.Path) > DefaultLimits.Body+8 || len(x.Messages) != 2 || len(x.Messages[0].Data) > DefaultLimits.Body ||
		x.Messages[0].Size < 1<<20 || string(x.Messages[1].Data) != `{"a":"z"}` || x.Status != "SELECT 2" {
		t.Errorf("path %d, %d rows, status %q", len(x.Path), len(x.Messages), x.Status)
	}
}

func postgresServer(t *testing.T) (address, bin string) {
	t.Helper()
	found, _ := filepath.Glob("/usr/lib/postgresql/*/bin/initdb")
	if len(found) == 0 {
		t.Skip("PostgreSQL is not installed")
	}
	bin = filepath.Dir(found[len(found)-1])
	dir, err := os.MkdirTemp("", "pg")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { os.RemoveAll(dir) })
	var as []string
	if os.Getuid() == 0 {
		as = []string{"setpriv", "--reuid=postgres", "--regid=postgres", "--clear-groups"}
		if err := exec.Command("chown", "postgres", dir).Run(); err != nil {
			t.Skip("no user postgres:", err)
		}
	}
	command := func(arg ...string) *exec.Cmd {
		arg = append(as[:len(as):len(as)], arg...)
		cmd := exec.Command(arg[0], arg[1:]...)
		cmd.Dir = dir
		return cmd
	}
	if out, err := command(bin+"/initdb", "-D", dir+"/d", "-U", "app", "-A", "trust", "-N").CombinedOutput(); err != nil {
		t.Skipf("initdb: %v: %s", err, out)
	}
	l, _ := net.Listen("tcp", "127.0.0.1:0")
	address = l.Addr().String()
	_, port, _ := net.SplitHostPort(address)
	l.Close()
	server := command(bin+"/postgres", "-D", dir+"/d", "-k", "", "-h", "127.0.0.1", "-p", port, "-F")
	if err := server.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { server.Process.Signal(os.Interrupt); server.Wait() })
	awaitPort(t, address)
	for range 300 {
		if exec.Command(bin+"/pg_isready", "-q", "-h", "127.0.0.1", "-p", port).Run() == nil {
			return address, bin
		}
	}
	t.Fatal("PostgreSQL does not get ready")
	return "", ""
}

const psqlScript = `create table t (id int primary key, name text);
insert into t values (1, 'one'), (2, null);
select * from t order by id;
select nothing from t;
copy t from stdin;
3	three
\.
copy t to stdout;
do $$ begin raise notice 'hello'; end $$;
listen ch;
notify ch, 'tidings';
`

// TestPostgresLive compares what psql and pgbench do with what was told.
func TestPostgresLive(t *testing.T) {
	address, bin := postgresServer(t)
	_, port, _ := net.SplitHostPort(address)
	s := newTap(t, address)
	target := []string{"-h", "127.0.0.1", "-p", s.port(), "-U", "app"}
	cmd := exec.Command(bin+"/psql", append(target, "-X", "-q", "-A", "-t", "postgres")...)
	cmd.Stdin = strings.NewReader(psqlScript)
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("psql: %v: %s", err, out)
	}
	conns := s.taken()
	recordOf(t, "postgres-psql.wire", conns)
	told := describeAll(chunkings(t, newPostgres, conns[0]))
	for _, want := range []string{`STARTUP "postgres" status="OK" user="app" database="postgres" application_name="psql"`,
		`CREATE "create table t (id int primary key, name text);" status="CREATE TABLE"`, `status="INSERT 0 2"`,
		`status="SELECT 2" row({"id":1,"name":"one"}) row({"id":2,"name":null})`,
		`status="42703" failed <message="column \"nothing\" does not exist" <position="8"`, `status="COPY 1"`,
		`status="COPY 3" body="1\tone\n2\t\\N\n3\tthree\n"`, `notice(NOTICE: hello)`, `ch tidings`} {
		if !strings.Contains(told, want) {
			t.Errorf("no %s in\n%s", want, told)
		}
	}
	if strings.Contains(told, "trouble") {
		t.Errorf("trouble in\n%s", told)
	}
	if out, err := exec.Command(bin+"/pgbench", "-h", "127.0.0.1", "-p", port, "-U", "app", "-i", "-q", "postgres").CombinedOutput(); err != nil {
		t.Fatalf("pgbench -i: %v: %s", err, out)
	}
	for _, mode := range []string{"simple", "extended", "prepared"} {
		s := newTap(t, address)
		cmd := exec.Command(bin+"/pgbench", "-h", "127.0.0.1", "-p", s.port(), "-U", "app", "-n", "-M", mode, "-t", "5", "-c", "2", "postgres")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("pgbench: %v: %s", err, out)
		}
		conns := s.taken()
		recordOf(t, "postgres-pgbench-"+mode+".wire", conns)
		count := map[string]int{}
		for _, conn := range conns {
			for _, x := range chunkings(t, newPostgres, conn) {
				if x.Trouble != "" || x.Failed || x.Status == "" {
					t.Errorf("%s: %s %q: status %q, trouble %q", mode, x.Method, x.Path, x.Status, x.Trouble)
				}
				count[x.Method]++
			}
		}
		if count["UPDATE"] != 30 || count["INSERT"] != 10 || count["END"] != 10 || count["SELECT"] < 10 {
			t.Errorf("%s: 10 transactions are told as %v", mode, count)
		}
	}
}

func FuzzPostgres(f *testing.F) { fuzzDecoder(f, newPostgres, "postgres*.wire") }

func BenchmarkPgSelect(b *testing.B) {
	d := newPostgres(DefaultLimits, func(Exchange) {})
	for _, p := range pgStartup() {
		d.Read(p.dir, []byte(p.p), start)
	}
	ask := []byte(pg('Q', "select a, b from t where a = 1\x00"))
	answer := []byte(pgColumns("a", oidInt4, "b", oidText) + pgRow("1", "one") + pg('C', "SELECT 1\x00") + pgReady)
	b.ReportAllocs()
	for b.Loop() {
		d.Read(Up, ask, start)
		d.Read(Down, answer, start)
	}
}
