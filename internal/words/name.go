package words

import "strings"

// IsName reports whether s can name a service: [a-zA-Z0-9][a-zA-Z0-9_-]*.
func IsName(s string) bool {
	return s != "" && s[0] != '_' && s[0] != '-' && !strings.ContainsFunc(s, func(c rune) bool {
		return (c < 'a' || c > 'z') && (c < 'A' || c > 'Z') && (c < '0' || c > '9') && c != '_' && c != '-'
	})
}
