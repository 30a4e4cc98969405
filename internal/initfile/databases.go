package initfile

import (
	"path"
	"slices"
	"strings"
)

// postgres is made under another name first, so that a database that was not made
// to its end is made again.
func (s *standIn) postgres() {
	s.keeps("/var/lib/postgresql", "/bitnami")
	user := s.take("postgres", "POSTGRES_USER", "POSTGRESQL_USERNAME")
	db := s.take(user, "POSTGRES_DB", "POSTGRESQL_DATABASE")
	password := s.take("", "POSTGRES_PASSWORD", "POSTGRESQL_PASSWORD")
	options := s.take("", "POSTGRES_INITDB_ARGS")
	s.take("", "POSTGRES_HOST_AUTH_METHOD", "PGUSER", "PGDATABASE", "PGPASSWORD", "PGPORT", "PGDATA")
	s.loseEnv("POSTGRES_", "POSTGRESQL_")
	s.say("It takes any password, and only from this machine.")
	fresh := shellWord(".data/" + serviceName(s.name) + ".new")
	create := "  $as initdb -D " + fresh + " -U " + shellWord(user) + " --auth trust --no-sync " + strings.TrimSpace(options+" >/dev/null &&")
	make := []string{"  rm -rf " + fresh, create}
	if db != "postgres" {
		sql := `CREATE DATABASE "` + strings.ReplaceAll(db, `"`, `""`) + `"`
		make = append(make, "  echo "+shellWord(sql)+" | $as postgres --single -D "+fresh+" postgres >/dev/null &&")
	}
	script := []string{
		`PATH=$PATH:$(ls -d /usr/lib/postgresql/*/bin 2>/dev/null | tail -n 1)`,
		`as= # PostgreSQL refuses to run as root.`,
		`if [ "$(id -u)" = 0 ]; then as='setpriv --reuid=postgres --regid=postgres --init-groups' && install -d -o postgres .data; fi`,
		"mkdir -p .data",
		"if [ ! -f " + s.data + "/PG_VERSION ]; then",
	}
	script = append(script, make...)
	script = append(script, "  mv "+fresh+" "+s.data+" || exit", "fi",
		"exec $as postgres -D "+s.data+" -k '' -h $HOST -p $PORT"+s.flags("-D", "-h", "-p", "-k"))
	s.command = lines(script...)
	login := urlPart(user)
	if password != "" {
		login += ":" + urlPart(password)
	}
	s.url = "postgres://" + login + "@{{host}}:{{port}}/" + urlPart(db)
	s.ready = "{ exec = " + quote("pg_isready -q -h $HOST -p $PORT -U "+shellWord(user)+" -d "+shellWord(db)) + " }"
	s.stop.signal = "INT"
	s.seed("psql -q -v ON_ERROR_STOP=1 -d "+shellWord("{{"+s.name+".url}}")+" -f ", "")
}

// mysqlOnly are flags that MariaDB does not know.
var mysqlOnly = []string{"default-authentication-plugin", "default_authentication_plugin", "mysql-native-password", "mysqlx", "authentication-policy"}

