package main

import (
	"encoding/json"
	"fmt"
	"strings"
)

// procfile is the command of a program that reads a Procfile.
func procfile(args ...string) func(*stage, []service) ([]string, error) {
	return func(s *stage, services []service) ([]string, error) {
		lines, err := s.lines(services)
		if err != nil {
			return nil, err
		}
		var b strings.Builder
		for i, svc := range services {
			fmt.Fprintf(&b, "%s: %s\n", svc.name, lines[i])
		}
		_, err = s.write("Procfile", []byte(b.String()))
		return args, err
	}
}

func concurrently(s *stage, services []service) ([]string, error) {
	lines, err := s.lines(services)
	names := make([]string, len(services))
	for i, svc := range services {
		names[i] = svc.name
	}
	args := []string{"--no-color", "--prefix", "name", "--names", strings.Join(names, ",")}
	return append(args, lines...), err
}

// processCompose writes its file as JSON, which is YAML too. It verifies only
// where something depends on it: its readiness probes are never faster than one
// a second.
func processCompose(s *stage, services []service) ([]string, error) {
	lines, err := s.lines(services)
	if err != nil {
		return nil, err
	}
	type object map[string]any
	needed := map[string]bool{}
	for _, svc := range services {
		for _, name := range svc.after {
			needed[name] = true
		}
	}
	processes := object{}
	for i, svc := range services {
		p := object{"command": lines[i]}
		if needed[svc.name] {
			port := strings.Fields(lines[i])[2]
			p["readiness_probe"] = object{"period_seconds": 1, "initial_delay_seconds": 0,
				"exec": object{"command": fmt.Sprintf("%s probe %s 0 probe", s.service, port)}}
		}
		on := object{}
		for _, name := range svc.after {
			on[name] = object{"condition": "process_healthy"}
		}
		p["depends_on"] = on
		processes[svc.name] = p
	}
	text, err := json.Marshal(object{"version": "0.5", "processes": processes})
	if err != nil {
		return nil, err
	}
	_, err = s.write("process-compose.yaml", text)
	return []string{"up", "-f", "process-compose.yaml", "-t=false", "--no-server", "--disable-dotenv"}, err
}

func pitchfork(s *stage, services []service) ([]string, error) {
	lines, err := s.lines(services)
	if err != nil {
		return nil, err
	}
	var b strings.Builder
	for i, svc := range services {
		fmt.Fprintf(&b, "[daemons.%s]\nrun = '%s'\nready_port = %s\n", svc.name, lines[i], strings.Fields(lines[i])[2])
		if len(svc.after) > 0 {
			fmt.Fprintf(&b, "depends = [\"%s\"]\n", strings.Join(svc.after, `", "`))
		}
	}
	_, err = s.write("pitchfork.toml", []byte(b.String()))
	return []string{"start", "--all"}, err
}
