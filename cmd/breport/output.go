package main

import (
	"bufio"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
)

// widestText is how wide text is, in columns, at most.
const widestText = 120

// replace has write make the content of a file, and puts that in its place only
// when all of it is on the disk. What is no regular file, such as /dev/null or a
// named pipe, is written to as it is; of a symbolic link, the file that it leads
// to is replaced. A new file gets the mode that any program would give it, and
// not the one of a temporary file, since others are to read it.
func replace(name string, write func(io.Writer) error) error {
	name, mode, err := target(name)
	if err != nil {
		return err
	}
	if !mode.IsRegular() {
		return writeTo(name, write)
	}
	// The name does not end as that of the file: a collector that takes *.prom is
	// not to find it.
	dir, base := filepath.Split(name)
	temp, err := os.CreateTemp(filepath.Clean(dir+"."), "."+base+".*.tmp")
	if err != nil {
		return about(name, err)
	}
	defer os.Remove(temp.Name()) // fails once it has its place
	out := bufio.NewWriter(temp)
	err = write(out)
	if err == nil {
		err = out.Flush()
	}
	if err == nil {
		err = temp.Chmod(mode)
	}
	if err == nil {
		err = temp.Sync()
	}
	if closeErr := temp.Close(); err == nil {
		err = closeErr
	}
	if err == nil {
		err = os.Rename(temp.Name(), name)
	}
	return about(name, err)
}

// about says of which file an error of the operating system is, and not of which
// temporary one.
func about(name string, err error) error {
	var path *fs.PathError
	var link *os.LinkError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &path):
		err = path.Err
	case errors.As(err, &link):
		err = link.Err
	}
	return fmt.Errorf("write %s: %w", name, err)
}

// target is the file that a name stands for, links followed, and the mode that
// it has or is to have.
func target(name string) (string, fs.FileMode, error) {
	info, err := os.Stat(name)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		if to, err := os.Readlink(name); err == nil {
			return "", 0, fmt.Errorf("write %s: it is a link to %s, which is not there", name, to)
		}
		return name, 0o666 &^ umask(), nil
	case err != nil:
		return "", 0, about(name, err)
	case info.IsDir():
		return "", 0, fmt.Errorf("write %s: it is a folder", name)
	case !info.Mode().IsRegular():
		return name, info.Mode(), nil
	}
	real, err := filepath.EvalSymlinks(name)
	return real, info.Mode().Perm(), err
}

func writeTo(name string, write func(io.Writer) error) error {
	file, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return about(name, err)
	}
	out := bufio.NewWriter(file)
	err = write(out)
	if err == nil {
		err = out.Flush()
	}
	if closeErr := file.Close(); err == nil {
		err = closeErr
	}
	return about(name, err)
}
