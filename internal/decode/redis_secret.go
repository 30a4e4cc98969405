package decode

import "bytes"

// hidden stands in a text where a password was.
const hidden = "(hidden)"

// markSecrets names the arguments that are passwords.
func (c *redisCommand) markSecrets(method string) {
	mark := func(i int, name string) {
		if i < len(c.args) {
			c.args[i].secret = name
		}
	}
	switch method {
	case "AUTH":
		for i := max(1, len(c.args)-1); i < len(c.args); i++ {
			mark(i, "password")
		}
	case "HELLO":
		for i := 1; i < len(c.args); i++ {
			if is(c.arg(i), "AUTH") {
				mark(i+2, "password")
				break
			}
		}
	case "MIGRATE":
		for i := 6; i < len(c.args) && !is(c.arg(i), "KEYS"); i++ {
			if is(c.arg(i), "AUTH") {
				mark(i+1, "password")
				i++
			} else if is(c.arg(i), "AUTH2") {
				mark(i+2, "password")
				i += 2
			}
		}
	case "CONFIG SET", "SENTINEL SET", "SENTINEL CONFIG":
		for i := 2; i+1 < len(c.args); i++ {
			if isPasswordSetting(c.arg(i)) {
				mark(i+1, string(bytes.ToLower(c.arg(i))))
				i++
			}
		}
	case "ACL SETUSER":
		for i := 3; i < len(c.args); i++ {
			if a := c.arg(i); len(a) > 0 && bytes.IndexByte([]byte("><#!"), a[0]) >= 0 {
				mark(i, "password")
			}
		}
	}
}

func is(p []byte, word string) bool {
	return len(p) == len(word) && bytes.EqualFold(p, []byte(word))
}

func isPasswordSetting(p []byte) bool {
	for _, name := range []string{"requirepass", "masterauth", "primaryauth", "tls-key-file-pass",
		"tls-client-key-file-pass", "auth-pass", "sentinel-pass"} {
		if is(p, name) {
			return true
		}
	}
	return false
}
