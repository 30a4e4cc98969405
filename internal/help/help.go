// Package help is the reference of lhrun by topics: plain text that reads the same
// in a file, in a pipe and on a terminal of 80 columns.
package help

import (
	"embed"
	"io/fs"
	"strings"
)

// Each topic is a file that begins with "NAME: SUMMARY" and an empty line.
//
//go:embed topics/*.txt
var files embed.FS

const (
	room      = "topics"
	extension = ".txt"
)

// Topic is one page of the reference.
type Topic struct {
	Name string
	// Summary is one line without the name.
	Summary string
	// Text is the whole page, its first line included.
	Text string
}

// Topics returns all topics by name.
func Topics() []Topic {
	entries, err := fs.ReadDir(files, room)
	if err != nil {
		panic(err) // The files are part of the binary.
	}
	topics := make([]Topic, 0, len(entries))
	for _, entry := range entries {
		topic, _ := Find(strings.TrimSuffix(entry.Name(), extension))
		topics = append(topics, topic)
	}
	return topics
}

// Find returns the topic called name and reports whether there is one.
func Find(name string) (Topic, bool) {
	text, err := files.ReadFile(room + "/" + name + extension)
	if err != nil {
		return Topic{}, false
	}
	first, _, _ := strings.Cut(string(text), "\n")
	_, summary, _ := strings.Cut(first, ": ")
	return Topic{Name: name, Summary: summary, Text: string(text)}, true
}
