package config

import (
	"fmt"
	"maps"
	"net/url"
	"slices"
	"strings"

	"github.com/lhrun/lhrun/internal/mask"
)

// replacement is the value that one service gets instead of a file's; "" is none.
type replacement struct{ service, value string }

// noteReplaced remembers which of lhrun's own variables s gets instead of a file's
// value. given are those that the configuration sets itself.
func (r *resolver) noteReplaced(s *Service, lhrun, given map[string]string) {
	for _, key := range slices.Concat([]string{"PORT", "HOST"}, slices.Collect(maps.Keys(lhrun))) {
		file, inFile := r.files[key]
		value, has := lhrun[key]
		_, settled := given[key]
		noted := slices.ContainsFunc(r.replaced[key], func(o replacement) bool { return o.service == s.Name })
		if inFile && !settled && !noted && value != file.value && (has || !s.Task) {
			r.replaced[key] = append(r.replaced[key], replacement{s.Name, value})
		}
	}
}

// notices returns a line for each remark, in the order of the files, and then those
// about whole files.
func (r *resolver) notices(out *Resolved) []string {
	r.remarkReplaced()
	r.remarkLiteralPorts()
	r.remarkNames()
	slices.SortStableFunc(r.remarks, inFileOrder)
	var lines []string
	for _, m := range r.remarks {
		lines = append(lines, fmt.Sprintf("%s:%d: %s", shown(r.paths[m.file]), m.line, m.text))
	}
	return slices.Concat(lines, r.layerNotices(out), r.worktreeNotices())
}

// remarkReplaced remarks each variable of a file that lhrun replaces.
func (r *resolver) remarkReplaced() {
	for _, key := range slices.Sorted(maps.Keys(r.files)) {
		file := r.files[key]
		start := key + "=" + shownValue(key, file.value)
		value, everybodys := r.vars[key]
		_, settled := r.env[key]
		switch {
		case everybodys && !settled && value != file.value:
			r.remarkOn(file, fmt.Sprintf("%s is replaced by lhrun's %s", start, shownValue(key, value)))
		case len(r.replaced[key]) > 0:
			r.remarkOn(file, start+" is "+describe(r.replaced[key]))
		}
	}
}

// remarkOn is remark about the line of a variable.
func (r *resolver) remarkOn(v fileVar, text string) {
	r.remark(r.project.EnvFiles[v.file].Path, v.line, text)
}

// describe says what services get instead of a file's value.
func describe(all []replacement) string {
	given := slices.DeleteFunc(slices.Clone(all), func(o replacement) bool { return o.value == "" })
	same := func(o replacement) bool { return o.value == given[0].value }
	switch {
	case len(given) == 0:
		return "kept from services without a port: " + list(all)
	case len(given) == 1:
		return fmt.Sprintf("replaced by lhrun's %s for service %s", given[0].value, given[0].service)
	case !slices.ContainsFunc(given, func(o replacement) bool { return !same(o) }):
		return "replaced by lhrun's " + given[0].value
	}
	return "replaced by lhrun's: " + list(given)
}

// maxListed services are named in one notice.
const maxListed = 5

func list(all []replacement) string {
	var words []string
	for i, o := range all {
		if i == maxListed {
			words = append(words, fmt.Sprintf("and %d more", len(all)-i))
			break
		}
		words = append(words, strings.TrimSpace(o.service+" "+o.value))
	}
	return strings.Join(words, ", ")
}

// shownValue returns the value of key for a notice: its first line, without a password.
func shownValue(key, value string) string {
	value, rest, long := strings.Cut(value, "\n")
	if long && rest != "" {
		value += "…"
	}
	if mask.IsSecret(key) {
		return mask.Hidden
	}
	if _, err := url.Parse(value); err != nil && strings.Contains(value, "://") {
		return "…" // Its password may stand anywhere.
	}
	return mask.URLs(value)
}
