// Package words holds the grammar of names and the wording that several rooms share:
// suggestions, quantities, and how wide text is on a terminal.
package words
