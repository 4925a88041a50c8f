package ingest

import (
	"path/filepath"
	"slices"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

// ownFiles are the files of the store itself. The zero value has not looked for them.
type ownFiles struct {
	known []ownFile
	told  bool
}

// ownFile is one of them, or where it will be.
type ownFile struct {
	name         string
	file, folder unix.Stat_t
}

// has reports whether a file is one of them, and says so when the first one is met.
func (o *ownFiles) has(st *unix.Stat_t, opts *Options) bool {
	return o.find(opts, func(own *ownFile) bool { return isSame(&own.file, st) })
}

// had reports whether what a folder does not hold any more was one of them: SQLite
// takes away what it keeps beside a file when it is done with it.
func (o *ownFiles) had(folder *unix.Stat_t, base string, opts *Options) bool {
	return o.find(opts, func(own *ownFile) bool {
		return filepath.Base(own.name) == base && isSame(&own.folder, folder)
	})
}

func (o *ownFiles) find(opts *Options, is func(*ownFile) bool) bool {
	if o.known == nil {
		o.known = make([]ownFile, len(opts.Own))
		for i, name := range opts.Own {
			own := &o.known[i]
			own.name = name
			own.file, _ = rawfile.Stat(name, true) // no file is the same as one that is not there
			own.folder, _ = rawfile.Stat(filepath.Dir(name), true)
		}
	}
	for i := range o.known {
		if !is(&o.known[i]) {
			continue
		}
		if !o.told {
			o.told = true
			opts.Warn(opts.Own[0] + " is the knowledge base itself, and is not taken in")
		}
		return true
	}
	return false
}

func isSame(a, b *unix.Stat_t) bool { return a.Ino == b.Ino && a.Dev == b.Dev && a.Ino != 0 }

// hasOwn reports whether one of the files of the store has a name, in whatever folder.
func (o *Options) hasOwn(base string) bool {
	return slices.ContainsFunc(o.Own, func(own string) bool { return filepath.Base(own) == base })
}
