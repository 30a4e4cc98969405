package config

import (
	"path"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// programSchemes are the schemes of default URLs by the program that serves; any
// other program has http.
var programSchemes = map[string]string{
	"redis-server": "redis", "redis-stack-server": "redis", "valkey-server": "redis", "keydb-server": "redis",
	"dragonfly": "redis",
	"postgres":  "postgres", "postmaster": "postgres",
	"mysqld": "mysql", "mysqld_safe": "mysql", "mariadbd": "mysql", "mariadbd-safe": "mysql",
	"rabbitmq-server": "amqp",
	"nats-server":     "nats",
	"mongod":          "mongodb", "mongos": "mongodb",
}

// imageSchemes are the same by the last part of an image's name.
var imageSchemes = map[string]string{
	"redis": "redis", "redis-stack": "redis", "redis-stack-server": "redis", "valkey": "redis", "keydb": "redis",
	"dragonfly": "redis",
	"postgres":  "postgres", "postgresql": "postgres", "postgis": "postgres", "pgvector": "postgres",
	"timescaledb": "postgres", "timescaledb-ha": "postgres",
	"mysql": "mysql", "mysql-server": "mysql", "percona": "mysql", "percona-server": "mysql", "mariadb": "mysql",
	"rabbitmq": "amqp",
	"nats":     "nats",
	"mongo":    "mongodb", "mongodb": "mongodb", "mongodb-community-server": "mongodb",
}

// secureSchemes are the schemes of default URLs over TLS. Others say so otherwise, as
// postgres does with sslmode, or need not.
var secureSchemes = map[string]string{"http": "https", "redis": "rediss", "amqp": "amqps"}

// scheme returns the scheme of the default URL of s.
func (s *Service) scheme() string {
	plain := scheme(s.Command)
	if secure := secureSchemes[plain]; s.TLS && secure != "" {
		return secure
	}
	return plain
}

// scheme returns the scheme of the default URL of a service with the command c.
func scheme(c Command) string {
	program, args := firstProgram(c)
	known := programSchemes[program]
	if isContainerTool(program) {
		known = imageSchemes[imageName(firstImage(args))]
	}
	if known == "" {
		return "http"
	}
	return known
}

// firstProgram returns the base name of the program that c runs, and its arguments.
// In a shell command that is the program of `exec`, which replaces the shell, or else
// the first one.
func firstProgram(c Command) (name string, args []string) {
	if len(c.Args) == 0 {
		return "", nil
	}
	if !c.Shell {
		return programIn(raws(c.Args))
	}
	commands := simpleCommands(c.Args[0].Raw)
	for _, words := range commands {
		if words[0] == "exec" {
			return programIn(words)
		}
	}
	if len(commands) == 0 {
		return "", nil
	}
	return programIn(commands[0])
}

// simpleCommands splits a shell command into simple commands, and these into words.
// It ignores quotes, so it may split what they hold.
func simpleCommands(text string) [][]string {
	var commands [][]string
	text = strings.ReplaceAll(text, "\\\n", " ")
	for part := range strings.FieldsFuncSeq(text, func(r rune) bool { return strings.ContainsRune(";&|\n(){}", r) }) {
		words := strings.Fields(part)
		for len(words) > 0 && slices.Contains([]string{"if", "then", "else", "do", "!"}, words[0]) {
			words = words[1:]
		}
		if len(words) > 0 && !strings.HasPrefix(words[0], "#") {
			commands = append(commands, words)
		}
	}
	return commands
}

// programIn skips assignments and programs that exec another one.
func programIn(words []string) (name string, args []string) {
	for i, word := range words {
		key, _, assigns := strings.Cut(word, "=")
		name := path.Base(strings.Trim(word, `"'`))
		if assigns && dotenv.IsName(key) || slices.Contains([]string{"exec", "env", "command", "nohup"}, name) {
			continue
		}
		return name, words[i+1:]
	}
	return "", nil
}

func isContainerTool(program string) bool {
	return slices.Contains([]string{"docker", "podman", "nerdctl"}, program)
}

// switches are the flags of `docker run` that take no value.
var switches = []string{
	"--detach", "--disable-content-trust", "--init", "--interactive", "--no-healthcheck", "--oom-kill-disable",
	"--privileged", "--publish-all", "--quiet", "--read-only", "--replace", "--rm", "--sig-proxy", "--tty",
}

// firstImage returns the image that the arguments of a container tool run, "" where
// they run none.
func firstImage(args []string) string {
	if len(args) > 0 && args[0] == "container" {
		args = args[1:]
	}
	if len(args) == 0 || args[0] != "run" {
		return ""
	}
	for args = args[1:]; len(args) > 0; args = args[1:] {
		flag := args[0]
		switch {
		case !strings.HasPrefix(flag, "-"):
			return strings.Trim(flag, `"'`)
		case strings.Contains(flag, "=") || slices.Contains(switches, flag) || isSwitches(flag):
		case len(args) > 1:
			args = args[1:] // Its value.
		}
	}
	return ""
}

// isSwitches reports whether the next word is no value of flag: all its letters take
// none, as in -it, or it holds the value itself, as in -p8080:80.
func isSwitches(flag string) bool {
	letters := strings.TrimLeft(flag[1:], "ditqP")
	return !strings.HasPrefix(flag, "--") && (letters == "" || len(letters) > 1)
}

// imageName returns the name in registry/owner/name:tag@digest.
func imageName(image string) string {
	image, _, _ = strings.Cut(image, "@")
	name, _, _ := strings.Cut(path.Base(image), ":")
	return name
}
