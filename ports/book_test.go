package ports

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"reflect"
	"strings"
	"testing"
)

func TestRegistryEntriesThatMakeNoSenseAreLeftOut(t *testing.T) {
	b, err := parse(`{"version":1,"checkouts":[
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
	want := []*shelf{
		newShelf("shop", "main", "/a", &slot{"api", "", 20001, []int{20002}}, &slot{"db", "x", 20005, nil}),
		newShelf("blog", "main", "/a", &slot{"y", "", 20006, nil}),
	}
	if !reflect.DeepEqual(b.Checkouts, want) {
		t.Errorf("got %s", text(b))
	}
}

func TestRegistryOfAnotherVersionIsNotRead(t *testing.T) {
	if _, err := parse(`{"version":2,"checkouts":{}}`); !errors.Is(err, errNewer) {
		t.Error(err)
	}
	if _, err := parse(`{"version":2}`); !errors.Is(err, errNewer) {
		t.Error(err)
	}
	if _, err := parse(`{}`); err == nil || errors.Is(err, errNewer) {
		t.Error(err)
	}
}

func TestANewHomeGivesTheOldNumbersBack(t *testing.T) {
	b := &book{}
	s, q := b.shelf(Checkout{"shop", "main", "/a"}), Request{Service: "api"}
	p := b.settle(s, q, 20001)
	b.setAside(s, p, 20002)
	if !b.registered(20001) || !b.registered(20002) || b.registered(20003) {
		t.Errorf("%v", b.taken)
	}
	b.settle(s, q, 20003)
	if b.registered(20001) || b.registered(20002) || !b.registered(20003) || b.count(Range{20000, 20009}) != 1 {
		t.Errorf("%v", b.taken)
	}
	if got := *s.find(q); !reflect.DeepEqual(got, slot{Service: "api", Port: 20003}) || len(s.Ports) != 1 {
		t.Errorf("%+v", got)
	}
	b.taken = nil
	if b.registered(20001) || !b.registered(20003) {
		t.Errorf("%v", b.taken)
	}
}

func FuzzParseBook(f *testing.F) {
	f.Add([]byte(`{"version":1,"checkouts":[{"project":"shop","instance":"main","dir":"/a","ports":[{"service":"api","port":20001,"alternates":[20002]}]}]}`))
	f.Add([]byte(`{"version":1,"checkouts":[null,{"project":"p","instance":"i","dir":"/","ports":[null]}]}`))
	f.Add([]byte(`{"version":9}`))
	f.Add([]byte("\x00"))
	f.Fuzz(func(t *testing.T, data []byte) {
		b, err := parse(string(data))
		if err != nil {
			return
		}
		seen := map[int]bool{}
		for _, s := range b.Checkouts {
			for _, p := range s.slots() {
				for _, port := range append([]int{p.Port}, p.Alternates...) {
					if seen[port] || port < lowest || port > highest {
						t.Fatalf("port %d", port)
					}
					seen[port] = true
				}
			}
		}
		before := text(b)
		again, err := parse(before)
		if err != nil {
			t.Fatal(err)
		}
		if after := text(again); after != before {
			t.Fatalf("%s\nbecame\n%s", before, after)
		}
	})
}

func newShelf(project, instance, dir string, ports ...*slot) *shelf {
	return &shelf{Project: project, Instance: instance, Dir: dir, Ports: append([]*slot{}, ports...)}
}

// parse is parseBook in memory of its own.
func parse(text string) (*book, error) { return parseBook([]byte(text), &numbers{}) }

// text is what b is written as.
func text(b *book) string {
	var out strings.Builder
	if err := b.encode(&out); err != nil {
		panic(err)
	}
	return out.String()
}

// unseal makes b what package json would have made.
func unseal(b *book) *book {
	for _, s := range b.Checkouts {
		s.changed = false
		for _, p := range s.slots() {
			if len(p.Alternates) == 0 {
				p.Alternates = nil // As good as [].
			}
		}
	}
	b.taken, b.rewrite = nil, false
	return b
}

func TestABookIsWrittenAsJSONAndReadAsItIsWritten(t *testing.T) {
	b := &book{Version: bookVersion, Checkouts: []*shelf{
		newShelf("shop", "main", "/a", &slot{"api", "", 20001, []int{20002, 20003}}, &slot{"db", "x", 20005, nil}),
		newShelf("shop", "b-1", "/b c"),
	}}
	written := text(b)
	if want, err := json.Marshal(b); err != nil || written != string(want) {
		t.Errorf("%s\nis not\n%s", written, want)
	}
	got, ok := readBook([]byte(written), &numbers{})
	if again := text(got); !ok || again != written {
		t.Errorf("%v: %s became %s", ok, written, again)
	}
	if n := got.count(Range{20000, 20009}); n != 4 || !got.registered(20003) {
		t.Errorf("%d numbers are taken", n)
	}
	if !reflect.DeepEqual(unseal(got), b) {
		t.Errorf("%s became %s", written, text(got))
	}
	odd := &book{Version: bookVersion, Checkouts: []*shelf{newShelf("é", "\"<\\>&\n\xff\u2028", "/")}}
	if want, err := json.Marshal(odd); err != nil || text(odd) != string(want) {
		t.Errorf("%s\nis not\n%s", text(odd), want)
	}
	for _, other := range []string{"", "{", written[:len(written)-1], written + " ", `{"version":01,"checkouts":[]}`,
		`{"version":1,"checkouts":null}`, `{"version":1,"checkouts":[,]}`, `{"version":1234567890,"checkouts":[]}`, `{"version":1,"checkouts":[null]}`} {
		if _, ok := readBook([]byte(other), &numbers{}); ok {
			t.Errorf("took %q", other)
		}
	}
}

func TestALineMoreIsAsGoodAsAnotherFileAndAPartOfOneIsNone(t *testing.T) {
	b := &book{Version: bookVersion, Checkouts: []*shelf{newShelf("shop", "main", "/a"), newShelf("blog", "main", "/b")}}
	before := text(b)
	s := b.find("shop", "/a")
	p := b.settle(s, Request{Service: "api"}, 20001)
	b.setAside(s, p, 20002)
	b.settle(b.shelf(Checkout{"new", "main", "/c"}), Request{Service: "db", Name: "é"}, 20003)
	var more bytes.Buffer
	if err := b.continued(&more); err != nil {
		t.Fatal(err)
	}
	lines := strings.SplitAfter(more.String(), "\n")
	if len(lines) != 3 || strings.Contains(more.String(), "blog") {
		t.Errorf("it goes on with %q", lines)
	}
	whole := before + more.String()
	got, err := parse(whole)
	if err != nil || text(got) != text(b) || !got.registered(20002) || !got.registered(20003) {
		t.Fatalf("%s is read as %s, %v", whole, text(got), err)
	}
	for end := len(before); end < len(whole); end++ {
		got, err := parse(whole[:end])
		if err != nil {
			t.Fatal(err)
		}
		n := 0
		if end >= len(before)+len(lines[0])+len(lines[1])-1 {
			n = 2 // The first line is whole.
		}
		torn := end > len(before) && end != len(before)+len(lines[0])+len(lines[1])-1
		if c := got.count(Range{20000, 20009}); c != n || got.rewrite != torn {
			t.Errorf("%q is read as %s, and is to be written anew: %v", whole[:end], text(got), got.rewrite)
		}
	}
}

func TestAFileThatWentOnForLongIsWrittenAnew(t *testing.T) {
	r := newRegistry(t)
	c := checkout(t, r, "shop", t.TempDir())
	for i := range 200 {
		leaseOnce(t, r, c, services(fmt.Sprint("a service with a long name ", i))...)
		info, err := os.Stat(r.store.path(bookFile))
		if err != nil {
			t.Fatal(err)
		}
		b, err := r.store.read()
		if err != nil || len(b.find("shop", c.Dir).slots()) != i+1 {
			t.Fatalf("after %d: %s, %v", i, text(b), err)
		}
		if whole := len(text(b)); int(info.Size()) > 2*whole+2*mostMore {
			t.Fatalf("the file has %d bytes for %d", info.Size(), whole)
		}
	}
}

func TestNumbersOfACheckoutThatIsRemovedAreFree(t *testing.T) {
	b, err := parse(`{"version":1,"checkouts":[{"project":"shop","instance":"main","dir":"/a","ports":[{"service":"api","port":20001,"alternates":[20002]}]},{"project":"shop","instance":"b","dir":"/b","ports":[{"service":"api","port":20003}]}]}`)
	if err != nil {
		t.Fatal(err)
	}
	b.drop("shop", "/a")
	if b.registered(20001) || b.registered(20002) || !b.registered(20003) || len(b.Checkouts) != 1 {
		t.Errorf("left is %s", text(b))
	}
}

// FuzzReadBook: what it takes, package json reads alike.
func FuzzReadBook(f *testing.F) {
	f.Add([]byte(`{"version":1,"checkouts":[{"project":"shop","instance":"main","dir":"/a","ports":[{"service":"api","name":"x","port":20001,"alternates":[20002]},{"service":"b","port":20003}]},{"project":"a","instance":"b","dir":"/","ports":[]}]}`))
	f.Add([]byte("{\"version\":1,\"checkouts\":[]}\n{\"project\":\"a\",\"instance\":\"b\",\"dir\":\"/\",\"ports\":[]}\n{\"project\":\"a\",\"instance\":\"b\",\"dir\":\"/\",\"ports\":[{\"service\":\"b\",\"port\":20003}]}"))
	f.Add([]byte(`{"version":0,"checkouts":[]}`))
	f.Add([]byte("{\"version\":1,\"checkouts\":[{\"project\":\"\xff\\n\"}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := readBook(data, &numbers{})
		if !ok {
			return
		}
		taken := *got.taken
		var want book
		from := json.NewDecoder(bytes.NewReader(data))
		err := from.Decode(&want)
		for err == nil {
			var s shelf
			if err = from.Decode(&s); err == nil {
				want.put(&s)
			}
		}
		if !errors.Is(err, io.EOF) {
			t.Fatal(err)
		}
		if unseal(got); !reflect.DeepEqual(got, unseal(&want)) {
			t.Errorf("%s is %s", data, text(got))
		}
		if *got.numbers() != taken {
			t.Errorf("%s has other numbers", data)
		}
	})
}
