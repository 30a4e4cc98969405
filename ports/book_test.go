package ports

import (
	"encoding/json"
	"errors"
	"reflect"
	"testing"
)

func TestRegistryEntriesThatMakeNoSenseAreLeftOut(t *testing.T) {
	b, err := parseBook([]byte(`{"version":1,"checkouts":[
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
	]}`))
	if err != nil {
		t.Fatal(err)
	}
	want := []*shelf{
		{"shop", "main", "/a", []*slot{{"api", "", 20001, []int{20002}}, {"db", "x", 20005, nil}}},
		{"blog", "main", "/a", []*slot{{"y", "", 20006, nil}}},
	}
	if !reflect.DeepEqual(b.Checkouts, want) {
		t.Errorf("got %s", b.encode())
	}
}

func TestRegistryOfAnotherVersionIsNotRead(t *testing.T) {
	if _, err := parseBook([]byte(`{"version":2,"checkouts":{}}`)); !errors.Is(err, errNewer) {
		t.Error(err)
	}
	if _, err := parseBook([]byte(`{"version":2}`)); !errors.Is(err, errNewer) {
		t.Error(err)
	}
	if _, err := parseBook([]byte(`{}`)); err == nil || errors.Is(err, errNewer) {
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
		b, err := parseBook(data)
		if err != nil {
			return
		}
		seen := map[int]bool{}
		for _, s := range b.Checkouts {
			for _, p := range s.Ports {
				for _, port := range append([]int{p.Port}, p.Alternates...) {
					if seen[port] || port < lowest || port > highest {
						t.Fatalf("port %d", port)
					}
					seen[port] = true
				}
			}
		}
		text := b.encode()
		again, err := parseBook(text)
		if err != nil {
			t.Fatal(err)
		}
		if second := again.encode(); string(second) != string(text) {
			t.Fatalf("%s\nbecame\n%s", text, second)
		}
	})
}

func TestABookIsWrittenAsJSONAndReadAsItIsWritten(t *testing.T) {
	b := &book{Version: bookVersion, Checkouts: []*shelf{
		{"shop", "main", "/a", []*slot{{"api", "", 20001, []int{20002, 20003}}, {"db", "x", 20005, nil}}},
		{"shop", "b-1", "/b c", []*slot{}},
	}}
	text := b.encode()
	if want, err := json.Marshal(b); err != nil || string(text) != string(want) {
		t.Errorf("%s\nis not\n%s", text, want)
	}
	if got, ok := readBook(text); !ok || !reflect.DeepEqual(got, b) {
		t.Errorf("%v: %s", ok, text)
	}
	odd := &book{Version: bookVersion, Checkouts: []*shelf{{"é", "\"<\\>&\n\xff\u2028", "/", []*slot{}}}}
	if want, err := json.Marshal(odd); err != nil || string(odd.encode()) != string(want) {
		t.Errorf("%s\nis not\n%s", odd.encode(), want)
	}
	for _, other := range []string{"", "{", string(text[:len(text)-1]), string(text) + " ", `{"version":01,"checkouts":[]}`,
		`{"version":1,"checkouts":null}`, `{"version":1,"checkouts":[,]}`, `{"version":1234567890,"checkouts":[]}`, `{"version":1,"checkouts":[null]}`} {
		if _, ok := readBook([]byte(other)); ok {
			t.Errorf("took %q", other)
		}
	}
}

// FuzzReadBook: what it takes, package json reads alike, and it takes what is written.
func FuzzReadBook(f *testing.F) {
	f.Add([]byte(`{"version":1,"checkouts":[{"project":"shop","instance":"main","dir":"/a","ports":[{"service":"api","name":"x","port":20001,"alternates":[20002]},{"service":"b","port":1}]},{"project":"","instance":"","dir":"","ports":[]}]}`))
	f.Add([]byte(`{"version":0,"checkouts":[]}`))
	f.Add([]byte("{\"version\":1,\"checkouts\":[{\"project\":\"\xff\\n\"}]}"))
	f.Fuzz(func(t *testing.T, data []byte) {
		got, ok := readBook(data)
		if !ok {
			return
		}
		var want book
		if err := json.Unmarshal(data, &want); err != nil {
			t.Fatal(err)
		}
		if !reflect.DeepEqual(*got, want) {
			t.Errorf("%s is %s", data, got.encode())
		}
	})
}
