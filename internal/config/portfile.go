package config

import (
	"slices"

	"github.com/lhrun/lhrun/internal/dotenv"
)

// portFiles returns the variables of each block. A block leaves out a default url and
// a host that an env_file or the rest of its file sets: it comes last in the file, so
// it would win over the user's own line.
func (r *resolver) portFiles() []ResolvedFile {
	var out []ResolvedFile
	for _, file := range r.project.Dotenv {
		resolved := ResolvedFile{Path: file.Path}
		if file.All {
			resolved.Vars = r.everyService(r.alsoIn(file.Path))
		}
		for _, v := range file.Vars {
			resolved.Vars = append(resolved.Vars, dotenv.Pair{Key: v.Key, Value: r.expand(v.Value, nil)})
		}
		out = append(out, resolved)
	}
	return out
}

// everyService returns the variables about all services, without those that give way
// to what is set. It skips a service called 9p, since sh reads no variable of that name.
func (r *resolver) everyService(set dotenv.Lookup) []dotenv.Pair {
	var vars []dotenv.Pair
	for i := range r.project.Services {
		s := &r.project.Services[i]
		if !dotenv.IsName(variable(s.Name)) {
			continue
		}
		vars = append(vars, r.portVars(s, set)...)
		vars = append(vars, r.urlVar(s, func(key string) bool { _, ok := set(key); return ok })...)
		vars = append(vars, r.originVar(s)...)
	}
	return vars
}

// alsoIn returns a lookup in the file at path, without its block, and in the env_files.
func (r *resolver) alsoIn(path string) dotenv.Lookup {
	own := map[string]string{}
	if !r.isEnvFile(path) && isRegular(path) {
		if file, err := r.parseFile(path, dotenv.Scope{}); err == nil {
			for _, e := range file.Entries {
				own[e.Key] = e.Value
			}
		}
	}
	return func(key string) (string, bool) {
		if value, ok := own[key]; ok {
			return value, true
		}
		return r.inFiles(key)
	}
}

func (r *resolver) isEnvFile(path string) bool {
	return slices.ContainsFunc(r.project.EnvFiles, func(f EnvFile) bool { return f.Path == path })
}
