package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

// place is which file had the name of a knowledge base when that was opened, and which
// ones SQLite had beside it. SQLite goes on with these files whatever becomes of their
// names, but its log lies under the name: there, it would be laid over another file. And
// who opens the file without its log does not see what that holds, nor who writes.
type place struct {
	path  string                    // as it was given
	file  string                    // without links
	files [len(besides)]unix.Stat_t // one of which has no inode if there was none
}

// besides are what comes after the name: of the file itself, of its log and of what those
// who use the log share.
var besides = [...]string{"", "-wal", "-shm"}

// withoutLinks returns the name of a file that is no symbolic link: where SQLite makes
// others beside a file, it has followed links. One that is not there keeps its name.
func withoutLinks(path string) string {
	if file, err := filepath.EvalSymlinks(path); err == nil {
		return file
	}
	return path
}

func placeOf(path string) (place, error) {
	p := place{path: path, file: withoutLinks(path)}
	for i, suffix := range besides {
		var err error
		if p.files[i], err = rawfile.Stat(p.file+suffix, true); err != nil && (suffix == "" || !errors.Is(err, unix.ENOENT)) {
			return p, err
		}
	}
	return p, nil
}

// check returns ErrReplaced if another file has the name now, or none, and ErrLogGone if
// that is so of one beside it.
func (p *place) check() error {
	for i, suffix := range besides {
		before := &p.files[i]
		name := p.path
		if suffix != "" {
			name = p.file + suffix
		}
		st, err := rawfile.Stat(name, true)
		gone := errors.Is(err, unix.ENOENT) || err == nil && (st.Ino != before.Ino || st.Dev != before.Dev)
		switch { // what cannot be looked at now is not said to be gone
		case gone && suffix == "":
			return fmt.Errorf("%s: %w", p.path, ErrReplaced)
		case gone && before.Ino != 0:
			return fmt.Errorf("%s: %w", p.path, ErrLogGone)
		}
	}
	return nil
}

// leave moves all of the log into the file that was replaced, so that this one is whole,
// if it is still somewhere, and the other one is not read with a log that is not its own.
func (s *Store) leave() {
	s.checkpoints.wait()
	_, _ = s.write.checkpoint("TRUNCATE") // what a reader holds up stays in the log, as it would have
}
