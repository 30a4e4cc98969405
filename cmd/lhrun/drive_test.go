package main

import (
	"bytes"
	"path/filepath"
	"sync"
	"testing"
)

// driveScript drives a project through its whole life by verbs, exit codes and JSON
// alone, as an editor or an automated helper does.
const driveScript = `
import json, subprocess, sys, urllib.request
def lhrun(*args, code=0):
    p = subprocess.run([sys.argv[1], *args], capture_output=True, text=True)
    assert p.returncode == code, (args, p.returncode, p.stdout, p.stderr)
    return p.stdout
def facts(*args, code=0): return json.loads(lhrun(*args, '--json', code=code))
def services(*args, code=0): return {s['name']: s for s in facts(*args, code=code)['services']}
def get(url): return urllib.request.urlopen(url).read().decode()

assert facts('ps', code=5)['error']['code'] == 5
assert [s['name'] for s in facts('check')['services']] == ['db', 'migrate', 'api', 'broken']
port = facts('port', 'api')['port']

lhrun('up', '-d', '--timeout', '2m')
ps = facts('ps')
assert ps['project'] == 'shop' and ps['instance'].startswith(sys.argv[2]), ps
s = services('wait', 'db', 'migrate', 'api', '--timeout', '1m')
assert {n: x['state'] for n, x in s.items()} == {'db': 'ready', 'migrate': 'completed', 'api': 'ready'}, s
assert s['api']['port'] == port and s['migrate']['exit_code'] == 0
assert s['api']['url'] == facts('url', 'api')['url'] == facts('env')['API_URL']
assert get(s['api']['url'] + '/hello.txt') == 'hello'

assert facts('why', 'api')['state'] == 'ready'
lhrun('start', 'broken', code=1)
why = facts('why', 'broken')
assert why['state'] == 'failed' and why['exit_code'] == 7 and why['last_lines'] == ['no luck'], why

lhrun('stop', 'api')
assert services('wait', 'api', '--for', 'stopped')['api']['pid'] == 0
lhrun('wait', 'api', code=1)
lhrun('start', 'api')
lhrun('restart', 'db')
s = services('ps')
assert s['db']['restarts'] == 1 and s['api']['port'] == port, s
assert get(s['api']['url'] + '/hello.txt') == 'hello'

assert lhrun('run', '--', 'sh', '-c', 'echo $API_PORT').strip() == str(port)
assert lhrun('exec', '--', 'sh', '-c', 'echo $API_PORT').strip() == str(port)
lhrun('run', '--', 'sh', '-c', 'exit 9', code=9)
assert services('ps')['api']['state'] == 'ready'

lhrun('down')
assert facts('ps', code=5)['error']['code'] == 5
assert facts('why', 'broken', code=5)['exit_code'] == 7
lhrun('down')
print('driven', port)
`

// Twice at once, in the main checkout and in a git worktree: neither meets the other.
func TestAScriptDrivesAProjectThroughItsLifeInTwoWorktreesAtOnce(t *testing.T) {
	need(t, "git", "python3")
	h := newHome(t)
	main := h.checkout("lhrun.toml", `
name = "shop"
dotenv = false
[services.db]
command = "exec $LHRUN serve ."
[services.migrate]
type = "task"
command = "test -n \"$DB_URL\""
depends_on = ["db"]
[services.api]
command = "exec $LHRUN serve ."
depends_on = ["migrate"]
[services.broken]
command = "echo no luck; exit 7"
restart = "no"
ready = { log = "never" }
port = false
autostart = false
`, "hello.txt", "hello")
	other := filepath.Join(t.TempDir(), "feature")
	git(t, main, "init", "-q")
	git(t, main, "add", ".")
	git(t, main, "-c", "user.name=a", "-c", "user.email=a@b", "commit", "-qm", "first")
	git(t, main, "worktree", "add", "-q", other)
	lhrun := lhrunPath(t)
	var all sync.WaitGroup
	said := make([]string, 2)
	for i, dir := range []string{main, other} {
		instance := []string{"main", "feature"}[i]
		all.Go(func() {
			cmd := h.command(dir)
			cmd.Path, cmd.Args = "/usr/bin/env", []string{"env", "python3", "-c", driveScript, lhrun, instance}
			var out bytes.Buffer
			cmd.Stdout, cmd.Stderr = &out, &out
			if err := cmd.Run(); err != nil {
				t.Errorf("in %s: %v\n%s", instance, err, out.String())
				h.output(dir, "down")
			}
			said[i] = out.String()
		})
	}
	all.Wait()
	if said[0] == said[1] {
		t.Errorf("both have one port: %q", said)
	}
	noneLeft(t, main)
	noneLeft(t, other)
}
