package ports

import (
	"slices"
	"strings"
	"testing"
)

func TestParseRange(t *testing.T) {
	for in, want := range map[string]Range{
		"20000-29999":   {20000, 29999},
		" 3000 - 3999 ": {3000, 3999},
		"8080-8080":     {8080, 8080},
		"1024-65535":    {1024, 65535},
	} {
		if got, err := ParseRange(in); got != want || err != nil {
			t.Errorf("ParseRange(%q) = %v, %v, want %v", in, got, err, want)
		}
	}
}

func TestParseRangeSaysWhatIsWrong(t *testing.T) {
	for in, want := range map[string]string{
		"":            `want two numbers like "20000-29999"`,
		"20000":       `want two numbers`,
		"a-b":         `want two numbers`,
		"20000-":      `want two numbers`,
		"1-2-3":       `want two numbers`,
		"3000-2000":   `3000 is above 2000`,
		"80-90":       `ports go from 1024 to 65535`,
		"0-0":         `ports go from 1024 to 65535`,
		"60000-70000": `ports go from 1024 to 65535`,
		"-5-10":       `want two numbers`,
	} {
		_, err := ParseRange(in)
		if err == nil || !strings.Contains(err.Error(), want) || !strings.Contains(err.Error(), `"`+in+`"`) {
			t.Errorf("ParseRange(%q) says %v, want %q and the input", in, err, want)
		}
	}
}

func TestRangePrintsWhatItParses(t *testing.T) {
	if s := (Range{}).String(); s != "20000-29999" {
		t.Errorf("the zero range is %q", s)
	}
	r, err := ParseRange(Range{3000, 3999}.String())
	if r != (Range{3000, 3999}) || err != nil {
		t.Errorf("got %v, %v", r, err)
	}
}

func FuzzParseRange(f *testing.F) {
	for _, s := range []string{"20000-29999", "1-2", "-", "9-", "99999999999999999999-1", " 2000 - 3000"} {
		f.Add(s)
	}
	f.Fuzz(func(t *testing.T, s string) {
		r, err := ParseRange(s)
		if err != nil {
			return
		}
		if again, err := ParseRange(r.String()); again != r || err != nil || r.First > r.Last || r.First < 1024 || r.Last > 65535 {
			t.Errorf("%q is %v, which is %v, %v", s, r, again, err)
		}
	})
}

func TestSearchGoesForwardPastWhatIsTaken(t *testing.T) {
	r := Range{27014, 27021}
	taken := func(ports ...int) func(int) bool {
		return func(p int) bool { return slices.Contains(ports, p) }
	}
	for _, c := range []struct {
		name         string
		start        int
		taken, avoid []int
		want         int
	}{
		{name: "free", start: 27016, want: 27016},
		{name: "next", start: 27020, taken: []int{27020}, want: 27021},
		{name: "excluded", start: 27017, want: 27020},
		{name: "wraps", start: 27021, taken: []int{27021}, want: 27014},
		{name: "avoids", start: 27014, avoid: []int{27014, 27016}, want: 27020},
		{name: "avoided is better than none", start: 27014, taken: []int{27020, 27021}, avoid: []int{27014, 27016}, want: 27014},
		{name: "none", start: 27014, taken: []int{27014, 27016, 27020, 27021}, want: 0},
	} {
		isTaken := taken(c.taken...)
		got, ok := r.search(c.start, taken(c.avoid...), func(p int) bool { return !isTaken(p) })
		if got != c.want || ok != (c.want != 0) {
			t.Errorf("%s: got %d, %v, want %d", c.name, got, ok, c.want)
		}
	}
}

func TestHomeDependsOnTheWholeKeyAndOnNothingElse(t *testing.T) {
	r := Range{}.orDefault()
	seen := map[int]string{}
	for _, key := range [][]string{
		{"shop", "api", ""}, {"shop", "api", "debug"}, {"shop", "web", ""}, {"shopa", "pi", ""},
		{"blog", "api", ""}, {"shop", "/src/shop", "api", ""}, {"shop", "/src/b", "api", ""},
	} {
		home := r.home(key...)
		if home != r.home(key...) || !r.contains(home) {
			t.Errorf("%q: home %d", key, home)
		}
		if other, ok := seen[home]; ok {
			t.Errorf("%q and %q share %d", key, other, home)
		}
		seen[home] = strings.Join(key, " ")
	}
	// Whoever changes the hash moves everybody.
	if home := r.home("shop", "api", ""); home != 26877 {
		t.Errorf("the home of shop's api was 26877, is %d", home)
	}
}

func TestHomesAreSpreadOverTheRange(t *testing.T) {
	r := Range{20000, 20009}
	count := map[int]int{}
	for i := range 10000 {
		count[r.home("p", strings.Repeat("x", i%97), string(rune('a'+i/97)))]++
	}
	for port := r.First; port <= r.Last; port++ {
		if n := count[port]; n < 800 || n > 1200 {
			t.Errorf("%d of 10000 homes are %d", n, port)
		}
	}
}
