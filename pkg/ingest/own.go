package ingest

import (
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

// ownFiles are the files of the store itself. The zero value has not looked for them.
type ownFiles struct {
	known []unix.Stat_t
	told  bool
}

// has reports whether a file is one of them, and says so when the first one is met.
func (o *ownFiles) has(st *unix.Stat_t, opts *Options) bool {
	if o.known == nil {
		o.known = make([]unix.Stat_t, len(opts.Own))
		for i, name := range opts.Own {
			o.known[i], _ = rawfile.Stat(name, true) // of one that is not there, no file has the inode
		}
	}
	for i := range o.known {
		if o.known[i].Ino != st.Ino || o.known[i].Dev != st.Dev {
			continue
		}
		if !o.told {
			o.told = true
			opts.Warn(opts.Own[i] + " is the knowledge base itself, and is not taken in")
		}
		return true
	}
	return false
}

// hasOwn reports whether one of the files of the store has a name, in whatever folder.
func (o *Options) hasOwn(base string) bool {
	return slices.ContainsFunc(o.Own, func(own string) bool { return filepath.Base(own) == base })
}
