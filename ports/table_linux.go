//go:build !portable

package ports

import (
	"bytes"
	"cmp"
	"errors"
	"io/fs"
	"os"
	"slices"
	"strconv"

	"golang.org/x/sys/unix"
)

// procTable takes sockets from socket diagnosis and owners from /proc/pid/fd.
type procTable struct {
	diag *diag
	out  []socket
}

func newTable() table { return &procTable{} }

func (t *procTable) close() {
	if t.diag != nil {
		t.diag.close()
		t.diag = nil
	}
}

// listeners reuses its result: it is good until the next call.
func (t *procTable) listeners() (_ []socket, err error) {
	if t.diag == nil {
		t.diag, err = openDiag()
	}
	if err == nil {
		t.out, err = t.diag.listeners(t.out[:0])
	}
	if err != nil {
		t.close()
		t.out, err = procListeners(t.out[:0])
	}
	return t.out, err
}

func (t *procTable) owned(pids []int, among []socket) map[Listener]bool {
	wanted := byInode(among)
	mine := map[Listener]bool{}
	for _, pid := range pids {
		inodes, _ := openSockets(pid, wanted) // What cannot be looked at is nobody's.
		for _, inode := range inodes {
			mine[wanted[inode]] = true
		}
		if len(mine) == len(wanted) {
			break
		}
	}
	return mine
}

func byInode(among []socket) map[uint64]Listener {
	m := make(map[uint64]Listener, len(among))
	for _, s := range among {
		m[s.ID] = s.Listener
	}
	return m
}

// likely is for programs that changed their user or are protected from being
// looked into: one of pids hides its files and has the user of the socket.
func (t *procTable) likely(pids []int, s socket) bool {
	return slices.ContainsFunc(pids, func(pid int) bool {
		_, err := os.ReadDir(procPath(pid, "fd"))
		if !errors.Is(err, fs.ErrPermission) {
			return false
		}
		st, ok := readStatus(pid)
		return ok && slices.Contains(st.uids[:], s.uid)
	})
}

func (t *procTable) holders(among []socket) map[Listener][]Holder {
	out, _ := searchHolders(among)
	return out
}

// searchHolders is holders with the reason why some process may not have been looked at,
// other than that it is hidden from this user.
func searchHolders(among []socket) (_ map[Listener][]Holder, failed error) {
	wanted := byInode(among)
	pids := map[Listener][]int{}
	all, failed := allPIDs()
	for _, pid := range all {
		inodes, err := openSockets(pid, wanted)
		failed = cmp.Or(failed, err)
		for _, inode := range inodes {
			l := wanted[inode]
			if !slices.Contains(pids[l], pid) {
				pids[l] = append(pids[l], pid)
			}
		}
	}
	out := map[Listener][]Holder{}
	for _, s := range among {
		for _, pid := range eldest(pids[s.Listener]) {
			out[s.Listener] = append(out[s.Listener], process(pid))
		}
		if len(out[s.Listener]) == 0 {
			out[s.Listener] = []Holder{{User: userName(s.uid)}}
		}
	}
	return out, failed
}

// eldest leaves out every process whose parent is among pids as well.
func eldest(pids []int) []int {
	if len(pids) < 2 {
		return pids
	}
	var out []int
	for _, pid := range pids {
		if st, ok := readStatus(pid); ok && !slices.Contains(pids, st.ppid) {
			out = append(out, pid)
		}
	}
	return out
}

// allPIDs returns none where /proc cannot be used.
func allPIDs() (pids []int, err error) {
	if err := CheckProc(); err != nil {
		return nil, err
	}
	d, err := os.Open("/proc")
	if err != nil {
		return nil, err
	}
	defer d.Close()
	names, err := d.Readdirnames(-1)
	for _, name := range names {
		if pid, err := strconv.Atoi(name); err == nil {
			pids = append(pids, pid)
		}
	}
	slices.Sort(pids)
	return pids, err
}

// openSockets returns which of the wanted inodes pid has open. It begins with the
// highest descriptors, which were opened last. Package os would try to poll the
// directory: five more calls for every process of the rows "flat start". A process that
// is gone, or hidden from this user, has none; the error is any other reason.
func openSockets(pid int, wanted map[uint64]Listener) (inodes []uint64, err error) {
	dir, err := unix.Open(procPath(pid, "fd"), unix.O_RDONLY|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil, unlessAbsent(err)
	}
	defer unix.Close(dir)
	var entries [4096]byte
	var names []string
	for {
		n, err := unix.ReadDirent(dir, entries[:])
		if n <= 0 || err != nil {
			return inodes, unlessAbsent(err)
		}
		_, _, names = unix.ParseDirent(entries[:n], -1, names[:0])
		for _, name := range slices.Backward(names) {
			inode, ok := socketAt(dir, name)
			if ok && wanted[inode].Addr.IsValid() && !slices.Contains(inodes, inode) {
				if inodes = append(inodes, inode); len(inodes) == len(wanted) {
					return inodes, nil
				}
			}
		}
	}
}

// unlessAbsent is err, unless it says that a process is gone or hidden from this user.
func unlessAbsent(err error) error {
	for _, absent := range []error{unix.ENOENT, unix.ESRCH, unix.EACCES, unix.EPERM} {
		if errors.Is(err, absent) {
			return nil
		}
	}
	return err
}

// socketAt returns the inode of the socket that is descriptor name in dir.
func socketAt(dir int, name string) (inode uint64, ok bool) {
	var buf [64]byte
	n, err := unix.Readlinkat(dir, name, buf[:])
	if err != nil {
		return 0, false
	}
	return socketInode(buf[:n])
}

// offspring are children of pid's first thread, as far as one read shows them.
func (t *procTable) offspring(pid int) (pids []int) {
	fd, err := unix.Open(procPath(pid, "task/"+strconv.Itoa(pid)+"/children"), unix.O_RDONLY|unix.O_CLOEXEC, 0)
	if err != nil {
		return nil
	}
	defer unix.Close(fd)
	var buf [1024]byte
	n, err := unix.Read(fd, buf[:])
	if err != nil {
		return nil
	}
	for field := range bytes.FieldsSeq(buf[:n]) {
		if child, err := strconv.Atoi(string(field)); err == nil {
			pids = append(pids, child)
		}
	}
	return pids
}

// socketInode reads "socket:[N]".
func socketInode(link []byte) (uint64, bool) {
	number, ok := bytes.CutPrefix(link, []byte("socket:["))
	if !ok || len(number) == 0 {
		return 0, false
	}
	n, err := strconv.ParseUint(string(number[:len(number)-1]), 10, 64)
	return n, err == nil
}
