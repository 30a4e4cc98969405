package initfile

import (
	"path"
	"strings"
)

// readDevcontainer joins what a development container adds: its compose files and its
// environment. What it runs when it is made is told.
func (d *Draft) readDevcontainer(listed bool) {
	for _, name := range []string{".devcontainer/devcontainer.json", ".devcontainer.json"} {
		data, ok := d.readOptional(name)
		if !ok {
			continue
		}
		root, err := parseJSON(data)
		if err != nil {
			d.note(name, err)
			return
		}
		var files []string
		for _, file := range root.get("dockerComposeFile").words() {
			file = path.Join(path.Dir(name), file)
			if exists(d.tree, file) && !strings.Contains(strings.Join(d.Sources, "\n")+"\n", file+"\n") {
				files = append(files, file)
			}
		}
		d.compose(files, listed)
		for _, key := range []string{"containerEnv", "remoteEnv"} {
			for variable, value := range root.get(key).pairs() {
				d.devEnv(name, key, variable, value.str())
			}
		}
		for _, key := range []string{"name", "service", "workspaceFolder", "workspaceMount", "shutdownAction", "$schema"} {
			root.get(key).drop()
		}
		d.lose(name, root.unread("")...)
		d.isSource(name)
		return
	}
}

func (d *Draft) devEnv(file, key, name, value string) {
	if strings.Contains(value, "${") || !isVariableName(name) || name == "PORT" || name == "HOST" {
		d.lose(file, key+"."+name+": "+value)
		return
	}
	for _, v := range d.env {
		if v.key == name {
			return
		}
	}
	d.env = append(d.env, variable{name, literal(value)})
}
