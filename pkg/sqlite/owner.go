package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"strings"
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

// unstatted makes an error of os.Stat one that does not say the name again.
func unstatted(err error) error {
	reason := errors.Unwrap(err)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: its folder: %w", ErrUnreadable, reason)
	}
	return reason
}

// checkReadable returns ErrUnreadable if a file may not be read, or the log that SQLite
// has beside it.
func checkReadable(path string) error {
	for _, suffix := range []string{"", "-wal"} {
		if reason := may(unix.R_OK, path+suffix); reason != nil {
			return fmt.Errorf("%w%s: %w", ErrUnreadable, whose(path, suffix), reason)
		}
	}
	return nil
}

// checkWritable returns ErrReadOnly or ErrLeftBehind if a file may not be written, or one
// that SQLite has beside it.
func checkWritable(path string) error {
	for _, suffix := range []string{"", "-wal", "-shm"} {
		reason := may(unix.W_OK, path+suffix)
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
		if reason := may(unix.W_OK, filepath.Dir(path)); reason != nil {
			return fmt.Errorf("%w: its folder: %w", ErrReadOnly, reason)
		}
	}
	return err
}

// may returns why a file or folder may not be read or written (unix.R_OK, unix.W_OK); one
// that is not there may be.
func may(do uint32, path string) error {
	switch err := unix.Faccessat(unix.AT_FDCWD, path, do, unix.AT_EACCESS); err {
	case unix.EACCES, unix.EPERM, unix.EROFS:
		return err
	}
	return nil
}

// whose names a file that lies beside another, and says who has it.
func whose(path, suffix string) string {
	if suffix == "" { // the name has been said
		return strings.Replace(belongs(path), ", which", ", since it", 1)
	}
	return ": " + path + suffix + belongs(path+suffix)
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
