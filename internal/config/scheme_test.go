package config

import (
	"slices"
	"strings"
	"testing"
)

func TestDefaultURLByProgramOrImage(t *testing.T) {
	for command, want := range map[string]string{
		"'./serve'":                                  "http",
		"'redis-server --port $PORT'":                "redis",
		"'/usr/bin/valkey-server'":                   "redis",
		"'A=1 B=\"x\" exec nohup redis-server'":      "redis",
		"'env A=1 mongod'":                           "mongodb",
		"['env', 'A=1', 'rabbitmq-server']":          "amqp",
		"['/opt/pg/bin/postgres', '-p', '{{port}}']": "postgres",
		"'mysqld_safe --port=$PORT'":                 "mysql",
		"'mariadbd'":                                 "mysql",
		"'nats-server -p $PORT'":                     "nats",
		"'redis-cli -p $PORT monitor'":               "http",
		"'mysql'":                                    "http",
		"'./wait-for redis-server'":                  "http",
		"'./api | tee redis-server'":                 "http",
		"'find . -exec mongod'":                      "http",
		"'docker exec postgres psql'":                "http",
		"'docker compose up'":                        "http",
		"'docker run'":                               "http",
		"'docker run postgres:16'":                   "postgres",
		"'docker run --rm -it -p $PORT:5432 -eA=b --name redis ghcr.io/x/postgis@sha256:ab'":            "postgres",
		"'exec podman container run -dp $PORT:6379 --network=x docker.io/library/redis'":                "redis",
		"['docker', 'run', '-e', 'X=redis', 'rabbitmq:3-management']":                                   "amqp",
		"'docker run --name postgres api'":                                                              "http",
		"'docker run -p'":                                                                               "http",
		"'''\nmkdir -p .data && initdb -D .data || exit\nif true; then exec postgres -D .data; fi\n'''": "postgres",
		"'''\n# redis\nredis-server \\\n  --port 1\n'''":                                                "redis",
		"'# nothing'": "http",
		"'A=1'":       "http",
	} {
		r := resolved(t, alone("[services.a]\ncommand = "+command+"\n[services.b]\ncommand='x'\nenv={U='{{a.url}}'}"))
		url := want + "://127.0.0.1:21001"
		r.has(t, "b", "A_URL="+url, "U="+url)
		if got := r.serviceOf(t, "a").URL; got != url {
			t.Errorf("%s: %s, want %s", command, got, url)
		}
		// What an outer lhrun says of its own a is no choice of anybody's.
		r = resolved(t, alone("[services.a]\ncommand = "+command), "A_HOST=127.0.0.1", "A_PORT=29999", "A_URL="+want+"://127.0.0.1:29999")
		r.has(t, "a", "A_URL="+url)
	}
}

func FuzzScheme(f *testing.F) {
	for _, seed := range []string{"", "exec", "docker run", "docker run -", "env A=1", "a;;b&&{(|", "\\\n", "podman container run -it --x redis"} {
		f.Add(seed)
	}
	known := []string{"http", "redis", "postgres", "mysql", "amqp", "nats", "mongodb"}
	f.Fuzz(func(t *testing.T, text string) {
		var argv []Text
		for _, word := range strings.Fields(text) {
			argv = append(argv, Text{Raw: word})
		}
		for _, c := range []Command{{Shell: true, Args: []Text{{Raw: text}}}, {Args: argv}} {
			if got := scheme(c); !slices.Contains(known, got) {
				t.Fatalf("%q: %q", text, got)
			}
		}
	})
}
