package sqlite

import (
	"errors"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

// place is which file had the name of a knowledge base when that was opened. SQLite
// goes on with that file whatever becomes of the name, but its log lies under the name:
// there, it would be laid over another file.
type place struct {
	path string
	file unix.Stat_t
}

func placeOf(path string) (place, error) {
	st, err := rawfile.Stat(path, true)
	return place{path, st}, err
}

// check returns ErrReplaced if another file has the name now, or none.
func (p *place) check() error {
	st, err := rawfile.Stat(p.path, true)
	switch {
	case errors.Is(err, unix.ENOENT), err == nil && (st.Ino != p.file.Ino || st.Dev != p.file.Dev):
		return ErrReplaced
	}
	return nil // what cannot be looked at now is not said to be gone
}

// leave moves all of the log into the file that was replaced, so that this one is whole,
// if it is still somewhere, and the other one is not read with a log that is not its own.
func (s *Store) leave() {
	s.checkpoints.wait()
	_, _ = s.write.checkpoint("TRUNCATE") // what a reader holds up stays in the log, as it would have
}
