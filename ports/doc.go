// Package ports gives every service of every checkout on a machine a loopback
// port of its own, keeps it there from run to run, and tells who listens where.
//
// Three things together make a port safe to hand out:
//
//   - a registry, one file per user, that remembers which key (project,
//     instance, service, port name) has which port, so that a key keeps its
//     number and no other key is ever given it, idle or not;
//   - a lease, held by the running process and dropped by the kernel when that
//     process dies, however it dies, so that two live runs never share a port,
//     not even across users and state directories;
//   - a probe, which asks whether anybody else sits on the port right now.
//
// A [Watcher] then sees who really begins to listen there, and [Connections] who talks
// to whom.
//
// The package can be used on its own, for instance in the tests of a program
// that needs ports which no other test run on the machine will meet.
//
// Leases work on Linux, macOS and the BSDs. Elsewhere Open reports
// errors.ErrUnsupported.
package ports
