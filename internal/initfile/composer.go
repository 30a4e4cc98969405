package initfile

import (
	"slices"
	"strings"
)

// readComposer reads the dev script of a composer.json, which in Laravel starts the
// whole project.
func (d *Draft) readComposer() {
	const name = "composer.json"
	data, ok := d.readOptional(name)
	if !ok {
		return
	}
	root, err := parseJSON(data)
	if err != nil {
		d.note(name, err)
		return
	}
	scripts := root.get("scripts")
	var found []service
	for _, command := range scripts.get("dev").words() {
		command = strings.TrimPrefix(command, "@")
		switch {
		case strings.Contains(command, "::"):
			d.lose(name, "scripts.dev: "+command)
		case strings.HasPrefix(command, "php ") || strings.HasPrefix(command, "npx ") || !strings.HasPrefix(command, "composer"):
			found = append(found, d.split(service{name: "app", from: name, command: literal(command)}, 0)...)
		default:
			d.lose(name, "scripts.dev: "+command)
		}
	}
	if len(found) == 0 && exists(d.tree, "artisan") {
		found = []service{{name: "app", command: "php artisan serve"}}
		d.place(&found[0])
	}
	for i := range found {
		found[i].placed = true
	}
	d.list(name, found)
	others := slices.DeleteFunc(slices.Clone(scripts.keysOrNone()), func(k string) bool { return k == "dev" })
	if len(others) > 0 && len(found) > 0 {
		d.lose(name, "scripts "+strings.Join(others, ", "))
	}
}
