package initfile

import (
	"path"
	"strings"
)

// local is a table that runs, without a container, the program that an image is
// known for. Data goes below .data, a directory per service.
func local(image, name string, env []variable) (service, bool) {
	get := func(key, fallback string) string {
		for _, v := range env {
			if v.key == key && plainWord().MatchString(v.value) {
				return v.value
			}
		}
		return fallback
	}
	s := service{name: name, comment: []string{"In place of image " + image + "."}}
	data := shellWord(".data/" + serviceName(name))
	switch imageName(image) {
	case "postgres", "postgresql", "postgis", "pgvector":
		s.postgres(data, get("POSTGRES_USER", "postgres"), get("POSTGRES_DB", ""))
	case "redis":
		s.command = "redis-server --bind $HOST --port $PORT --save ''"
		s.url = "redis://{{host}}:{{port}}"
	case "valkey":
		s.command = "valkey-server --bind $HOST --port $PORT --save ''"
		s.url = "redis://{{host}}:{{port}}"
	case "mysql":
		s.mysql(data, "mysqld --initialize-insecure --datadir="+data, "mysqld", get("MYSQL_DATABASE", ""))
	case "mariadb":
		s.mysql(data, "mariadb-install-db --auth-root-authentication-method=normal --datadir="+data, "mariadbd",
			get("MARIADB_DATABASE", get("MYSQL_DATABASE", "")))
	case "mongo", "mongodb":
		s.command = lines("mkdir -p "+data, "exec mongod --dbpath "+data+" --bind_ip $HOST --port $PORT")
		s.url = "mongodb://{{host}}:{{port}}"
	case "memcached":
		s.command = "memcached -l $HOST -p $PORT"
		s.url = "{{host}}:{{port}}"
	case "nats":
		s.command = "nats-server -a $HOST -p $PORT"
		s.url = "nats://{{host}}:{{port}}"
	case "minio":
		s.command = "minio server " + data + " --address $HOST:$PORT --console-address $HOST:$PORT_CONSOLE"
		s.ports = []string{"console"}
	case "mailpit":
		s.command = "mailpit --listen $HOST:$PORT --smtp $HOST:$PORT_SMTP"
		s.ports = []string{"smtp"}
	case "nginx":
		s.nginx(data)
	default:
		return service{}, false
	}
	return s, true
}

// imageName is the last word of registry/owner/name:tag@digest.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name, _, _ := strings.Cut(path.Base(image), ":")
	return name
}

func (s *service) postgres(data, user, db string) {
	s.comment = append(s.comment, "initdb and postgres have to be in PATH; they refuse to run as root.")
	create := "initdb -D " + data + " -U " + user + " --auth trust --no-sync"
	if db != "" && db != user && db != "postgres" {
		create = lines(create+" &&", `  echo 'CREATE DATABASE "`+db+`"' | postgres --single -D `+data+` postgres >/dev/null`)
	} else {
		db = "postgres"
	}
	s.command = lines("if [ ! -f "+data+"/PG_VERSION ]; then", "  "+create+" || exit", "fi",
		"exec postgres -D "+data+" -k '' -h $HOST -p $PORT")
	s.url = "postgres://" + user + "@{{host}}:{{port}}/" + db
	s.ready = "{ exec = " + quote("pg_isready -q -h $HOST -p $PORT -U "+user+" -d "+db) + " }"
	s.stop = `{ signal = "INT" }`
}

// mysql has its socket in the data directory by a relative name: the whole path
// may be longer than a socket's can be.
func (s *service) mysql(data, create, server, db string) {
	s.comment = append(s.comment, "It has a root user without a password, and refuses to run as root.")
	s.command = lines("if [ ! -d "+data+"/mysql ]; then", "  mkdir -p "+data+" && "+create+" || exit", "fi")
	flags := " --socket=sock --bind-address=$HOST --port=$PORT"
	if server == "mysqld" {
		flags += " --mysqlx=OFF"
	}
	if db != "" {
		s.command = lines(s.command, "echo 'CREATE DATABASE IF NOT EXISTS `"+db+"`;' >"+data+".sql")
		flags += ` --init-file="$PWD"/` + data + ".sql"
	}
	s.command = lines(s.command, "exec "+server+` --datadir="$PWD"/`+data+flags)
	s.url = "mysql://root@{{host}}:{{port}}/" + db
}

// nginx gets a configuration of its own: the one of an image listens on 80.
func (s *service) nginx(data string) {
	s.comment = append(s.comment, "It shows this directory; put your own server block in.")
	s.command = lines("mkdir -p "+data, "cat >"+data+"/nginx.conf <<EOF",
		"daemon off; pid nginx.pid; error_log stderr;",
		"events {}",
		"http {",
		"  access_log /dev/stdout;",
		`  server { listen $HOST:$PORT; root "$PWD"; }`,
		"}",
		"EOF",
		`exec nginx -p "$PWD"/`+data+" -c nginx.conf -e stderr")
}

func lines(l ...string) string { return strings.Join(l, "\n") }
