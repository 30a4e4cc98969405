// Package testmount gives tests file systems with little room, or that cannot be written:
// a test that runs as root cannot rely on the rights of files. Where mounting is not
// possible the test is skipped.
package testmount

// Impossible is the exit code of Exec where it cannot mount.
const Impossible = 77
