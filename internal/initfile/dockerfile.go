package initfile

import (
	"encoding/json"
	"path"
	"regexp"
	"slices"
	"strings"
	"sync"
)

// dockerfile is what the last stage of a Dockerfile says about running.
type dockerfile struct {
	file       string
	from       string
	workdir    string
	entrypoint string
	command    string
	expose     []int
	env        []variable
	copies     []mount
	stop       string
	// lost are its other lines.
	lost []string
}

// readDockerfile reads the stage called target, or the last one, of a Dockerfile
// whose build begins in dir.
func (d *Draft) readDockerfile(file, dir, target string) (dockerfile, bool) {
	if !exists(d.tree, file) {
		return dockerfile{}, false
	}
	data, err := readFile(d.tree, file)
	if err != nil {
		return dockerfile{}, false
	}
	stages := map[string]dockerfile{}
	last := dockerfile{file: file}
	name := ""
	for _, line := range instructions(string(data)) {
		word, rest, _ := strings.Cut(line, " ")
		rest = strings.TrimSpace(rest)
		if strings.EqualFold(word, "FROM") {
			stages[name] = last
			last, name = stage(rest, stages)
			last.file = file
			if name != "" && name == target {
				target = "\x00" + target // Whatever comes after it is not looked at.
			} else if strings.HasPrefix(target, "\x00") {
				return stages[target[1:]], true
			}
			continue
		}
		last.take(strings.ToUpper(word), rest, dir)
	}
	return last, true
}

// stage begins one by "IMAGE AS NAME", where IMAGE may be an earlier one.
func stage(rest string, stages map[string]dockerfile) (dockerfile, string) {
	words := slices.DeleteFunc(strings.Fields(rest), func(w string) bool { return strings.HasPrefix(w, "--") })
	name := ""
	if len(words) == 3 && strings.EqualFold(words[1], "as") {
		name = strings.ToLower(words[2])
	}
	if len(words) == 0 {
		return dockerfile{}, name
	}
	if base, ok := stages[strings.ToLower(words[0])]; ok && words[0] != "" {
		base.env, base.copies, base.lost, base.expose = slices.Clone(base.env), slices.Clone(base.copies), slices.Clone(base.lost), slices.Clone(base.expose)
		return base, name
	}
	return dockerfile{from: words[0]}, name
}

// take reads one instruction.
func (f *dockerfile) take(word, rest, dir string) {
	switch word {
	case "WORKDIR":
		rest = strings.Trim(rest, `"'`)
		if path.IsAbs(rest) {
			f.workdir = path.Clean(rest)
		} else {
			f.workdir = path.Join("/", f.workdir, rest)
		}
	case "CMD":
		f.command = dockerCommand(rest)
	case "ENTRYPOINT":
		f.entrypoint, f.command = dockerCommand(rest), ""
	case "EXPOSE":
		for word := range strings.FieldsSeq(rest) {
			number, _, _ := strings.Cut(word, "/")
			if n := atoi(number); n != 0 && !slices.Contains(f.expose, n) {
				f.expose = append(f.expose, n)
			} else if n == 0 {
				f.lost = append(f.lost, "EXPOSE "+word)
			}
		}
	case "ENV":
		f.variables(rest)
	case "COPY", "ADD":
		f.copied(word, rest, dir)
	case "STOPSIGNAL":
		f.stop = rest
	case "":
	default:
		f.lost = append(f.lost, word+" "+cut(strings.Join(strings.Fields(rest), " ")))
	}
}

// cut bounds what a comment shows.
func cut(s string) string {
	if len(s) > maxFlow {
		return strings.ToValidUTF8(s[:maxFlow], "") + " …"
	}
	return s
}

func (f *dockerfile) variables(rest string) {
	words, ok := shellWords(rest)
	if ok && len(words) > 1 && !strings.Contains(words[0].value, "=") {
		f.setVariable(words[0].value, strings.TrimSpace(strings.TrimPrefix(rest, words[0].raw)))
		return
	}
	for _, w := range words {
		if key, value, found := strings.Cut(w.value, "="); found {
			f.setVariable(key, value)
		}
	}
	if !ok {
		f.lost = append(f.lost, "ENV "+cut(rest))
	}
}

func (f *dockerfile) setVariable(key, value string) {
	f.env = slices.DeleteFunc(f.env, func(v variable) bool { return v.key == key })
	f.env = append(f.env, variable{key, value})
}

// copied remembers where files of the project are in the image.
func (f *dockerfile) copied(word, rest, dir string) {
	words := strings.Fields(rest)
	from := slices.ContainsFunc(words, func(w string) bool { return strings.HasPrefix(w, "--from") })
	words = slices.DeleteFunc(words, func(w string) bool { return strings.HasPrefix(w, "--") })
	if from || len(words) < 2 || strings.HasPrefix(rest, "[") || strings.Contains(rest, "<<") {
		f.lost = append(f.lost, word+" "+cut(rest))
		return
	}
	target := words[len(words)-1]
	if !path.IsAbs(target) {
		target = path.Join("/", f.workdir, target)
	} else if strings.HasSuffix(target, "/") && len(words) == 2 && words[0] != "." && path.Ext(words[0]) != "" {
		target = path.Join(target, path.Base(words[0]))
	}
	for _, source := range words[:len(words)-1] {
		at := target
		if len(words) > 2 {
			at = path.Join(target, path.Base(source))
		}
		host := path.Join(dir, source)
		if !strings.HasPrefix(host, "..") {
			f.copies = append(f.copies, newMount(host, path.Clean(at)))
		}
	}
}

// dockerCommand is a CMD as a line of sh.
func dockerCommand(rest string) string {
	var argv []string
	if json.Unmarshal([]byte(rest), &argv) != nil {
		return strings.TrimPrefix(rest, "exec ")
	}
	if script, ok := shellScript(argv); ok {
		return strings.TrimPrefix(script, "exec ")
	}
	return shellLine(argv)
}

var continued = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(`\\[ \t]*\r?\n(?:[ \t]*#[^\n]*\n)*`) })

// instructions are the lines of a Dockerfile, each as one, without comments and
// without the text of here-documents.
func instructions(text string) []string {
	var found []string
	until := ""
	for line := range strings.SplitSeq(continued().ReplaceAllString(text, " "), "\n") {
		line = strings.TrimSpace(strings.ReplaceAll(line, "\t", " "))
		if until != "" {
			if line == until {
				until = ""
			}
			continue
		}
		if line == "" || line[0] == '#' {
			continue
		}
		if _, rest, ok := strings.Cut(line, "<<"); ok && strings.HasPrefix(strings.ToUpper(line), "RUN") {
			until = strings.Trim(strings.TrimPrefix(firstField(rest), "-"), `"'`)
		}
		found = append(found, line)
	}
	return found
}

func firstField(s string) string {
	if fields := strings.Fields(s); len(fields) > 0 {
		return fields[0]
	}
	return ""
}
