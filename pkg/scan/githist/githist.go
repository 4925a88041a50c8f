// Package githist walks the history of a git repository and says what its
// documents held, and since when, one record a path and commit.
//
// The history is the first-parent line that ends with a commit, oldest first.
// A commit's records are valid from its committer time on, or from the time of
// the commit before it where that is later: history keeps its order where
// clocks went backwards. Their seq is the commit's place on the line, from 1 on,
// so that of several commits in one second the last one wins. Both are those of
// the whole line, also where only its end is listed.
//
// Everything is read through git's own plumbing, three processes or four side by
// side: rev-list has the line, diff-tree what each commit changed, and cat-file
// the sizes and contents. What is in memory is one content and a window of
// what comes next, however long the history is. Nothing in the configuration of
// the user or of the repository changes what is listed, nothing is fetched, and no
// program but git is run.
//
//	history, err := githist.New(githist.Options{Dir: "."})
//	if err != nil {
//		return err // the options are wrong
//	}
//	end, err := history.Run(ctx, stream.NewEncoder(os.Stdout))
package githist

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path"
	"strings"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// Options say which history to list and under which rules. Dir is required;
// everything else may be left zero.
type Options struct {
	Dir   string // a folder in a repository, a bare one too
	Rev   string // the last commit; "HEAD" if empty
	Since string // list what came after this commit, which is on the line; "" for all of it

	// Taken are the histories that a knowledge base has taken in whole. If it
	// is not nil, the list begins after the last commit that they have under
	// the same rules, and Since must be empty.
	Taken []kb.Scan
	Again bool // list all of it all the same

	// Heard are all the scans of histories of which the knowledge base has heard,
	// taken in whole or not: whose documents it may have too, and whose commits may
	// have left the line since.
	Heard []kb.Scan

	// Versions gives fn the versions that the knowledge base has from histories, in
	// any order. It is called where a clone is shallow, or was, so that its commits
	// come after what is known. It may be nil.
	Versions func(ctx context.Context, fn func(*kb.Version) error) error

	// Paths are documents and folders, as the repository calls them from its
	// root; all of it if there are none. One that is a document is listed
	// whatever the rules say, but for MaxSize and Shard.
	Paths []string

	Prefix     string   // put before every path, with a slash
	Extensions []string // "md", ".md" or "*" for all; scan.DefaultExtensions if empty
	Include    []string // patterns of an ignore file, relative to the path given
	Exclude    []string // patterns of an ignore file, relative to the path given; they win over Include
	Hidden     bool     // list names that begin with a dot too
	Follow     bool     // list symbolic links to documents, with the content of these
	MaxSize    int64    // contents of more bytes are skipped; 0 for no limit
	Shard      kb.Shard // list this part alone

	Clock kb.Clock // time.Now if nil

	// Warn is called with what the user should know and what can be done about
	// it, between the calls of the sink. It may be nil.
	Warn func(message, hint string)
}

// Error is a refusal that the user can do something about.
type Error struct {
	Setting string // "rev" or "since" where that is wrong; else ""
	Message string
	Hint    string
	err     error
}

func (e *Error) Error() string { return e.Message }

// Unwrap returns the error that Message tells of, or nil.
func (e *Error) Unwrap() error { return e.err }

// History is ready to be listed once.
type History struct {
	opts  Options
	git   *git
	rules *rules
	scan  kb.Scan
	from  commit // the list begins after it; without a name, with the first commit of the line, counted on from this place
	known places // of commits, that may be later than counted
	lost  *lost  // nil where nothing is cut off, or nothing known
}

// commit is one on the line.
type commit struct {
	id  string
	at  kb.Instant
	seq int64
}

// New checks the options. Its errors are all about them.
func New(opts Options) (*History, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.Warn == nil {
		opts.Warn = func(string, string) {}
	}
	if opts.Rev == "" {
		opts.Rev = "HEAD"
	}
	h := &History{opts: opts, scan: kb.Scan{Follow: opts.Follow, History: &kb.History{}}}
	var err error
	if h.rules, err = newRules(&opts); err != nil {
		return nil, err
	}
	h.scan.Prefix, h.scan.Roots = h.rules.scan.Prefix, h.rules.scan.Covers.Trees
	h.scan.History.Takes, h.scan.History.MaxSize = h.rules.scan.Covers, opts.MaxSize
	if opts.Rev != "HEAD" {
		h.scan.History.Rev = opts.Rev
	}
	return h, nil
}

// open finds the repository and the line.
func (h *History) open(ctx context.Context) (err error) {
	started := h.opts.Clock()
	h.scan.StartedAt = kb.InstantOf(started)
	if h.scan.ID, err = scan.NewID(started); err != nil {
		return err
	}
	if h.git, h.scan.Dir, err = openGit(ctx, h.opts.Dir); err != nil {
		return err
	}
	return h.findLine(ctx)
}

// rules say which paths are listed. They look at the path alone, so that of each
// path all of its history is listed or nothing: that it is gone may be said as
// surely as that it is there.
type rules struct {
	scan   kb.Scan // as if it were one of a tree
	covers *scan.Coverage
	seen   map[string]entry // the paths given, and what was there: if only links or submodules, the last one
}

