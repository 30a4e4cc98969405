package cli

import (
	"cmp"
	"context"
	"errors"
	"os"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// mask stands for a value that is nobody's business.
const mask = "***"

// secretName recognises the names of variables whose values are not for a screen. A
// regular expression for it took 1% of a start of ten services.
func secretName(name string) bool {
	name = strings.ToLower(name)
	for _, part := range []string{"passw", "passphrase", "secret", "token", "credential", "private"} {
		if strings.Contains(name, part) {
			return true
		}
	}
	return strings.HasSuffix(name, "_pwd") || namesKey(name)
}

// namesKey reports a key that stands alone or is one of an API's or for access, as in
// KEY_ID or APIKEY, but not in MONKEY or KEYBOARD.
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

// shortestSecret: shorter values would make riddles out of ordinary words.
const shortestSecret = 4

// masker takes the values of variables that look like secrets out of texts.
type masker struct{ values func() *strings.Replacer }

func newMasker(environs ...[]string) masker {
	return masker{sync.OnceValue(func() *strings.Replacer { return replacer(environs) })}
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
		pairs = append(pairs, s, mask)
	}
	return strings.NewReplacer(pairs...)
}

func (m masker) text(s string) string {
	if m.values == nil {
		return s
	}
	s = m.values().Replace(s)
	if !strings.Contains(s, "://") {
		return s
	}
	return urlPassword().ReplaceAllString(s, "${1}"+mask+"@")
}

// error keeps the exit code of err, and of its text what may be seen.
func (m masker) error(err error) error {
	var exit exitError
	if m.values == nil || !errors.As(err, &exit) || exit.err == nil {
		return err
	}
	return exitError{exit.code, errors.New(m.text(exit.err.Error()))}
}

// masker knows the secrets of every service; where the project's file cannot be
// read now, at least those of lhrun's own environment. It reads them in the background,
// which a verb that waits for an answer has the time for.
func (g *globals) masker() masker {
	values := sync.OnceValue(func() *strings.Replacer {
		p, err := g.open()
		if err != nil {
			return replacer([][]string{os.Environ()})
		}
		return replacer(p.environs())
	})
	go values()
	return masker{values}
}

// masker knows the secrets of every service of a project that is resolved.
func (p *project) masker() masker { return newMasker(p.environs()...) }

func (p *project) environs() [][]string {
	environs := [][]string{os.Environ(), p.resolved.Env}
	for _, s := range p.resolved.Services {
		environs = append(environs, s.Env)
	}
	return environs
}

// conclude makes err, the end of a verb that says what services are like, fit for a
// screen. A verb that was interrupted ends without a word.
func (g *globals) conclude(err error) error {
	var exit exitError
	switch {
	case errors.Is(err, context.Canceled):
		return exitError{exitInterrupted, nil}
	case errors.As(err, &exit) && exit.err != nil:
		return g.masker().error(err)
	}
	return err
}
