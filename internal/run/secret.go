package run

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// masked stands for a secret.
const masked = "***"

// secretName reports whether a variable of that name holds a secret. A regular
// expression for it took 1% of a start of ten services.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"passw", "passphrase", "secret", "token", "credential", "private"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return strings.HasSuffix(name, "_pwd") || namesKey(name)
}

// namesKey reports whether name speaks of a key, as KEY_ID, APIKEY and ACCESSKEY do,
// but not MONKEY or KEYBOARD.
func namesKey(name string) bool {
	for word := range strings.SplitSeq(name, "_") {
		if word == "key" || strings.HasSuffix(word, "apikey") || strings.HasSuffix(word, "accesskey") {
			return true
		}
	}
	return false
}

// urlPassword is the password in a URL.
var urlPassword = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@`)
})

// shortestSecret is how long a value has to be: shorter ones are ordinary words.
const shortestSecret = 4

// Masker replaces the values of variables that look like secrets in texts. The zero
// value replaces nothing.
type Masker struct{ values func() *strings.Replacer }

// NewMasker returns a Masker of the secrets in environs, each a list of NAME=value.
func NewMasker(environs ...[]string) Masker {
	return Masker{sync.OnceValue(func() *strings.Replacer { return replacer(environs) })}
}

func replacer(environs [][]string) *strings.Replacer {
	var secrets []string
	for _, env := range environs {
		for _, pair := range env {
			name, value, _ := strings.Cut(pair, "=")
			if len(value) >= shortestSecret && secretName(name) {
				secrets = append(secrets, value)
			}
		}
	}
	// The longest first: one may be the beginning of another.
	slices.SortFunc(secrets, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	var pairs []string
	for _, s := range slices.Compact(secrets) {
		pairs = append(pairs, s, masked)
	}
	return strings.NewReplacer(pairs...)
}

// Text returns s without secrets, among them passwords in URLs.
func (m Masker) Text(s string) string {
	if m.values == nil {
		return s
	}
	s = m.values().Replace(s)
	if !strings.Contains(s, "://") {
		return s
	}
	return urlPassword().ReplaceAllString(s, "${1}"+masked+"@")
}
