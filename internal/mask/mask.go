// Package mask keeps secrets out of what lhrun says of itself: reasons, notices, errors
// and the URLs that it shows. What a service prints is the service's own and is passed
// on as it came.
package mask

import (
	"cmp"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// Hidden stands for a value that nobody is to see.
const Hidden = "***"

// shortestSecret is in bytes. Shorter values would make riddles of ordinary words.
const shortestSecret = 4

// Masker takes the values of variables with the name of a secret out of texts. The zero
// Masker knows no value, and hides passwords in URLs only. It may be used by many
// goroutines at once.
type Masker struct{ secrets func() secrets }

type secrets struct {
	values   []string
	replacer *strings.Replacer
}

// New returns a Masker for the KEY=value pairs of environs. They are read when the first
// text comes, so they must not change.
func New(environs ...[]string) Masker {
	return Late(func() [][]string { return environs })
}

// Late is New with environs that are asked for when the first text comes.
func Late(environs func() [][]string) Masker {
	return Masker{sync.OnceValue(func() secrets { return secretsIn(nil, environs()) })}
}

// With returns a Masker that knows the secrets of m and those of environs.
func (m Masker) With(environs ...[]string) Masker {
	return Masker{sync.OnceValue(func() secrets {
		var known []string
		if m.secrets != nil {
			known = m.secrets().values
		}
		return secretsIn(known, environs)
	})}
}

func secretsIn(known []string, environs [][]string) secrets {
	values := slices.Clone(known)
	for _, environ := range environs {
		for _, pair := range environ {
			name, value, _ := strings.Cut(pair, "=")
			if len(value) >= shortestSecret && IsSecret(name) {
				values = append(values, value)
			}
		}
	}
	// The longest comes first, as one secret may be the beginning of another.
	slices.SortFunc(values, func(a, b string) int { return cmp.Or(len(b)-len(a), strings.Compare(a, b)) })
	values = slices.Compact(values)
	pairs := make([]string, 0, 2*len(values))
	for _, value := range values {
		pairs = append(pairs, value, Hidden)
	}
	return secrets{values, strings.NewReplacer(pairs...)}
}

// Text returns text with Hidden in the place of each secret. Mask a text before it is
// shortened: a part of a secret is not recognised any more.
func (m Masker) Text(text string) string {
	if text == "" {
		return ""
	}
	if m.secrets != nil {
		text = m.secrets().replacer.Replace(text)
	}
	return URLs(text)
}

// URLs returns text with Hidden in the place of each password in a URL.
func URLs(text string) string {
	if !strings.Contains(text, "://") {
		return text
	}
	return urlPassword().ReplaceAllString(text, "${1}"+Hidden+"@")
}

var urlPassword = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`([a-zA-Z][a-zA-Z0-9+.-]*://[^\s/:@]*:)[^\s/@]+@`)
})

// IsSecret reports whether a variable of that name holds a value that nobody is to see.
func IsSecret(name string) bool {
	name = strings.ToLower(name)
	if name == "tls_key_file" {
		return false // lhrun's own, a path
	}
	for _, part := range []string{"passw", "passphrase", "secret", "token", "credential", "private"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return strings.HasSuffix(name, "_pwd") || namesKey(name)
}

// namesKey reports whether name holds "key" as a word of its own, or the key of an API
// or for access: KEY_ID and APIKEY, but neither MONKEY nor KEYBOARD.
func namesKey(name string) bool {
	for word := range strings.SplitSeq(name, "_") {
		if word == "key" || strings.HasSuffix(word, "apikey") || strings.HasSuffix(word, "accesskey") {
			return true
		}
	}
	return false
}
