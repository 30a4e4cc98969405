package config

import (
	"strings"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// foresee adds to the mistakes of p those that Resolve would find next in environ and in
// the env_files, so that all are told at once. Where p has no mistakes it does nothing.
func (c *checker) foresee(p *Project, environ []string) {
	if len(c.mistakes) == 0 || environ == nil {
		return
	}
	r := &resolver{project: p, environ: byKey(environ), files: map[string]fileVar{}, texts: map[string][]byte{}}
	// What a variable's value will be is not known yet; any value is no mistake.
	set := dotenv.Scope{Over: func(string) (string, bool) { return "set", true }}
	read := func(file EnvFile) []dotenv.Entry {
		if !isFile(file.Path) {
			return nil // That is told already.
		}
		return r.readFile(file, "", set)
	}
	for i, file := range p.EnvFiles {
		for _, e := range read(file) {
			r.files[e.Key] = fileVar{e.Value, i, e.Line}
		}
	}
	for _, s := range p.Services {
		for _, file := range s.EnvFiles {
			read(file)
		}
	}
	eachText(p, func(_ *Service, t Text) {
		if !strings.Contains(t.Raw, "{{") || r.full() {
			return
		}
		pieces, _ := parseTemplate(t)
		for _, piece := range pieces {
			if piece.ref != nil && piece.ref.what == wordEnv {
				r.outsideOf(piece.ref)
			}
		}
	})
	c.add(r.mistakes...)
	c.more += r.more
}