// mysql is MariaDB or MySQL, whichever is installed. Its socket lies in its directory
// by a short name: the whole path may be longer than a socket's can be. Its temporary
// tables lie in a directory of its own, for two that are made at once in /tmp take each
// other's.
func (s *standIn) mysql() {
	s.keeps("/var/lib/mysql", "/bitnami")
	get := func(fallback, key string) string { return s.take(fallback, "MARIADB_"+key, "MYSQL_"+key) }
	root, user, password, db := get("", "ROOT_PASSWORD"), get("", "USER"), get("", "PASSWORD"), get("", "DATABASE")
	get("", "ALLOW_EMPTY_PASSWORD")
	get("", "ALLOW_EMPTY_ROOT_PASSWORD")
	get("", "ROOT_HOST")
	s.loseEnv("MYSQL_", "MARIADB_")
	for i, w := range s.args {
		name, ok := strings.CutPrefix(w.raw, "--")
		if key, _, _ := strings.Cut(name, "="); ok && slices.Contains(mysqlOnly, key) {
			s.args[i] = raw("--loose-" + name)
		}
	}
	s.command = lines(
		`PATH=$PATH:/usr/sbin`,
		`data="$PWD"/`+s.data+` user=$(id -un)`,
		`if [ ! -d "$data/mysql" ]; then`,
		`  rm -rf "$data.new" && mkdir -p "$data.new" "$data.tmp" || exit`,
		`  if command -v mariadb-install-db >/dev/null; then`,
		`    mariadb-install-db --no-defaults --auth-root-authentication-method=normal --skip-test-db --user="$user" --datadir="$data.new" --tmpdir="$data.tmp" >/dev/null`,
		`  else`,
		`    mysqld --no-defaults --initialize-insecure --user="$user" --datadir="$data.new"`,
		`  fi && mv "$data.new" "$data" || exit`,
		`fi`,
		`cat >"$data.sql" <<'END'`,
		mysqlUsers(root, user, password, db)+"END",
		`exec "$(command -v mariadbd || command -v mysqld)" --no-defaults --user="$user" --datadir="$data" --tmpdir="$data.tmp" --socket=sock --pid-file=pid \`,
		`  --bind-address=$HOST --port=$PORT --loose-mysqlx=OFF --init-file="$data.sql"`+s.flags("--port", "--bind-address", "--datadir", "--socket", "--user"))
	if user == "" || user == "root" {
		user, password = "root", root
	}
	login := urlPart(user)
	if password != "" {
		login += ":" + urlPart(password)
	}
	s.url = strings.TrimSuffix("mysql://"+login+"@{{host}}:{{port}}/"+urlPart(db), "/")
	s.ready = "{ exec = " + quote(`"$(command -v mariadb-admin || command -v mysqladmin)" --no-defaults -h $HOST -P $PORT -u root ping`) + " }"
	login = "-u root"
	if root != "" {
		login += " -p" + shellWord(root)
	}
	s.seed("mysql --no-defaults -h {{"+s.name+".host}} -P {{"+s.name+".port}} "+login+" "+shellWord(db)+" <", "")
}

// mysqlUsers are statements that a server may be given at each of its starts.
func mysqlUsers(root, user, password, db string) string {
	text := func(s string) string {
		return "'" + strings.NewReplacer(`\`, `\\`, "'", "''", "\n", " ").Replace(s) + "'"
	}
	name := func(s string) string {
		return "`" + strings.ReplaceAll(strings.ReplaceAll(s, "`", "``"), "\n", " ") + "`"
	}
	var sql strings.Builder
	say := func(statement string) { sql.WriteString(statement + ";\n") }
	say("DROP USER IF EXISTS ''@'localhost'")
	if db != "" {
		say("CREATE DATABASE IF NOT EXISTS " + name(db))
	}
	if user != "" && user != "root" {
		for _, host := range []string{"localhost", "%"} {
			account := text(user) + "@" + text(host)
			say("CREATE USER IF NOT EXISTS " + account + " IDENTIFIED BY " + text(password))
			if db != "" {
				say("GRANT ALL ON " + name(db) + ".* TO " + account)
			}
		}
	}
	if root != "" {
		say("ALTER USER 'root'@'localhost' IDENTIFIED BY " + text(root))
	}
	return sql.String()
}

// seed keeps the files that an image runs once, when its data is new. They become a
// task of their own.
func (s *standIn) seed(command, after string) {
	var steps []string
	for _, m := range s.mounts {
		if m.target != "/docker-entrypoint-initdb.d" && !strings.HasPrefix(m.target, "/docker-entrypoint-initdb.d/") {
			continue
		}
		*m.used = true
		for _, file := range s.d.filesIn(m.host) {
			switch {
			case path.Ext(file) == ".sql":
				steps = append(steps, command+shellWord(literal(file))+after)
			default:
				s.lose("volumes: " + file + ":/docker-entrypoint-initdb.d")
			}
		}
	}
	if len(steps) == 0 {
		return
	}
	done := s.data + "/filled"
	s.fills = &service{
		name: s.name + "-init", from: s.from, task: true, image: true, placed: true, seeds: s.name,
		comment: []string{"It fills " + s.name + " once, when that is new."},
		command: lines("[ -e "+done+" ] || {", "  "+strings.Join(append(steps, "touch "+done), " &&\n  "), "}"),
		after:   []edge{{name: s.name}},
	}
}

// filesIn are the regular files of a directory, sorted, or name itself where it is one.
func (d *Draft) filesIn(name string) []string {
	if exists(d.tree, name) {
		return []string{name}
	}
	entries, _ := readDir(d.tree, name)
	var files []string
	for _, e := range entries {
		if e.Type().IsRegular() && !strings.HasPrefix(e.Name(), ".") {
			files = append(files, path.Join(name, e.Name()))
		}
	}
	return files
}
