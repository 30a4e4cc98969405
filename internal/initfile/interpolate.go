package initfile

import "strings"

// variables is what ${NAME} may stand for in a compose file.
type variables func(name string) (text string, ok bool)

// interpolate fills ${NAME}, ${NAME:-default} and their like in, as compose does. What
// stands between goes through plain. missing are the variables that nothing sets.
func interpolate(s string, vars variables, plain func(string) string) (text string, missing []string) {
	var out strings.Builder
	for s != "" {
		before, rest, found := strings.Cut(s, "$")
		out.WriteString(plain(before))
		if !found {
			break
		}
		name, operator, argument, length := reference(rest)
		switch {
		case strings.HasPrefix(rest, "$"):
			out.WriteString("$")
			length = 1
		case length == 0:
			out.WriteString("$")
		default:
			value, unset := choose(name, operator, argument, vars, plain)
			out.WriteString(value)
			missing = append(missing, unset...)
		}
		s = rest[length:]
	}
	return out.String(), missing
}

// reference reads what follows a $; its length is 0 where that is no variable.
func reference(s string) (name, operator, argument string, length int) {
	if !strings.HasPrefix(s, "{") {
		n := nameLength(s)
		return s[:n], "", "", n
	}
	end := closing(s)
	if end < 0 {
		return "", "", "", 0
	}
	inner := s[1:end]
	n := nameLength(inner)
	name, rest := inner[:n], inner[n:]
	for _, op := range []string{":-", ":?", ":+", "-", "?", "+"} {
		if argument, ok := strings.CutPrefix(rest, op); ok && n > 0 {
			return name, op, argument, end + 1
		}
	}
	if n == 0 || rest != "" {
		return "", "", "", 0
	}
	return name, "", "", end + 1
}

func nameLength(s string) int {
	n := 0
	for n < len(s) && (s[n] == '_' || 'A' <= s[n] && s[n] <= 'Z' || 'a' <= s[n] && s[n] <= 'z' || n > 0 && '0' <= s[n] && s[n] <= '9') {
		n++
	}
	return n
}

// closing is where the brace that s begins with is closed, -1 where it is not.
func closing(s string) int {
	depth := 0
	for i := 0; i < len(s); i++ {
		switch s[i] {
		case '{':
			depth++
		case '}':
			if depth--; depth == 0 {
				return i
			}
		}
	}
	return -1
}

// choose is the value of a variable by its operator.
func choose(name, operator, argument string, vars variables, plain func(string) string) (string, []string) {
	value, set := vars(name)
	if strings.HasPrefix(operator, ":") && value == "" {
		set = false
	}
	switch strings.TrimPrefix(operator, ":") {
	case "-":
		if !set {
			return interpolate(argument, vars, plain)
		}
	case "+":
		if set {
			return interpolate(argument, vars, plain)
		}
		return "", nil
	}
	if !set {
		return "", []string{name}
	}
	return value, nil
}
