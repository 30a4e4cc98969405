//go:build !portable

package ports

import (
	"os"
	"os/user"
	"strconv"
	"strings"
)

// process describes a live process as far as this user may see it.
func process(pid int) Holder {
	if pid <= 0 {
		return Holder{}
	}
	h := Holder{PID: pid}
	st, ok := readStatus(pid)
	if !ok || CheckProc() != nil {
		return h
	}
	h.User = userName(st.uids[1])
	cmdline, _ := os.ReadFile(procPath(pid, "cmdline"))
	if h.Command = printable(string(cmdline)); h.Command == "" {
		h.Command = "[" + printable(st.name) + "]"
	}
	if h.Program = programOf(string(cmdline)); len(cmdline) == 0 {
		h.Program = printable(st.name)
	}
	return readIdentity(pid).lessee(h).Holder
}

func procPath(pid int, name string) string { return "/proc/" + strconv.Itoa(pid) + "/" + name }

// status is what everybody may read of a process.
type status struct {
	name string
	// state is the letter that ps shows.
	state byte
	ppid  int
	// uids are the real, effective, saved and file system one.
	uids [4]uint32
}

func readStatus(pid int) (st status, ok bool) {
	data, err := os.ReadFile(procPath(pid, "status"))
	if err != nil {
		return st, false
	}
	return parseStatus(string(data)), true
}

func parseStatus(text string) (st status) {
	for line := range strings.Lines(text) {
		key, value, _ := strings.Cut(line, ":")
		value = strings.TrimSpace(value)
		switch key {
		case "Name":
			st.name = value
		case "State":
			if value != "" {
				st.state = value[0]
			}
		case "PPid":
			st.ppid, _ = strconv.Atoi(value)
		case "Uid":
			for i, f := range strings.Fields(value) {
				if n, err := strconv.ParseUint(f, 10, 32); err == nil && i < len(st.uids) {
					st.uids[i] = uint32(n)
				}
			}
			return st // what follows is of no use
		}
	}
	return st
}

// stopped reports whether pid does not go on by itself, or is gone.
func stopped(pid int) bool {
	st, ok := readStatus(pid)
	return !ok || st.state == 'T' || st.state == 't' || st.state == 'Z'
}

// userName falls back to the number for a user without an entry.
func userName(uid uint32) string {
	id := strconv.FormatUint(uint64(uid), 10)
	if u, err := user.LookupId(id); err == nil {
		return u.Username
	}
	return id
}
