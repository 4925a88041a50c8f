package scan

import (
	"context"

	"golang.org/x/sys/unix"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan/rawfile"
)

// readAhead is how many folders of one level are listed before their turn.
const readAhead = 4

// root is a root and what it was when the scan began.
type root struct {
	path string
	st   unix.Stat_t
	err  error
}

func (s *Scanner) statRoots() []root {
	roots := make([]root, len(s.roots))
	for i, p := range s.roots {
		roots[i].path = p
		roots[i].st, roots[i].err = rawfile.Stat(p, true)
	}
	return roots
}

// treesOf returns the roots that are folders.
func treesOf(roots []root) (trees []string) {
	for i := range roots {
		if roots[i].err == nil && isFolder(&roots[i].st) {
			trees = append(trees, roots[i].path)
		}
	}
	return trees
}

// walker finds the files, in one goroutine; only the listing of folders runs
// ahead of it.
type walker struct {
	*Scanner
	ctx   context.Context // of the one call of walk that this walker is for
	pump  *pump
	named map[string]bool // the roots, if there are several: each lists itself
	links *links          // nil if links are not followed
}

// folder is a folder that is being walked.
type folder struct {
	parent   *folder // nil for a root
	path     string
	root     string       // the root's path
	ignore   *ignoreLevel // the ignore files that hold here
	included bool         // an include pattern covers it
	id       fileID       // known if links are followed
	link     *linked      // nil if no link has led here
}

// rel is the part of a path in the folder that lies below the root.
func (f *folder) rel(path string) string {
	rel, _ := below(f.root, path)
	return rel
}

func (s *Scanner) walk(ctx context.Context, roots []root, p *pump) error {
	w := &walker{Scanner: s, ctx: ctx, pump: p}
	if s.opts.List != nil {
		return w.listed()
	}
	if len(roots) > 1 {
		w.named = make(map[string]bool)
		for _, r := range roots {
			w.named[r.path] = true
		}
	}
	if s.opts.Follow {
		w.links = newLinks(roots)
	}
	for i := range roots {
		if err := w.root(&roots[i]); err != nil {
			return err
		}
	}
	return nil
}

func (w *walker) root(r *root) error {
	switch {
	case r.err != nil:
		if err := w.failed(r.path, r.err); err != nil {
			return err
		}
		return w.unread(r.path, r.err)
	case !isFolder(&r.st):
		return w.file(r.path, true)
	}
	f := &folder{path: r.path, root: r.path, id: idOf(&r.st)}
	if !w.opts.NoIgnore {
		var err error
		if f.ignore, err = enclosingIgnores(r.path); err != nil {
			return w.unread(r.path, err)
		}
	}
	return w.folder(f, w.startListing(r.path, true))
}

// folder walks a folder whose listing has been asked for.
func (w *walker) folder(f *folder, l *listing) error {
	if err := w.pump.overdue(w.ctx, l.done); err != nil {
		return err
	}
	select {
	case <-l.done:
	case <-w.ctx.Done():
		return w.ctx.Err()
	}
	if l.err != nil {
		return w.unread(f.path, l.err)
	}
	f.ignore = f.ignore.with(l, f.rel(f.path))
	return w.children(f, w.admit(f, l.entries))
}

// child is an entry of a folder that the rules let through.
type child struct {
	entry
	path     string
	included bool
	listing  *listing // of a folder, once it has been asked for
}

// admit applies the rules to the names in a folder.
func (w *walker) admit(f *folder, entries []entry) []child {
	children := make([]child, 0, len(entries))
	for _, e := range entries {
		if e.kind == special || e.kind == symlink && w.links == nil || !w.rules.name(e.name) {
			continue
		}
		if e.kind == regular && !w.rules.extension(e.name) {
			continue
		}
		c := child{entry: e, path: join(f.path, e.name), included: f.included}
		if w.named[c.path] {
			continue
		}
		if e.kind == symlink || w.takes(f, &c) {
			children = append(children, c)
		}
	}
	return children
}

// takes applies the rules that look at the whole path.
func (w *walker) takes(f *folder, c *child) bool {
	isDir := c.kind == subfolder
	rel := f.rel(c.path)
	c.included = c.included || w.rules.included(rel, isDir)
	return (c.included || isDir) && !w.rules.excluded(rel, isDir) && !f.ignore.ignored(rel, isDir)
}

func (w *walker) children(f *folder, children []child) error {
	ahead, asked := 0, 0
	for i := range children {
		for ; ahead < len(children) && asked < readAhead; ahead++ {
			if c := &children[ahead]; c.kind == subfolder {
				c.listing = w.startListing(c.path, false)
				asked++
			}
		}
		c := &children[i]
		var err error
		switch c.kind {
		case regular:
			err = w.regular(f, c)
		case symlink:
			err = w.symlink(f, c)
		case subfolder:
			asked--
			err = w.subfolder(f, c)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

// regular lists a file.
func (w *walker) regular(f *folder, c *child) error {
	if f.link != nil {
		fresh, err := w.links.freshFile(f.link, c.path)
		if err != nil {
			return w.failed(c.path, err)
		}
		if !fresh {
			return nil
		}
	}
	return w.record(&job{rec: w.recordOf(c.path), file: c.path, listed: true})
}

// subfolder walks a folder that no link but perhaps one above has led to.
func (w *walker) subfolder(f *folder, c *child) error {
	inner := &folder{parent: f, path: c.path, root: f.root, ignore: f.ignore, included: c.included}
	if w.links != nil {
		st, err := rawfile.Stat(c.path, false)
		if err != nil {
			return w.unread(c.path, err)
		}
		inner.id = idOf(&st)
		if f.link != nil {
			inner.link = w.links.inside(f.link, c.name)
		}
		if !w.links.enters(inner) {
			return nil
		}
	}
	return w.folder(inner, c.listing)
}

// file sends a file to the readers.
func (w *walker) file(path string, follow bool) error {
	return w.record(&job{rec: w.recordOf(path), file: path, follow: follow})
}

// recordOf is what is known of a file before it is read.
func (w *walker) recordOf(path string) kb.Record { return kb.Record{Path: WithPrefix(w.prefix, path)} }

// failed lists a path that could not be looked at.
func (w *walker) failed(path string, err error) error {
	return w.record(&job{rec: failed(WithPrefix(w.prefix, path), err)})
}

func (w *walker) record(j *job) error {
	if !InShard(w.opts.Shard, j.rec.Path) {
		return nil
	}
	return w.pump.put(w.ctx, j)
}

// unread tells of a folder that could not be read.
func (w *walker) unread(path string, err error) error {
	path = WithPrefix(w.prefix, path)
	return w.pump.put(w.ctx, &job{rec: kb.Record{Path: path}, unread: err})
}
