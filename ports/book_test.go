package ports

import (
	"encoding/json"
	"errors"
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
		{"shop", "main", "/a", []*slot{{"api", "", 20001, []int{20002}}, {"db", "x", 20005, nil}}, nil},
		{"blog", "main", "/a", []*slot{{"y", "", 20006, nil}}, nil},
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
	b.setAside(p, 20002)
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
		s.slots()
	}
	b.taken = nil
	return b
}

func TestABookIsWrittenAsJSONAndReadAsItIsWritten(t *testing.T) {
	b := &book{Version: bookVersion, Checkouts: []*shelf{
		{"shop", "main", "/a", []*slot{{"api", "", 20001, []int{20002, 20003}}, {"db", "x", 20005, nil}}, nil},
		{"shop", "b-1", "/b c", []*slot{}, nil},
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
	odd := &book{Version: bookVersion, Checkouts: []*shelf{{"é", "\"<\\>&\n\xff\u2028", "/", []*slot{}, nil}}}
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
	f.Add([]byte(`{"version":0,"checkouts":[]}`))
	f.Add([]byte("{\"version\":1,\"checkouts\":[{\"project\":\"\xff\\n\"}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := readBook(data, &numbers{})
		if !ok {
			return
		}
		taken := *got.taken
		var want book
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		unseal(got)
		for _, s := range got.Checkouts {
			for _, p := range s.Ports {
				if len(p.Alternates) == 0 {
					p.Alternates = nil // As many as [].
				}
			}
		}
		for _, s := range want.Checkouts {
			for _, p := range s.Ports {
				if len(p.Alternates) == 0 {
					p.Alternates = nil
				}
			}
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s is %s", data, text(got))
		}
		if *got.numbers() != taken {
			t.Errorf("%s has other numbers", data)
		}
	})
}
