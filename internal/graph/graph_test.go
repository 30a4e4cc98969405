package graph

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
)

// parse reads "a:b,c b c" as names in order with what each needs.
func parse(text string) ([]string, func(string) []string) {
	var names []string
	edges := map[string][]string{}
	for field := range strings.FieldsSeq(text) {
		name, needs, found := strings.Cut(field, ":")
		names = append(names, name)
		if found {
			edges[name] = strings.Split(needs, ",")
		}
	}
	return names, func(name string) []string { return edges[name] }
}

func TestOrder(t *testing.T) {
	for _, test := range []struct{ name, graph, want string }{
		{"nothing", "", ""},
		{"no edges keep the file's order", "c a b", "c a b"},
		{"a right order is kept", "a b:a c:a d:b,c", "a b c d"},
		{"a dependency comes first", "a:b b", "b a"},
		{"free ones keep their order", "api:db web cache db", "web cache db api"},
		{"as early as possible", "a:d b c d", "b c d a"},
		{"chain backwards", "a:b b:c c:d d", "d c b a"},
		{"unknown names do not count", "a:x b", "a b"},
		{"twice the same edge", "a:b,b b", "b a"},
		{"twice the same name", "a:b b a", "b a"},
		{"a cycle is broken at its first", "x a:b b:a c", "x c a b"},
		{"needs itself", "a:a b", "b a"},
	} {
		t.Run(test.name, func(t *testing.T) {
			names, deps := parse(test.graph)
			if got := strings.Join(Order(names, deps), " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestCyclesThatShareNoClosingEdge(t *testing.T) {
	for _, test := range []struct{ graph, want string }{
		{"a:b b:c", ""},
		{"a:b b:a c:c", "a b a, c c"},
		{"a:b,c b:a c:a", "a b a, a c a"},
		{"a:b b:a,b,c c:b", "a b a, b b, b c b"},
	} {
		names, deps := parse(test.graph)
		var got []string
		for path := range Cycles(names, deps) {
			got = append(got, strings.Join(path, " "))
		}
		if strings.Join(got, ", ") != test.want {
			t.Errorf("%s: got %q, want %q", test.graph, got, test.want)
		}
	}
}

// TestLargeGraphs takes minutes where a name costs as much as there are names.
func TestLargeGraphs(t *testing.T) {
	const n = 200_000
	names := make([]string, n)
	at := map[string]int{}
	for i := range names {
		names[i] = fmt.Sprint("s", i)
		at[names[i]] = i
	}
	next := func(name string) []string { return names[at[name]+1 : min(at[name]+2, n)] }
	if order := Order(names, next); order[0] != names[n-1] || order[n-1] != names[0] {
		t.Errorf("the order begins with %s and ends with %s", order[0], order[n-1])
	}
	if path := Cycle(names, next); path != nil {
		t.Errorf("a cycle of %d", len(path))
	}
}

func TestCycleNamesTheWholePath(t *testing.T) {
	for _, test := range []struct{ name, graph, want string }{
		{"nothing", "", ""},
		{"diamond", "a:b,c b:d c:d d", ""},
		{"two", "a:b b:a", "a b a"},
		{"itself", "a b:b", "b b"},
		{"the way into it is left out", "in:a a:b b:c c:a", "a b c a"},
		{"behind a dead end", "a:x,b x b:c c:b", "b c b"},
		{"unknown names lead nowhere", "a:x", ""},
	} {
		t.Run(test.name, func(t *testing.T) {
			names, deps := parse(test.graph)
			if got := strings.Join(Cycle(names, deps), " "); got != test.want {
				t.Errorf("got %q, want %q", got, test.want)
			}
		})
	}
}

func TestClosure(t *testing.T) {
	_, deps := parse("a:b,c b:d c:d d e:a f:g g:f")
	for _, test := range []struct{ roots, want string }{
		{"", ""},
		{"d", "d"},
		{"a", "a b c d"},
		{"c b c", "c b d"},
		{"f", "f g"},
		{"unknown", "unknown"},
	} {
		got := strings.Join(Closure(strings.Fields(test.roots), deps), " ")
		if got != test.want {
			t.Errorf("of %q: got %q, want %q", test.roots, got, test.want)
		}
	}
}

func TestDependents(t *testing.T) {
	names, deps := parse("web:api,db api:db,db db x:unknown")
	want := map[string][]string{"api": {"web"}, "db": {"web", "api"}}
	if got := Dependents(names, deps); !maps.EqualFunc(got, want, slices.Equal) {
		t.Errorf("got %v, want %v", got, want)
	}
}

// random makes a graph of n names; without cycles every edge goes to a later
// name of a shuffled order.
func random(r *rand.Rand, n int, cycles bool) ([]string, map[string][]string) {
	names := make([]string, n)
	for i := range names {
		names[i] = fmt.Sprint("s", i)
	}
	shuffled := slices.Clone(names)
	r.Shuffle(n, func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
	edges := map[string][]string{}
	for range r.IntN(2*n + 1) {
		from, to := r.IntN(n), r.IntN(n)
		if !cycles && from >= to {
			continue
		}
		edges[shuffled[from]] = append(edges[shuffled[from]], shuffled[to])
	}
	return names, edges
}

func TestRandomGraphs(t *testing.T) {
	for seed := range uint64(2000) {
		r := rand.New(rand.NewPCG(seed, 1))
		names, edges := random(r, 1+r.IntN(12), seed%2 == 0)
		deps := func(name string) []string { return edges[name] }
		order, cycle := Order(names, deps), Cycle(names, deps)
		if !slices.Equal(slices.Sorted(slices.Values(order)), slices.Sorted(slices.Values(names))) {
			t.Fatalf("seed %d: the order %v is not of the names %v", seed, order, names)
		}
		if plain := plainOrder(names, edges); !slices.Equal(order, plain) {
			t.Fatalf("seed %d: the order is %v, want %v", seed, order, plain)
		}
		if again := Order(order, deps); cycle == nil && !slices.Equal(again, order) {
			t.Fatalf("seed %d: ordering %v again gives %v", seed, order, again)
		}
		if ordered := followsDeps(order, edges); ordered != (cycle == nil) {
			t.Fatalf("seed %d: ordered %v with the cycle %v", seed, ordered, cycle)
		}
		checkCycle(t, seed, cycle, edges)
		checkClosure(t, seed, names[:1], edges)
	}
}

// plainOrder is what Order promises, step by step.
func plainOrder(names []string, edges map[string][]string) []string {
	var order []string
	for left := slices.Clone(names); len(left) > 0; {
		next := max(0, slices.IndexFunc(left, func(name string) bool {
			return !slices.ContainsFunc(edges[name], func(dep string) bool { return slices.Contains(left, dep) })
		}))
		order = append(order, left[next])
		left = slices.Delete(left, next, next+1)
	}
	return order
}

func followsDeps(order []string, edges map[string][]string) bool {
	for i, name := range order {
		for _, dep := range edges[name] {
			if slices.Index(order, dep) >= i {
				return false
			}
		}
	}
	return true
}

func checkCycle(t *testing.T, seed uint64, cycle []string, edges map[string][]string) {
	t.Helper()
	if cycle == nil {
		return
	}
	if len(cycle) < 2 || cycle[0] != cycle[len(cycle)-1] {
		t.Fatalf("seed %d: %v does not end where it begins", seed, cycle)
	}
	for i, name := range cycle[1:] {
		if !slices.Contains(edges[cycle[i]], name) {
			t.Fatalf("seed %d: %v names an edge %s to %s that is not there", seed, cycle, cycle[i], name)
		}
	}
}

func checkClosure(t *testing.T, seed uint64, roots []string, edges map[string][]string) {
	t.Helper()
	deps := func(name string) []string { return edges[name] }
	closure := Closure(roots, deps)
	for _, name := range closure {
		for _, dep := range edges[name] {
			if !slices.Contains(closure, dep) {
				t.Fatalf("seed %d: closure %v lacks %s", seed, closure, dep)
			}
		}
	}
	if again := Closure(closure, deps); !slices.Equal(again, closure) {
		t.Fatalf("seed %d: the closure of %v is %v", seed, closure, again)
	}
}
