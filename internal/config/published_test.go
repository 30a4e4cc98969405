package config

import (
	"maps"
	"slices"
	"strings"
	"testing"
)

// TestNamesThatProgramsObey: no service's name makes one, and a notice says so.
func TestNamesThatProgramsObey(t *testing.T) {
	var file strings.Builder
	services := map[string]bool{}
	for _, key := range slices.Sorted(maps.Keys(reserved)) {
		at := strings.LastIndexByte(key, '_')
		if name := strings.ReplaceAll(strings.ToLower(key[:at]), "_", "-"); !services[name] {
			services[name] = true
			file.WriteString("[services." + name + "]\ncommand = 'x'\n")
		}
	}
	r := resolved(t, alone(file.String()), "DOCKER_HOST=unix:///x")
	r.has(t, "docker", "DOCKER_HOST=unix:///x", "DOCKER_PORT="+byKey(r.Env)["DOCKER_PORT"], "PORT="+byKey(r.Env)["DOCKER_PORT"])
	vars := byKey(r.Env)
	for key, by := range reserved {
		if _, set := vars[key]; set && key != "DOCKER_HOST" {
			t.Errorf("%s is set", key)
		}
		if !slices.ContainsFunc(r.Notices, func(n string) bool {
			return strings.Contains(n, ": "+key+" is not made from the name of service ") && strings.HasSuffix(n, ", since "+by+" would obey it")
		}) {
			t.Errorf("no notice about %s", key)
		}
		for _, v := range r.Dotenv[0].Vars {
			if v.Key == key {
				t.Errorf("%s is in a port file", key)
			}
		}
	}
	for _, key := range []string{"DOCKER_URL", "OLLAMA_PORT", "SERVER_HOST", "SERVER_URL", "PUBLIC_PORT"} {
		if vars[key] == "" {
			t.Errorf("%s is not set", key)
		}
	}
}

func TestANameThatProgramsObeyCanBeGiven(t *testing.T) {
	r := resolved(t, alone("[env]\nOLLAMA_HOST='{{ollama.host}}:{{ollama.port}}'\n[services.ollama]\ncommand='x'\n"+
		"[services.server]\ncommand='x'\nports={port='auto'}\n"))
	r.has(t, "server", "OLLAMA_HOST=127.0.0.1:21001", "SERVER_PORT", "SERVER_PORT_PORT=21003")
	want := []string{`lhrun.toml:5: SERVER_PORT is not made from the name of service "server", since Spring Boot and artisan serve would obey it`}
	if !slices.Equal(r.Notices, want) {
		t.Errorf("notices are %q, want %q", r.Notices, want)
	}
}
