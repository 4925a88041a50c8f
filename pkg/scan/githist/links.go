package githist

import (
	"bytes"
	"context"
	"encoding/hex"
	"errors"
	"maps"
	"path"
	"slices"
	"strconv"
	"strings"
)

// links knows the symbolic links on the line, at the commit in hand, and what
// they lead to. A link to a document of the same commit holds what that holds, and
// has a new version whenever that has, or whenever the link comes to lead
// elsewhere. A link that leads to a folder, out of the repository or nowhere is
// not there.
type links struct {
	rules *rules
	trees *objects

	at      map[string]*link           // by path
	watch   map[string]map[string]bool // the links to look at again when something changes at a path or below it
	touched map[string]bool            // the links to look at again after this commit
	dropped []string                   // what this commit has taken away
	cache   map[string][]byte          // trees, by their names
}

// link is what has been said of a link.
type link struct {
	there   bool
	end     entry
	watches []string
}

// entry is what stands at a path of a commit.
type entry struct {
	mode uint32 // 0 for nothing
	oid  string
}

// newLinks finds the links of the commit after which the list begins, if there
// is one.
func newLinks(ctx context.Context, g, store *git, r *rules, from string) (*links, error) {
	trees, err := store.objects(ctx, "--batch")
	if err != nil {
		return nil, err
	}
	l := &links{
		trees: trees,
		rules: r, at: make(map[string]*link), watch: make(map[string]map[string]bool),
		touched: make(map[string]bool), cache: make(map[string][]byte),
	}
	if from == "" {
		return l, nil
	}
	out, err := g.output(ctx, "ls-tree", "-r", "-z", "--full-tree", from)
	if err != nil {
		return nil, err
	}
	for line := range bytes.SplitSeq(bytes.TrimSuffix(out, []byte{0}), []byte{0}) {
		stat, name, _ := bytes.Cut(line, []byte("\t"))
		if bytes.HasPrefix(stat, []byte("120000 ")) && r.take(string(name)) {
			l.at[string(name)] = new(link)
			l.touched[string(name)] = true
		}
	}
	return l, l.settle(from, func(string, *link, error) error { return nil })
}

// changed takes note of what a commit did.
func (l *links) changed(c *change) {
	if isLink(c.newMode) && l.rules.take(c.path) {
		if l.at[c.path] == nil {
			l.at[c.path] = &link{there: isFile(c.oldMode)}
		}
		l.touched[c.path] = true
	} else if known := l.at[c.path]; known != nil {
		l.unwatch(c.path, known)
		delete(l.at, c.path)
		delete(l.touched, c.path)
		if known.there && !isFile(c.newMode) {
			l.dropped = append(l.dropped, c.path)
		}
	}
	for p := c.path; p != "."; p = path.Dir(p) {
		for name := range l.watch[p] {
			l.touched[name] = true
		}
	}
}

// settle looks at the links that a commit may have changed, and calls fn for each
// of which there is something to say. Its error is that of a link which cannot
// be read.
func (l *links) settle(commit string, fn func(path string, to *link, unread error) error) error {
	for _, name := range l.dropped {
		if err := fn(name, new(link), nil); err != nil {
			return err
		}
	}
	l.dropped = nil
	for _, name := range slices.Sorted(maps.Keys(l.touched)) {
		known := l.at[name]
		before := *known
		l.unwatch(name, known)
		end, watches, err := l.resolve(commit, name)
		if err != nil && !errors.Is(err, errUnread) {
			return err
		}
		known.end, known.there, known.watches = end, isFile(end.mode), watches
		for _, p := range watches {
			if l.watch[p] == nil {
				l.watch[p] = make(map[string]bool)
			}
			l.watch[p][name] = true
		}
		if err != nil || known.there != before.there || known.there && known.end != before.end {
			if err := fn(name, known, err); err != nil {
				return err
			}
		}
	}
	clear(l.touched)
	return nil
}

func (l *links) unwatch(name string, known *link) {
	for _, p := range known.watches {
		if delete(l.watch[p], name); len(l.watch[p]) == 0 {
			delete(l.watch, p)
		}
	}
}

// mostHops is how many links may lead to each other, as Linux has it.
const mostHops = 40

// resolve follows the links from a path to what is at their end. The watches are the paths on which
// the answer stands: while nothing changes at one of them or below it, it stays.
func (l *links) resolve(commit, start string) (end entry, watches []string, err error) {
	var real []string // the folder that the walk has come to
	trees := []string{commit + "^{tree}"}
	rest := strings.Split(start, "/")
	for hops := 0; len(rest) > 0; {
		name := rest[0]
		rest = rest[1:]
		if name == "" || name == "." {
			continue
		}
		if name == ".." {
			if len(real) == 0 {
				return entry{}, watches, nil // out of the repository
			}
			watches = append(watches, strings.Join(real, "/"))
			real, trees = real[:len(real)-1], trees[:len(trees)-1]
			continue
		}
		at := strings.Join(append(slices.Clip(real), name), "/")
		e, err := l.lookup(trees[len(trees)-1], name, len(commit)/2)
		if err != nil {
			return entry{}, append(watches, at), err
		}
		if e.mode&kindMask == kindFolder {
			real, trees = append(real, name), append(trees, e.oid)
			continue
		}
		watches = append(watches, at)
		if isFile(e.mode) && len(rest) == 0 {
			return e, watches, nil
		}
		if hops++; !isLink(e.mode) || hops > mostHops {
			return entry{}, watches, nil
		}
		target, err := l.read(e.oid)
		if err != nil || strings.HasPrefix(string(target), "/") {
			return entry{}, watches, err
		}
		rest = append(strings.Split(string(target), "/"), rest...)
	}
	return entry{}, append(watches, strings.Join(real, "/")), nil // a folder
}

// lookup returns the entry of a name in a tree.
func (l *links) lookup(tree, name string, oidSize int) (entry, error) {
	raw := l.cache[tree]
	if raw == nil {
		var err error
		if raw, err = l.read(tree); err != nil {
			return entry{}, err
		}
		if len(l.cache) >= window {
			clear(l.cache)
		}
		l.cache[tree] = raw
	}
	for len(raw) > 0 {
		head, rest, ok := bytes.Cut(raw, []byte{0})
		mode, found, named := strings.Cut(string(head), " ")
		if !ok || !named || len(rest) < oidSize {
			break
		}
		if found == name {
			n, err := strconv.ParseUint(mode, 8, 32)
			return entry{uint32(n), hex.EncodeToString(rest[:oidSize])}, err
		}
		raw = rest[oidSize:]
	}
	return entry{}, nil
}

// read returns an object.
func (l *links) read(id string) ([]byte, error) {
	l.trees.ask(id)
	obj, err := l.trees.head()
	if err != nil {
		return nil, err
	}
	return l.trees.body(obj)
}
