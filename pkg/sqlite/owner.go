package sqlite

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"os/user"
	"path/filepath"
	"strconv"
	"syscall"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

// inTheWay reports whether the files that SQLite makes beside a file in WAL mode, with the
// mode of that and us as their owner, would keep its owner from writing. Those who only
// read do not take them away.
func inTheWay(path string, info os.FileInfo) bool {
	st, ok := info.Sys().(*syscall.Stat_t)
	us := os.Geteuid()
	if !ok || us == 0 || !missing(path+"-shm") { // root gives them to the owner
		return false
	}
	const byOwner, byGroup, byOthers = 0o200, 0o020, 0o002
	switch mode := info.Mode(); {
	case us == int(st.Uid):
		return mode&byOwner == 0 // who may want to write it later
	case mode&byOthers != 0:
		return false
	case mode&byGroup != 0:
		return int(st.Gid) != groupIn(filepath.Dir(path))
	}
	return true
}

// groupIn returns the group that a file has which we make in a folder.
func groupIn(dir string) int {
	if st, err := rawfile.Stat(dir, true); err == nil && st.Mode&unix.S_ISGID != 0 {
		return int(st.Gid)
	}
	return os.Getegid()
}

// unstatted makes an error of os.Stat one that does not say the name again.
func unstatted(err error) error {
	reason := errors.Unwrap(err)
	if errors.Is(err, fs.ErrPermission) {
		return fmt.Errorf("%w: its folder: %w", ErrUnreadable, reason)
	}
	return reason
}

// checkReadable returns ErrUnreadable if a file may not be read, or a log beside it that
// holds something.
func checkReadable(path string) error {
	for _, suffix := range []string{"", "-wal"} {
		if reason := may(unix.R_OK, path+suffix); reason != nil && (suffix == "" || !emptyLog(path)) {
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
		if suffix == "-shm" || suffix == "-wal" && emptyLog(path) {
			err = ErrLeftBehind
		}
		return fmt.Errorf("%w%s: %w", err, whose(path, suffix), reason)
	}
	return nil
}

// emptyLog reports whether the log beside a file is there and holds nothing.
func emptyLog(path string) bool {
	info, err := os.Stat(path + "-wal")
	return err == nil && info.Size() == 0
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

// whose names a file that lies beside another, whose own name has been said, and says who
// has it.
func whose(path, suffix string) string {
	owner := otherOwner(path + suffix)
	switch {
	case suffix == "" && owner == "":
		return ""
	case suffix == "":
		return ", since it belongs to " + owner
	case owner == "":
		return ": " + path + suffix
	}
	return ": " + path + suffix + ", which belongs to " + owner
}

// otherOwner says who has a file, or "" if we do or that is not known.
func otherOwner(path string) string {
	st, err := rawfile.Stat(path, true)
	if err != nil || int(st.Uid) == os.Geteuid() {
		return ""
	}
	id := strconv.Itoa(int(st.Uid))
	if owner, err := user.LookupId(id); err == nil {
		return owner.Username
	}
	return "user " + id
}
