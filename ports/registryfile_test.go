package ports

import (
	"errors"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestRegistryEntriesThatMakeNoSenseAreLeftOut(t *testing.T) {
	b, err := parseText(`{"version":1,"checkouts":[
		{"project":"shop","instance":"main","dir":"/a","ports":[
			{"service":"api","port":20001,"alternates":[20002,20001,0]},
			{"service":"api","port":20003},
			{"service":"web","port":20002},
			{"service":"","port":20004},
			{"service":"neg","port":-1},
			{"service":"big","port":65536},
			null,
			{"service":"db","name":"x","port":20005}]},
		null,
		{"project":"shop","instance":"again","dir":"/a","ports":[{"service":"z","port":20009}]},
		{"project":"shop","instance":"b","dir":"relative","ports":[{"service":"z","port":20009}]},
		{"project":"","instance":"b","dir":"/c"},
		{"project":"blog","instance":"main","dir":"/a","ports":[{"service":"z","port":20005},{"service":"y","port":20006}]}
	]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []*checkoutEntry{
		newEntry("shop", "main", "/a", &portEntry{"api", "", 20001, []int{20002}}, &portEntry{"db", "x", 20005, nil}),
		newEntry("blog", "main", "/a", &portEntry{"y", "", 20006, nil}),
	}
	if !reflect.DeepEqual(b.Checkouts, want) {
		t.Errorf("got %s", text(t, b))
	}
}

func TestHomesThatMakeNoSenseAreLeftOut(t *testing.T) {
	b, err := parseText(`{"version":2,"checkouts":[{"project":"shop","instance":"main","dir":"/a","homes":[
		"api 20001 20002 x 20001 0", "api 20003", "web 20002", "", " 20004", "neg -1", "big 65536", "none", "%zz 20006", "db/x 20005"]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	want := []*checkoutEntry{
		newEntry("shop", "main", "/a", &portEntry{"api", "", 20001, []int{20002}}, &portEntry{"db", "x", 20005, nil}),
	}
	if !reflect.DeepEqual(b.Checkouts, want) {
		t.Errorf("got %s", text(t, b))
	}
}

func TestRegistryOfVersion1IsWrittenAnew(t *testing.T) {
	b, err := parseText(`{"version":1,"checkouts":[{"project":"shop","instance":"main","dir":"/a","ports":[{"service":"api","port":20001}]}]}`)
	if err != nil || !b.rewrite || b.find("shop", "/a").Ports[0].Port != 20001 {
		t.Fatalf("%+v, %v", b, err)
	}
}

func TestRegistryOfAnotherVersionIsNotRead(t *testing.T) {
	if _, err := parseText(`{"version":3,"checkouts":{}}`); !errors.Is(err, errNewer) {
		t.Error(err)
	}
	if _, err := parseText(`{"version":3}`); !errors.Is(err, errNewer) {
		t.Error(err)
	}
	if _, err := parseText(`{}`); err == nil || errors.Is(err, errNewer) {
		t.Error(err)
	}
}

func TestANewHomeGivesTheOldNumbersBack(t *testing.T) {
	f := &registryFile{}
	e, q := f.entry(Checkout{"shop", "main", "/a"}), Request{Service: "api"}
	f.setHome(e, q, 20001)
	f.addAlternate(e, e.find(q), 20002)
	if !f.taken.has(20001) || !f.taken.has(20002) || f.taken.has(20003) {
		t.Error("the numbers of the key are not taken")
	}
	f.setHome(e, q, 20003)
	if f.taken.has(20001) || f.taken.has(20002) || !f.taken.has(20003) || f.taken.count(Range{20000, 20009}) != 1 {
		t.Error("the old numbers are still taken")
	}
	if got := *e.find(q); !reflect.DeepEqual(got, portEntry{Service: "api", Port: 20003}) || len(e.Ports) != 1 {
		t.Errorf("%+v", got)
	}
}

func FuzzParseRegistry(f *testing.F) {
	f.Add([]byte(`{"version":1,"checkouts":[{"project":"shop","instance":"main","dir":"/a","ports":[{"service":"api","port":20001,"alternates":[20002]}]}]}`))
	f.Add([]byte(`{"version":1,"checkouts":[null,{"project":"p","instance":"i","dir":"/","ports":[null]}]}`))
	f.Add([]byte(`{"version":2,"checkouts":[{"project":"shop","instance":"main","dir":"/a","homes":["api/debug 20001 20002","% 1","","web  20003 x"]}]}`))
	f.Add([]byte(`{"version":9}`))
	f.Add([]byte("\x00"))
	for _, name := range []string{"continued.json", "lines.json"} {
		continued, err := os.ReadFile("testdata/" + name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(continued)
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := parseText(string(data))
		if err != nil {
			return
		}
		seen := map[int]bool{}
		for _, s := range b.Checkouts {
			for _, p := range s.Ports {
				for _, port := range p.all() {
					if seen[port] || port < lowest || port > highest {
						t.Fatalf("port %d", port)
					}
					seen[port] = true
				}
			}
		}
		if !b.rewrite && len(b.Checkouts) > 0 {
			b.Checkouts[0].changed = true
			lines, err := b.changes()
			if err != nil {
				t.Fatal(err)
			}
			continued, err := parseText(string(data) + string(lines))
			if err != nil || !reflect.DeepEqual(continued.taken, b.taken) || text(t, continued) != text(t, b) {
				t.Fatalf("%s\ncontinued by\n%s\nbecame\n%s, %v", data, lines, text(t, continued), err)
			}
		}
		before := text(t, b)
		again, err := parseText(before)
		if err != nil {
			t.Fatal(err)
		}
		if after := text(t, again); after != before {
			t.Fatalf("%s\nbecame\n%s", before, after)
		}
	})
}

func TestNumbersOfACheckoutThatIsRemovedAreFree(t *testing.T) {
	f, err := parseText(`{"version":1,"checkouts":[{"project":"shop","instance":"main","dir":"/a","ports":[{"service":"api","port":20001,"alternates":[20002]}]},{"project":"shop","instance":"b","dir":"/b","ports":[{"service":"api","port":20003}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	f.drop("shop", "/a")
	if f.taken.has(20001) || f.taken.has(20002) || !f.taken.has(20003) || len(f.Checkouts) != 1 {
		t.Errorf("left is %s", text(t, f))
	}
}

func TestALineThatWasNotWrittenWholeDoesNotCount(t *testing.T) {
	continued, err := os.ReadFile("testdata/lines.json")
	if err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(string(continued), "\n")
	for n := 1; n < len(lines); n++ {
		before := strings.Join(lines[:n], "")
		want, err := parseText(before)
		if err != nil {
			t.Fatal(err)
		}
		for end := range len(lines[n]) - 1 {
			got, err := parseText(before + lines[n][:end])
			if err != nil || !reflect.DeepEqual(got.Checkouts, want.Checkouts) || got.taken != want.taken {
				t.Fatalf("%q counts, %v", lines[n][:end], err)
			}
			if got.rewrite != (end > 0) {
				t.Fatalf("behind %q a line may follow: %v", lines[n][:end], !got.rewrite)
			}
		}
	}
}

func TestTheRegistryHasALineForEachCheckout(t *testing.T) {
	f := &registryFile{}
	e := f.entry(Checkout{"shop", "main", "/a"})
	f.setHome(e, Request{Service: "api", Name: "debug"}, 20001)
	f.addAlternate(e, e.Ports[0], 20002)
	f.setHome(f.entry(Checkout{`{"project":`, "main", "/b"}), Request{Service: "api"}, 20003)
	f.setHome(f.entry(Checkout{"shop", "two", "/c"}), Request{Service: "a/b c%20é"}, 20004)
	want := `{"version":2,"checkouts":[
{"project":"shop","instance":"main","dir":"/a","homes":["api/debug 20001 20002"]},
{"project":"{\"project\":","instance":"main","dir":"/b","homes":["api 20003"]},
{"project":"shop","instance":"two","dir":"/c","homes":["a%2Fb%20c%2520%C3%A9 20004"]}]}
`
	if got := text(t, f); got != want {
		t.Errorf("it is\n%s", got)
	}
	if again, err := parseText(want); err != nil || again.find("shop", "/c").Ports[0].Service != "a/b c%20é" || text(t, again) != want {
		t.Errorf("read again it is\n%s, %v", text(t, again), err)
	}
}

func newEntry(project, instance, dir string, ports ...*portEntry) *checkoutEntry {
	return &checkoutEntry{Project: project, Instance: instance, Dir: dir, Ports: append([]*portEntry{}, ports...)}
}

func parseText(text string) (*registryFile, error) { return parseRegistry([]byte(text)) }

// text is what f is written as.
func text(t *testing.T, f *registryFile) string {
	t.Helper()
	data, err := f.encode()
	if err != nil {
		t.Fatal(err)
	}
	return string(data)
}
