// Package rawfile reads regular files by direct system calls: what package os does
// beside them, such as offering every file to the poller, costs as much as reading a
// small file.
package rawfile

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// Stat is lstat(2), or stat(2) with follow. The error is an [fs.PathError].
func Stat(path string, follow bool) (st unix.Stat_t, err error) {
	call := unix.Lstat
	if follow {
		call = unix.Stat
	}
	err = Again(func() error { return call(path, &st) })
	return st, pathError("stat", path, err)
}

// Again repeats a system call that a signal has interrupted.
func Again(call func() error) error {
	for {
		if err := call(); err != unix.EINTR {
			return err
		}
	}
}

func pathError(op, path string, err error) error {
	if err == nil {
		return nil
	}
	return &fs.PathError{Op: op, Path: path, Err: err}
}

// File is a file that was opened for reading. Its errors are [fs.PathError]s.
type File struct {
	path string
	fd   int
	file *os.File // that fd is of; nil if it was opened here
}

// Of reads a file that package os has opened. It is the File that is to be closed.
func Of(file *os.File) File { return File{file.Name(), int(file.Fd()), file} }

// Open opens a file. What is known not to be a regular file should not be opened at
// all: opening a pipe waits for its writer, and opening a device may make it do
// something. If it takes the place of a regular file between a look and the opening,
// the harm is kept away, and [File.Stat] finds it. Only with follow may path be a
// symbolic link.
func Open(path string, follow bool) (File, error) {
	flags := openFlags
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	f := File{path: path}
	err := Again(func() (err error) {
		f.fd, err = unix.Open(path, flags, 0)
		return err
	})
	return f, pathError("open", path, err)
}

const openFlags = unix.O_RDONLY | unix.O_CLOEXEC | unix.O_NONBLOCK | unix.O_NOCTTY

// OpenBelow opens a file below a folder as [Open] does without follow, and not through
// a symbolic link in the place of one of the folders between them either: then the
// error is ELOOP. A system without openat2(2), as Linux before 5.6, goes through it.
func OpenBelow(folder, rest string) (File, error) {
	f := File{path: filepath.Join(folder, rest)}
	var dir int
	err := Again(func() (err error) {
		dir, err = unix.Open(folder, unix.O_PATH|unix.O_DIRECTORY|unix.O_CLOEXEC, 0)
		return err
	})
	if err != nil {
		return f, pathError("open", folder, err)
	}
	defer unix.Close(dir) // nothing was written
	how := unix.OpenHow{Flags: openFlags, Resolve: unix.RESOLVE_NO_SYMLINKS}
	err = Again(func() (err error) {
		f.fd, err = unix.Openat2(dir, rest, &how)
		return err
	})
	if err == unix.ENOSYS || err == unix.EPERM { // EPERM is how some sandboxes refuse what they do not know
		return Open(f.path, false)
	}
	return f, pathError("open", f.path, err)
}

// Stat is fstat(2).
func (f File) Stat() (st unix.Stat_t, err error) {
	err = Again(func() error { return unix.Fstat(f.fd, &st) })
	return st, pathError("stat", f.path, err)
}

// Read is read(2); at the end it returns [io.EOF].
func (f File) Read(p []byte) (n int, err error) {
	err = Again(func() (err error) {
		n, err = unix.Read(f.fd, p)
		return err
	})
	switch {
	case err != nil:
		return 0, pathError("read", f.path, err)
	case n == 0 && len(p) > 0:
		return 0, io.EOF
	}
	return n, nil
}

// Close is close(2).
func (f File) Close() error {
	if f.file != nil {
		return f.file.Close()
	}
	return pathError("close", f.path, unix.Close(f.fd))
}
