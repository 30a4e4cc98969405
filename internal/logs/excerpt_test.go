package logs

import (
	"slices"
	"strings"
	"testing"
)

// Each is what a program wrote last, with the lines marked by '>' that say why.
func TestAnExcerptIsTheErrorAndNotItsStack(t *testing.T) {
	for name, text := range map[string]string{
		"ruby": `
> app.rb:3:in 'Object#connect': no database at 5432 (RuntimeError)
	from app.rb:7:in 'block in <main>'
	from app.rb:12:in 'Array#each'
	from app.rb:12:in '<main>'`,
		"rails": `
> => Booting Puma
> /gems/puma-6.4/lib/puma/binder.rb:291:in ` + "`initialize'" + `: Address already in use - bind(2) for "127.0.0.1" port 3000 (Errno::EADDRINUSE)
	from /gems/puma-6.4/lib/puma/binder.rb:291:in ` + "`new'" + `
	from /gems/puma-6.4/lib/puma/binder.rb:291:in ` + "`add_tcp_listener'",
		"node": `
node:internal/modules/cjs/loader:1228
  throw err;
  ^

> Error: Cannot find module '/app/server.js'
    at Function._resolveFilename (node:internal/modules/cjs/loader:1225:15)
    at Function.executeUserEntryPoint [as runMain] (node:internal/modules/run_main:170:5)
    at node:internal/main/run_main_module:36:49 {
  code: 'MODULE_NOT_FOUND',
  requireStack: []
}

Node.js v22.12.0`,
		"node listens": `
> starting
node:events:497
      throw er; // Unhandled 'error' event
      ^

> Error: listen EADDRINUSE: address already in use 127.0.0.1:3000
    at Server.setupListenHandle [as _listen2] (node:net:1908:16)
    at async file:///app/x.mjs:3:1
Emitted 'error' event on Server instance at:
    at emitErrorNT (node:net:1887:8)
    at process.processTicksAndRejections (node:internal/process/task_queues:90:21) {
  code: 'EADDRINUSE',
  errno: -98,
  syscall: 'listen',
  address: '127.0.0.1',
  port: 3000
}

Node.js v22.12.0`,
		"npm around it": `
> error TS2304: Cannot find name 'foo'.
npm error Lifecycle script ` + "`dev`" + ` failed with error:
npm error code 1
npm error path /app/packages/web
npm error workspace web@1.0.0
npm error location /app/packages/web
npm error command failed
npm error command sh -c tsc`,
		"old npm": `
> sh: 1: vite: not found
npm ERR! code ELIFECYCLE
npm ERR! errno 127
npm ERR! web@1.0.0 dev: ` + "`vite`" + `
npm ERR! Exit status 127
npm ERR! A complete log of this run can be found in:`,
		"npm itself": `
> npm error code ENOENT
> npm error syscall open
> npm error path /app/package.json
> npm error errno -2
> npm error enoent Could not read package.json: Error: ENOENT: no such file or directory`,
		"python": `
Traceback (most recent call last):
  File "/app/x.py", line 12, in <module>
    main()
    ~~~~^^
  File "/app/x.py", line 8, in main
    connect(
> ConnectionRefusedError: [Errno 111] Connection refused`,
		"python syntax": `
  File "/app/x.py", line 3
    foo(
       ^
> SyntaxError: '(' was never closed`,
		"go": `
> listening
> panic: runtime error: index out of range [3] with length 3

goroutine 1 [running]:
main.(*server).run(0xc000012345)
	/app/main.go:9 +0x1d
main.main()
	/app/main.go:5 +0x1d
created by main.main in goroutine 1
	/app/main.go:4 +0x2b
exit status 2`,
		"java": `
> Exception in thread "main" java.lang.IllegalStateException: cannot start
	at com.example.App.main(App.java:12)
> Caused by: java.net.ConnectException: Connection refused
	at java.base/sun.nio.ch.Net.connect0(Native Method)
	... 12 more`,
		"rust": `
> thread 'main' panicked at src/main.rs:2:5:
> no route
stack backtrace:
   0: rust_begin_unwind
             at /rustc/abc/library/std/src/panicking.rs:652:5
   1: core::panicking::panic_fmt
             at /rustc/abc/library/core/src/panicking.rs:72:14
note: Some details are omitted, run with ` + "`RUST_BACKTRACE=full`" + ` for a verbose backtrace.`,
		"php": `
> PHP Fatal error:  Uncaught PDOException: could not find driver in /app/index.php:3
Stack trace:
#0 /app/index.php(3): PDO->__construct()
#1 {main}
  thrown in /app/index.php on line 3`,
		"make": `
> main.c:3:1: error: unknown type name 'foo'
make[1]: *** [Makefile:5: main.o] Error 1
make: *** [Makefile:2: all] Error 2`,
		"an error far above": `
before
> ERROR cannot read config.yaml
> line 1
> line 2
> line 3
> line 4
line 5
line 6`,
		"nothing known": `
one
> two
> three
> four
> five
> six`,
		"frames alone": `
    at one (x.js:1:1)
>     at two (x.js:2:1)
>     at three (x.js:3:1)
>     at four (x.js:4:1)
>     at five (x.js:5:1)
>     at six (x.js:6:1)`,
	} {
		var lines, want []string
		for line := range strings.SplitSeq(strings.TrimPrefix(text, "\n"), "\n") {
			line, marked := strings.CutPrefix(line, "> ")
			lines = append(lines, line)
			if marked {
				want = append(want, line)
			}
		}
		got := Excerpt(lines, 5)
		if !slices.Equal(got, want) {
			t.Errorf("%s: got\n%s\nwant\n%s", name, strings.Join(got, "\n"), strings.Join(want, "\n"))
		}
	}
	if Excerpt(nil, 5) != nil || Excerpt([]string{"x"}, 0) != nil || len(Excerpt([]string{"Error: x", "y"}, 1)) != 1 {
		t.Error("of nothing, or no lines of something")
	}
}

func FuzzExcerpt(f *testing.F) {
	f.Add("  File \"x\", line 1\n    y\nError: z\n    at q (a:1:1)\nnpm error x", 3)
	f.Fuzz(func(t *testing.T, text string, n int) {
		lines := strings.Split(text, "\n")
		got := Excerpt(lines, n)
		if len(got) > max(n, 0) || n > 0 && len(got) == 0 {
			t.Fatalf("%d lines of %d, for %d", len(got), len(lines), n)
		}
		for _, line := range got {
			i := slices.Index(lines, line)
			if i < 0 {
				t.Fatalf("%q is none of them, or out of order", line)
			}
			lines = lines[i+1:]
		}
	})
}
