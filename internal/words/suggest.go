package words

import (
	"fmt"
	"slices"
	"strings"
)

// longestWord bounds the words that Suggest compares, in bytes: the work grows by the
// square.
const longestWord = 200

// Suggest returns the candidate that word was most likely meant to be, "" where
// none is near, or word is right as it is. Of equally near ones it is the first.
func Suggest(word string, candidates []string) string {
	if len(word) > longestWord || slices.Contains(candidates, word) {
		return ""
	}
	lower := strings.ToLower(word)
	best, nearest := "", max(1, len(lower)/3)+1
	for _, candidate := range candidates {
		if apart := len(lower) - len(candidate); apart >= nearest || -apart >= nearest {
			continue
		}
		if d := distance(lower, strings.ToLower(candidate)); d < nearest && d < len(candidate) {
			best, nearest = candidate, d
		}
	}
	if best == "" && len(word) > 2 {
		return completion(lower, candidates)
	}
	return best
}

// fewNames is how many names a message lists.
const fewNames = 12

// Unknown is the error for a name that is none of those known: it names the likely
// one, else what there is.
func Unknown(kind, name string, known []string) error {
	if near := Suggest(name, known); near != "" {
		return fmt.Errorf("unknown %s %q, did you mean %q?", kind, name, near)
	}
	if len(known) == 0 {
		return fmt.Errorf("unknown %s %q: there is none", kind, name)
	}
	return fmt.Errorf("unknown %s %q; it is one of %s", kind, name, Few(known))
}

// Few lists names, but of many only the first.
func Few(names []string) string {
	if len(names) > fewNames {
		names = append(slices.Clone(names[:fewNames]), "…")
	}
	return strings.Join(names, ", ")
}

// completion returns the only candidate that begins with prefix.
func completion(prefix string, candidates []string) string {
	found := ""
	for _, candidate := range candidates {
		if !strings.HasPrefix(strings.ToLower(candidate), prefix) {
			continue
		}
		if found != "" {
			return ""
		}
		found = candidate
	}
	return found
}

// distance counts the insertions, deletions, replacements and swaps of
// neighbours that make b of a, in bytes.
func distance(a, b string) int {
	before, last, row := make([]int, len(b)+1), make([]int, len(b)+1), make([]int, len(b)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(a); i++ {
		row[0] = i
		for j := 1; j <= len(b); j++ {
			cost := 1
			if a[i-1] == b[j-1] {
				cost = 0
			}
			row[j] = min(last[j]+1, row[j-1]+1, last[j-1]+cost)
			if i > 1 && j > 1 && a[i-1] == b[j-2] && a[i-2] == b[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(b)]
}
