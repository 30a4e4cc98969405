package initfile

import (
	"net/url"
	"slices"
	"strings"
)

func lines(l ...string) string { return strings.Join(l, "\n") }

// urlPart escapes a literal for a url; a template is what it is.
func urlPart(s string) string {
	if strings.Contains(s, "{{") {
		return s
	}
	return url.PathEscape(s)
}

func (s *standIn) redis() {
	program := "redis-server"
	if strings.Contains(s.comment[0], "valkey") {
		program = "valkey-server"
	}
	password := s.take("", "REDIS_PASSWORD", "VALKEY_PASSWORD")
	if given := s.flag("--requirepass"); given != "" {
		password = given
		if value, ok := s.value(strings.Trim(given, "${}")); ok && strings.HasPrefix(given, "$") {
			password = value
		}
	} else if password != "" {
		s.args = append(s.args, raw("--requirepass"), raw(shellWord(password)))
	}
	s.take("", "ALLOW_EMPTY_PASSWORD")
	s.keeps("/data", "/bitnami")
	flags := s.flags("--port", "--bind", "--dir", "--protected-mode")
	conf := ""
	if words, _ := shellWords(flags); len(words) > 0 && !strings.HasPrefix(words[0].value, "-") {
		conf = " " + words[0].raw
		flags = strings.TrimPrefix(flags, conf)
	}
	if s.flag("--save") == "" && s.flag("--appendonly") != "yes" && conf == "" {
		flags = " --save ''" + flags
		s.command = program + conf + " --bind $HOST --port $PORT" + flags
	} else {
		s.command = lines("mkdir -p "+s.data, "exec "+program+conf+" --bind $HOST --port $PORT --dir "+s.data+flags)
	}
	s.url = "redis://{{host}}:{{port}}"
	if password != "" {
		s.url = "redis://default:" + urlPart(password) + "@{{host}}:{{port}}"
	}
}

func (s *standIn) mongo() {
	s.keeps("/data/db", "/data/configdb", "/bitnami")
	if _, ok := s.value("MONGO_INITDB_ROOT_USERNAME"); ok {
		s.say("It asks for no password, and knows no users.")
	}
	s.loseEnv("MONGO_", "MONGODB_")
	s.command = lines("mkdir -p "+s.data, "exec mongod --dbpath "+s.data+" --bind_ip $HOST --port $PORT"+s.flags("--port", "--bind_ip", "--dbpath", "--auth"))
	s.url = "mongodb://{{host}}:{{port}}"
}

func (s *standIn) memcached() {
	s.command = "memcached -l $HOST -p $PORT" + s.flags("-l,--listen", "-p,--port", "-U")
	s.url = "{{host}}:{{port}}"
}

func (s *standIn) nats() {
	s.keeps("/data", "/nats")
	s.command = "nats-server -a $HOST -p $PORT" + s.flags("-a,--addr,--net", "-p,--port", "-m,--http_port")
	if _, ok := s.portName(8222); ok {
		s.command += " -m $PORT_MONITOR"
	}
	s.url = "nats://{{host}}:{{port}}"
}

func (s *standIn) minio() {
	s.keeps("/data", "/export", "/bitnami")
	if len(s.args) > 0 && s.args[0].value == "server" {
		s.args = s.args[1:]
	}
	s.args = slices.DeleteFunc(s.args, func(w word) bool { return strings.HasPrefix(w.value, "/") })
	s.command = "minio server " + s.data + " --address $HOST:$PORT --console-address $HOST:$PORT_CONSOLE" + s.flags("--address", "--console-address")
}

func (s *standIn) mailpit() {
	s.keeps("/data")
	s.command = "mailpit --listen $HOST:$PORT --smtp $HOST:$PORT_SMTP" + s.flags("--listen,-l", "--smtp,-s")
}

func (s *standIn) mailhog() {
	s.command = "mailhog -ui-bind-addr $HOST:$PORT -api-bind-addr $HOST:$PORT -smtp-bind-addr $HOST:$PORT_SMTP"
	s.say("mailhog is MailHog where it was installed from its releases.")
}

func (s *standIn) meilisearch() {
	s.keeps("/meili_data")
	s.command = "meilisearch --http-addr $HOST:$PORT --db-path " + s.data + s.flags("--http-addr", "--db-path")
}

// rabbitmq has a node, a configuration and a name server (epmd) of its own.
func (s *standIn) rabbitmq() {
	s.keeps("/var/lib/rabbitmq", "/bitnami")
	user, password := s.take("guest", "RABBITMQ_DEFAULT_USER", "RABBITMQ_USERNAME"), s.take("guest", "RABBITMQ_DEFAULT_PASS", "RABBITMQ_PASSWORD")
	vhost := s.take("", "RABBITMQ_DEFAULT_VHOST", "RABBITMQ_VHOST")
	s.further("dist", 25672)
	s.further("epmd", 4369)
	conf := []string{"listeners.tcp.1 = $HOST:$PORT", "default_user = " + user, "default_pass = " + password}
	if vhost != "" {
		conf = append(conf, "default_vhost = "+vhost)
	}
	conf = append(conf, "management.tcp.ip = $HOST", "management.tcp.port = $PORT_MANAGEMENT")
	script := []string{
		`PATH=/usr/lib/rabbitmq/bin:$PATH`,
		`data="$PWD"/` + s.data + ` && mkdir -p "$data"`,
		`cat >"$data/rabbitmq.conf" <<END`,
	}
	script = append(script, conf...)
	script = append(script, "END", `echo '[rabbitmq_management].' >"$data/plugins"`,
		`export HOME="$data" ERL_EPMD_ADDRESS=$HOST ERL_EPMD_PORT=$PORT_EPMD RABBITMQ_DIST_PORT=$PORT_DIST RABBITMQ_NODENAME=rabbit@localhost`,
		`export RABBITMQ_CONFIG_FILE="$data/rabbitmq.conf" RABBITMQ_ENABLED_PLUGINS_FILE="$data/plugins" RABBITMQ_LOGS=-`,
		`export RABBITMQ_MNESIA_BASE="$data" RABBITMQ_LOG_BASE="$data" RABBITMQ_PID_FILE="$data/pid" RABBITMQ_CONF_ENV_FILE=/dev/null`,
		`export RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS='-kernel inet_dist_use_interface {127,0,0,1}'`,
		"exec rabbitmq-server"+s.flags())
	s.command = lines(script...)
	s.url = "amqp://" + urlPart(user) + ":" + urlPart(password) + "@{{host}}:{{port}}"
	if vhost != "" {
		s.url += "/" + urlPart(strings.TrimPrefix(vhost, "/"))
	}
	s.stop.timeout = "30s"
	s.loseEnv("RABBITMQ_")
}
