package scan

import "github.com/seed16713943/btools/pkg/scan/rawfile"

// links decides where symbolic links lead, once they are followed:
//
//   - A link to a folder that the walk is in is not followed: loops end.
//   - Outside the roots, each folder is entered and each file is listed once,
//     under the name that comes first in the order of the walk.
//   - Inside the roots, what a link leads to is listed under the link too, but
//     below there no further link to a folder inside is followed. Folders that
//     link to each other would otherwise have names without number.
//
// The identities of what was found outside are kept in memory.
type links struct {
	roots   []string // the real paths of the roots
	folders map[fileID]bool
	files   map[fileID]bool
}

// linked is where a link has led.
type linked struct {
	real   string // path without links
	inside bool   // real lies in a root
	again  bool   // a link on the way has led to a folder inside a root
}

func newLinks(roots []root) *links {
	l := &links{folders: make(map[fileID]bool), files: make(map[fileID]bool)}
	for i := range roots {
		if real, err := realPath(roots[i].path); err == nil && isFolder(&roots[i].st) {
			l.roots = append(l.roots, real)
		}
	}
	return l
}

func (l *links) at(real string) *linked {
	to := &linked{real: real}
	for _, root := range l.roots {
		to.inside = to.inside || Below(root, real)
	}
	return to
}

// inside returns where a folder below a link is.
func (l *links) inside(parent *linked, name string) *linked {
	to := l.at(join(parent.real, name))
	to.again = parent.again
	return to
}

// enters reports whether a folder is to be walked.
func (l *links) enters(f *folder) bool {
	for up := f.parent; up != nil; up = up.parent {
		if up.id == f.id {
			return false
		}
	}
	return f.link == nil || f.link.inside || first(l.folders, f.id)
}

// freshFile reports whether a file that a link has led to is to be listed.
func (l *links) freshFile(in *linked, path string) (bool, error) {
	if in.inside {
		return true, nil
	}
	st, err := rawfile.Stat(path, true)
	return err == nil && first(l.files, idOf(&st)), err
}

func first(seen map[fileID]bool, id fileID) bool {
	if seen[id] {
		return false
	}
	seen[id] = true
	return true
}

// symlink follows a link.
func (w *walker) symlink(f *folder, c *child) error {
	st, err := rawfile.Stat(c.path, true)
	real := ""
	if err == nil {
		real, err = realPath(c.path)
	}
	if err == nil && isFolder(&st) {
		if c.kind = subfolder; !w.takes(f, c) {
			return nil
		}
		to := w.links.at(real)
		again := f.link != nil && f.link.again
		if to.inside && again {
			return nil
		}
		to.again = again || to.inside
		inner := &folder{parent: f, path: c.path, root: f.root, ignore: f.ignore, included: c.included, id: idOf(&st), link: to}
		if !w.links.enters(inner) {
			return nil
		}
		return w.folder(inner, w.startListing(c.path, true))
	}
	c.kind = regular
	switch {
	case !w.rules.extension(c.name) || !w.takes(f, c):
		return nil
	case err != nil:
		return w.failed(c.path, err)
	case !isRegular(&st):
		return nil
	}
	fresh, err := w.links.freshFile(w.links.at(real), c.path)
	if err != nil {
		return w.failed(c.path, err)
	}
	if !fresh {
		return nil
	}
	return w.file(c.path, true)
}
