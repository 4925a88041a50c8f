package sqlite

import (
	"fmt"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"
)

// inTheWay reports whether the files that SQLite makes beside a file in WAL mode, with the
// mode of that and us as their owner, would keep its owner from writing. Those who only
// read do not take them away.
func inTheWay(path string, info os.FileInfo) bool {
	const others = 0o022
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || info.Mode()&others != 0 {
		return false
	}
	us := os.Geteuid()
	return us != 0 && us != int(st.Uid) && missing(path+"-shm") // root gives them to the owner
}

// checkWritable returns ErrReadOnly or ErrLeftBehind if a file may not be written, or one
// that SQLite has beside it.
func checkWritable(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		reason := mayWrite(path + suffix)
		if reason == nil {
			continue
		}
		err := ErrReadOnly
		if wal, said := os.Stat(path + "-wal"); suffix != "" && (said != nil || wal.Size() == 0) {
			err = ErrLeftBehind
		}
		return fmt.Errorf("%w: %s%s: %w", err, path+suffix, belongs(path+suffix), reason)
	}
	return nil
}

// denied says so where a file could not be opened or made since its folder cannot be
// written: beside one in WAL mode, SQLite makes others even to read it.
func denied(path string, err error) error {
	if cannotShare(err) {
		if reason := mayWrite(filepath.Dir(path)); reason != nil {
			return fmt.Errorf("%w: its folder: %w", ErrReadOnly, reason)
		}
	}
	return err
}

// mayWrite returns why a file or folder may not be written; one that is not there may be.
func mayWrite(path string) error {
	switch err := unix.Faccessat(unix.AT_FDCWD, path, unix.W_OK, unix.AT_EACCESS); err {
	case unix.EACCES, unix.EPERM, unix.EROFS:
		return err
	}
	return nil
}

// belongs says who has a file, if that is somebody else.
func belongs(path string) string {
	info, err := os.Stat(path)
	if err != nil {
		return ""
	}
	st, ok := info.Sys().(*syscall.Stat_t)
	if !ok || int(st.Uid) == os.Geteuid() {
		return ""
	}
	id := strconv.Itoa(int(st.Uid))
	if owner, err := user.LookupId(id); err == nil {
		return ", which belongs to " + owner.Username
	}
	return ", which belongs to user " + id
}