func newRules(opts *Options) (*rules, error) {
	r := &rules{seen: make(map[string]entry)}
	c := kb.Coverage{
		Extensions: opts.Extensions, Include: opts.Include, Exclude: opts.Exclude, Hidden: opts.Hidden, Shard: opts.Shard,
	}
	if len(c.Extensions) == 0 {
		c.Extensions = scan.DefaultExtensions
	}
	var err error
	if c.Extensions, err = scan.CleanExtensions(c.Extensions); err != nil {
		return nil, err
	}
	if r.scan.Prefix, err = scan.CleanPrefix(opts.Prefix); err != nil {
		return nil, err
	}
	for _, p := range opts.Paths {
		clean := path.Clean(p)
		if p == "" || path.IsAbs(clean) || clean == ".." || strings.HasPrefix(clean, "../") || strings.Contains(p, "\x00") {
			return nil, &Error{Message: fmt.Sprintf("%q is not a path in a repository", p), Hint: pathHint}
		}
		if _, twice := r.seen[clean]; !twice {
			r.seen[clean] = entry{}
			c.Trees = append(c.Trees, clean)
		}
	}
	if len(c.Trees) == 0 {
		c.Trees = []string{"."}
	}
	r.scan.Covers = c
	r.covers, err = scan.NewCoverage(&r.scan)
	return r, err
}

// take reports whether a path of the repository is listed.
func (r *rules) take(p string) bool {
	record := scan.WithPrefix(r.scan.Prefix, p)
	if _, given := r.seen[p]; given {
		return scan.InShard(r.scan.Covers.Shard, record)
	}
	return r.covers.Covers(record)
}

// takeRecord is take for the path of a record, and returns that of the repository.
func (r *rules) takeRecord(record string) (string, bool) {
	if r.scan.Prefix == "" {
		return record, r.take(record)
	}
	p, ok := strings.CutPrefix(record, r.scan.Prefix+"/")
	return p, ok && r.take(p)
}

// note keeps that something was there at a path or below one.
func (r *rules) note(p string, e entry) {
	for given, seen := range r.seen {
		switch {
		case seen.holds() || !scan.Below(given, p):
		case p != given:
			r.seen[given] = entry{mode: kindFolder}
		case e.mode != 0:
			r.seen[given] = e
		}
	}
}

// holds reports whether e may be, or have below it, what can be listed by itself.
func (e entry) holds() bool { return isFile(e.mode) || e.mode&kindMask == kindFolder }

// missing returns the paths given at which nothing ever was.
func (r *rules) missing() []string {
	var missing []string
	for _, tree := range r.scan.Covers.Trees {
		if seen, given := r.seen[tree]; given && seen.mode == 0 && tree != "." {
			missing = append(missing, tree)
		}
	}
	return missing
}

// tellOfEmpty warns of the paths given at which there only ever was what is not
// listed.
func (h *History) tellOfEmpty(ctx context.Context) {
	for _, tree := range h.rules.scan.Covers.Trees {
		seen := h.rules.seen[tree]
		switch {
		case seen.mode == 0 || seen.holds():
		case isLink(seen.mode):
			h.opts.Warn(tree+" is a symbolic link in this history, and nothing is listed of it", h.linkHint(ctx, tree, seen.oid))
		default:
			dir := path.Join(h.opts.Dir, tree)
			if _, err := os.Stat(dir); err != nil {
				dir = "CLONE"
			}
			h.opts.Warn(tree+" is a submodule in this history, and nothing is listed of it",
				fmt.Sprintf("it is a repository of its own: bscan -git %s -prefix %s", dir, scan.WithPrefix(h.rules.scan.Prefix, tree)))
		}
	}
}

// linkHint says what to ask for in the place of a link.
func (h *History) linkHint(ctx context.Context, link, oid string) string {
	target, err := h.git.output(ctx, "cat-file", "blob", oid)
	to := path.Join(path.Dir(link), string(target))
	switch {
	case err != nil:
		return "ask for what it leads to in its place"
	case path.IsAbs(string(target)) || !clean(to):
		return "it leads out of the repository, to " + string(target)
	case h.opts.Follow:
		return "ask for " + to + " in its place; -follow takes links to documents alone"
	default:
		return "ask for " + to + " in its place, or use -follow if that is a document"
	}
}

const pathHint = "the paths of a history are relative to the root of its repository, as git ls-tree -r --full-tree HEAD shows them"

// ErrNeverThere is wrapped by the error about a path at which there never was
// anything in all of a history. Everything else was listed.
var ErrNeverThere = errors.New("nothing was ever there")

// Run lists the history and gives sink the scan, its records and its end. What
// cannot be read becomes a record; it is not an error of Run. If Run returns an
// error, as it does when ctx is cancelled, the sink has been given no end, but
// for ErrNeverThere.
func (h *History) Run(ctx context.Context, sink scan.Sink) (kb.End, error) {
	err := h.open(ctx)
	end := kb.End{Scan: h.scan}
	if err == nil {
		err = sink.Scan(&end.Scan)
	}
	if err == nil && h.from.id != h.scan.History.Commit {
		err = h.pump(ctx, sink, &end)
	}
	if ctx.Err() != nil {
		return end, ctx.Err() // and git was ended
	}
	if err == nil {
		err = sink.End(&end)
	}
	if err != nil {
		if h.git != nil && errors.As(err, new(*exec.ExitError)) { // a git could not go on, as where trees are missing
			h.tellOfPartialClone(ctx)
		}
		return end, err
	}
	if end.Errors > 0 {
		h.tellOfPartialClone(ctx)
	}
	h.tellOfLost()
	if h.from.id == "" {
		h.tellOfEmpty(ctx)
	}
	if missing := h.rules.missing(); len(missing) > 0 && h.from.id == "" {
		return end, &Error{Message: fmt.Sprintf("nothing in this history was ever at %q", missing[0]), Hint: pathHint, err: ErrNeverThere}
	}
	return end, nil
}
