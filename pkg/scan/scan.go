// Package scan walks trees of files and says what is there, one record a path.
//
// The order of the records depends on the names alone, not on timing or on the
// number of workers: roots in the order given, and below each of them the names
// of every folder in the order of their bytes, a folder's content in the place
// of its name. Folders are read ahead and files are hashed in parallel; what is
// finished early waits in a window of fixed size, so that memory does not grow
// with the tree.
//
// What a scan has looked at is written into its kb.Scan, and a Coverage tells of
// any path whether that scan would have listed it: the ground on which a path
// may be called gone.
//
//	scanner, err := scan.New(scan.Options{Roots: []string{"docs"}})
//	if err != nil {
//		return err // the options are wrong
//	}
//	end, err := scanner.Run(ctx, stream.NewEncoder(os.Stdout))
package scan

import (
	"context"
	"crypto/rand"
	"encoding/binary"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"runtime"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

// DefaultExtensions are those of documents.
var DefaultExtensions = []string{".md", ".markdown", ".mdx", ".html", ".htm", ".xhtml", ".rst", ".txt", ".adoc", ".org"}

// DefaultWorkers is two for each CPU, so that one reads while another waits for
// the disk.
func DefaultWorkers() int { return 2 * runtime.GOMAXPROCS(0) }

// Options say what to scan and under which rules. Roots or List is required;
// everything else may be left zero.
type Options struct {
	// Roots are folders and files as the user typed them, read against the
	// current folder. A root is followed if it is a symbolic link; a root that
	// is a file is listed whatever the rules say, but for MaxSize and Shard.
	Roots []string

	// List gives paths of files in place of Roots, one a line, or ended by NUL
	// with NUL set. Each is treated as a root that is a file; a folder is an
	// error record. A scan of a list covers nothing.
	List io.Reader
	NUL  bool

	Prefix     string   // put before every path, with a slash; roots must then not begin with ".."
	Extensions []string // "md", ".md" or "*" for all; DefaultExtensions if empty
	Include    []string // patterns of an ignore file, relative to the root; if there are any, one must match
	Exclude    []string // patterns of an ignore file, relative to the root; they win over Include
	Hidden     bool     // list names that begin with a dot too
	NoIgnore   bool     // take no notice of .gitignore and .bscanignore
	Follow     bool     // follow symbolic links below the roots
	Content    bool     // put the content into the records
	MaxSize    int64    // files of more bytes are skipped; 0 for no limit
	Shard      kb.Shard // list this part alone
	Workers    int      // files read at once; DefaultWorkers if 0

	Clock kb.Clock // time.Now if nil

	// Seen returns the hash of a file that an earlier scan found with the same stat, by
	// the path of its record, and whether there is one. Such a file is not read, unless
	// Content is set. It may be nil, and is called by several goroutines at once.
	Seen func(path string, stat Stat) (kb.Hash, bool)
	// Distrust is called for each file that was changed though its stat is the same.
	// To find them, a few files are read all the same, others in each scan. It may be
	// nil, and is called by several goroutines at once.
	Distrust func(path string)

	// Unread is called for each folder that could not be read, in the order of
	// the walk and between the calls of the sink. It may be nil.
	Unread func(path string, err error)

	// Idle is called, between the calls of the sink, when the next record is
	// slow to come: the time to flush. It may be nil.
	Idle func() error
}

// Stat tells one state of a file from another.
type Stat struct {
	Size         int64 // bytes
	MTime, CTime kb.Instant
	Inode        uint64
}

// Sink takes what a scan says, one call at a time. A stream.Encoder is one.
type Sink interface {
	Scan(*kb.Scan) error
	Record(*kb.Record) error
	End(*kb.End) error
}

// Scanner is ready to scan once.
type Scanner struct {
	opts   Options
	rules  *rules
	prefix string
	roots  []string
}

// New checks the options. Its errors are all about them.
func New(opts Options) (*Scanner, error) {
	s := &Scanner{opts: opts}
	if s.opts.Clock == nil {
		s.opts.Clock = time.Now
	}
	if s.opts.Workers <= 0 {
		s.opts.Workers = DefaultWorkers()
	}
	if len(s.opts.Extensions) == 0 {
		s.opts.Extensions = DefaultExtensions
	}
	var err error
	if s.opts.Extensions, err = CleanExtensions(s.opts.Extensions); err != nil {
		return nil, err
	}
	if s.prefix, err = CleanPrefix(opts.Prefix); err != nil {
		return nil, err
	}
	if s.roots, err = cleanRoots(opts.Roots, s.prefix); err != nil {
		return nil, err
	}
	if (len(s.roots) == 0) == (opts.List == nil) {
		return nil, errors.New("expected either paths to scan or a list of them")
	}
	if n := opts.Shard; n != (kb.Shard{}) && (n.Index < 1 || n.Index > n.Count) {
		return nil, fmt.Errorf("shard %d/%d is not a part from 1/%d to %d/%d", n.Index, n.Count, n.Count, n.Count, n.Count)
	}
	s.rules, err = newRules(s.opts.Extensions, opts.Include, opts.Exclude, opts.Hidden)
	return s, err
}

// Run scans and gives sink the scan, its records and its end. Files that could
// not be read become records and folders that could not be read are named in
// the end; neither is an error of Run. If Run returns an error, as it does when
// ctx is cancelled, the sink has been given no end, and the end returned counts
// what was listed so far.
func (s *Scanner) Run(ctx context.Context, sink Sink) (kb.End, error) {
	started := s.opts.Clock()
	end := kb.End{}
	dir, err := os.Getwd()
	if err != nil {
		return end, fmt.Errorf("find the current folder: %w", err)
	}
	id, err := NewID(started)
	if err != nil {
		return end, err
	}
	roots := s.statRoots()
	trees := treesOf(roots)
	end.Scan = kb.Scan{
		ID: id, Dir: dir, Roots: s.roots, Prefix: s.prefix, StartedAt: kb.InstantOf(started),
		// A root or a listed path that is a link is followed in any case.
		Follow: s.opts.Follow || s.opts.List != nil || len(trees) < len(roots),
	}
	if len(trees) > 0 {
		end.Scan.Covers = kb.Coverage{
			Trees: trees, Extensions: s.opts.Extensions, Include: s.opts.Include, Exclude: s.opts.Exclude,
			Hidden: s.opts.Hidden, Shard: s.opts.Shard,
		}
	}
	if err := sink.Scan(&end.Scan); err != nil {
		return end, err
	}
	if err := s.pump(ctx, roots, sink, &end); err != nil {
		return end, err
	}
	return end, sink.End(&end)
}

// NewID returns a UUID of version 7: unique, and in the order of the starts.
func NewID(at time.Time) (string, error) {
	var id [16]byte
	if _, err := rand.Read(id[6:]); err != nil {
		return "", fmt.Errorf("make an id: %w", err)
	}
	var ms [8]byte
	binary.BigEndian.PutUint64(ms[:], uint64(at.UnixMilli()))
	copy(id[:6], ms[2:])
	id[6] = id[6]&0x0F | 0x70
	id[8] = id[8]&0x3F | 0x80
	text := hex.EncodeToString(id[:])
	return text[:8] + "-" + text[8:12] + "-" + text[12:16] + "-" + text[16:20] + "-" + text[20:], nil
}
