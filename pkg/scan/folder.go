package scan

import (
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/scan/ignore"
	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

// kind is what an entry of a folder is.
type kind int8

const (
	regular kind = iota
	subfolder
	symlink
	special // pipe, socket or device: never opened
)

type entry struct {
	name string
	kind kind
}

// listing is the names in a folder, in the order of their bytes, and its ignore
// files. It is read in the background.
type listing struct {
	done    chan struct{} // closed when the rest is there
	entries []entry
	own     ignore.List // .bscanignore
	git     ignore.List // .gitignore
	repo    bool        // the folder is the top of a git repository
	exclude ignore.List // that the repository keeps for itself
	err     error
}

// startListing begins to read a folder.
func (w *walker) startListing(path string, follow bool) *listing {
	l := &listing{done: make(chan struct{})}
	w.pump.running.Go(func() {
		defer close(l.done)
		l.entries, l.err = readFolder(path, follow)
		if l.err == nil && !w.opts.NoIgnore {
			l.err = l.readIgnores(path)
		}
	})
	return l
}

// readFolder lists a folder. A listing that breaks off is an error and no
// entries: half a folder must not pass for the whole.
func readFolder(path string, follow bool) ([]entry, error) {
	flags := unix.O_RDONLY | unix.O_DIRECTORY | unix.O_CLOEXEC
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	var fd int
	err := rawfile.Again(func() (err error) {
		fd, err = unix.Open(path, flags, 0)
		return err
	})
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	f := os.NewFile(uintptr(fd), path)
	defer f.Close() // nothing was written
	found, err := f.ReadDir(-1)
	if err != nil {
		return nil, err
	}
	entries := make([]entry, len(found))
	for i, e := range found {
		entries[i] = entry{e.Name(), kindOf(e.Type())}
	}
	slices.SortFunc(entries, func(a, b entry) int { return strings.Compare(a.name, b.name) })
	return entries, nil
}

func kindOf(mode fs.FileMode) kind {
	switch mode {
	case 0:
		return regular
	case fs.ModeDir:
		return subfolder
	case fs.ModeSymlink:
		return symlink
	default:
		return special
	}
}

// readSmall reads a file that is not a record: all of it, but only if it is a
// regular file.
func readSmall(path string) ([]byte, error) {
	st, err := rawfile.Stat(path, false)
	if err != nil {
		return nil, err
	}
	if err := onlyRegular(path, &st); err != nil {
		return nil, err
	}
	f, err := rawfile.Open(path, false)
	if err != nil {
		return nil, err
	}
	defer f.Close() // nothing was written
	return io.ReadAll(f)
}
