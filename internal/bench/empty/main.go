// Command empty does nothing: what a Go program costs before it has done anything.
package main

func main() {}
