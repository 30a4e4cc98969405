package help

import (
	"regexp"
	"strings"
	"testing"
	"unicode/utf8"
)

func TestEveryTopicReadsWellInEightyColumns(t *testing.T) {
	topics := Topics()
	if len(topics) < 10 {
		t.Fatalf("only %d topics are in the binary", len(topics))
	}
	name := regexp.MustCompile(`^[a-z]+$`)
	for _, topic := range topics {
		if !name.MatchString(topic.Name) {
			t.Errorf("%q is no word to type", topic.Name)
		}
		start := topic.Name + ": " + topic.Summary + "\n\n"
		if topic.Summary == "" || !strings.HasPrefix(topic.Text, start) {
			t.Errorf("%s begins with %.60q, not with its name and a summary", topic.Name, topic.Text)
		}
		// In the list of topics the summary stands behind the name.
		if n := utf8.RuneCountInString(topic.Summary); n > 66 {
			t.Errorf("%s: the summary has %d characters", topic.Name, n)
		}
		if !strings.HasSuffix(topic.Text, "\n") || strings.HasSuffix(topic.Text, "\n\n") {
			t.Errorf("%s does not end with one line end", topic.Name)
		}
		checkLines(t, topic)
	}
}

func checkLines(t *testing.T, topic Topic) {
	number := 0
	for line := range strings.Lines(topic.Text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		if n := utf8.RuneCountInString(line); n > 80 {
			t.Errorf("%s:%d: %d columns: %s", topic.Name, number, n, line)
		}
		if strings.ContainsFunc(line, func(r rune) bool { return r < ' ' || r > '~' }) {
			t.Errorf("%s:%d: not plain text: %q", topic.Name, number, line)
		}
		if strings.TrimRight(line, " ") != line {
			t.Errorf("%s:%d: spaces at the end", topic.Name, number)
		}
	}
}

func TestEachOtherWordLeadsToOneTopic(t *testing.T) {
	owner := map[string]string{}
	for _, s := range subjects {
		topic := s.topic
		if _, ok := Find(topic); !ok {
			t.Errorf("there is no topic %q", topic)
		}
		for _, word := range s.words {
			if _, ok := Find(word); ok {
				t.Errorf("%q is a topic itself", word)
			}
			if other := owner[word]; other != "" {
				t.Errorf("%q leads to %s and to %s", word, other, topic)
			}
			owner[word] = topic
			if got := Meant(strings.ToUpper(word)); got != topic {
				t.Errorf("%q leads to %q, not to %q", word, got, topic)
			}
		}
	}
	if got := Meant("nonsense"); got != "" {
		t.Errorf("nonsense leads to %q", got)
	}
}

func TestWhatIsNoTopicIsNotFound(t *testing.T) {
	for _, name := range []string{"", "nonsense", "../help", "file.txt", "a/b"} {
		if topic, ok := Find(name); ok || topic != (Topic{}) {
			t.Errorf("%q is %+v", name, topic)
		}
	}
}
