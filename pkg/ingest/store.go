package ingest

import (
	"context"
	"io"
	"os"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// Store is what a run needs of the place it takes documents into.
type Store interface {
	// InForce returns for each path the version in force now, or nil where the
	// path was never recorded. It may be called from any goroutine, also while a
	// transaction is open.
	InForce(ctx context.Context, paths []string) ([]*kb.Version, error)

	// MemoryBegins returns, for each path of which versions were forgotten, where
	// those that are remembered begin; nil for all others. It may be called as
	// InForce.
	MemoryBegins(ctx context.Context, paths []string) ([]*Beginning, error)

	// BeginRun records that a run has begun and returns its number.
	BeginRun(ctx context.Context, start RunStart) (int64, error)

	// Update calls fn inside one transaction that is committed if fn returns
	// nil, and otherwise leaves nothing behind. It holds the store's write lock
	// from before fn is called. An error that may pass is a *kb.Fault of class
	// ExceptionAfterRetries.
	Update(ctx context.Context, fn func(Tx) error) error

	// Index returns the state of the index. Like the methods after it, it
	// sees what is committed, and may be called from any goroutine, also while a
	// transaction is open.
	Index(ctx context.Context) (IndexState, error)
	// Embedded reports for each key whether its text needs no vector any more.
	Embedded(ctx context.Context, keys []passage.Key) ([]bool, error)
	// Waiting returns the first texts in the order of their IDs, after the given
	// one, that are to have a vector and have none.
	Waiting(ctx context.Context, after int64, limit int) ([]Text, error)
	// Prepare does for new texts what AddTexts would do for them, as far as it takes no
	// transaction. It may be called from any goroutine.
	Prepare(texts []*Text)
	// Reigns calls fn with the name and the reigns of each path that ever held
	// content, oldest first; those of versions that are beaten are empty.
	Reigns(ctx context.Context, fn func(name string, reigns []Reign) error) error
	// Kept returns what the store has as the text of a content, be it there or not.
	Kept(ctx context.Context, hash kb.Hash, extension string) (Kept, error)
	// Held reports whether a path with the extension has a version with a content. It
	// looks at all versions, if the content is there.
	Held(ctx context.Context, hash kb.Hash, extension string) (bool, error)
	// ReadText writes the content with the given hash to w, or what a filter for
	// the extension made of it, if there is such. The error about a content that is
	// damaged, in a store that is not, is a *kb.Fault with the code Corrupt.
	ReadText(ctx context.Context, w io.Writer, hash kb.Hash, extension string) (filtered bool, err error)

	// FinishRun closes a run. Once it returns, everything that the run
	// committed outlasts a power cut.
	FinishRun(ctx context.Context, run int64, finish RunFinish) error
}

// Tx is one transaction of a Store. What a method refuses for a reason that lies in
// what it is to store is a *kb.Fault of class Processing; the transaction cannot go
// on after an error. What one method is to store may be refused by a later one, or
// when the transaction ends.
type Tx interface {
	// Now is the transaction's moment: later than that of every transaction
	// before it, and never earlier than the clock.
	Now() kb.Instant

	// Scan registers a scan by its ID if it is new, and returns what is known of it.
	Scan(scan *kb.Scan) (ScanState, error)
	// List adds to what a scan has listed, which may be closed; live says that it
	// looked at files, rather than at a history.
	List(scan int64, paths []int64, live bool) error
	// EndScan keeps what the end line of a scan says.
	EndScan(scan int64, end *kb.End) error
	// AllListed reports whether as many distinct paths of the scan have been
	// taken in as its end line counts; false while that is not in.
	AllListed(scan int64) (bool, error)
	// Unlisted calls fn for each path that holds content now, that the scan has
	// not listed and that no scan started later has listed. fn must not use the
	// transaction.
	Unlisted(scan ScanState, fn func(PathState) error) error
	// Under calls fn for each path that held content at a moment and is a
	// document or below a folder of the given name. fn must not use the
	// transaction.
	Under(prefix string, at kb.Instant, fn func(PathState) error) error
	// Holding calls fn with the name of each path that holds content now. fn
	// must not use the transaction.
	Holding(fn func(name string) error) error
	// CloseScan marks a scan as settled, with the number of deletions withheld.
	CloseScan(scan int64, withheld int64) error
	// ClosedScans returns the scans settled by a transaction after the given
	// moment.
	ClosedScans(after kb.Instant) ([]ClosedScan, error)
	// LastListing returns the start of the latest scan that started before the
	// given moment, looked at files and listed the path.
	LastListing(path int64, before kb.Instant) (kb.Instant, bool, error)

	// Look prepares for calls of Path with the given names, which then take less
	// time.
	Look(names []string) error
	// Path registers a path if it is new, and returns what is known of it.
	Path(name string) (PathState, error)
	// MemoryBegins returns where the versions of a path that are remembered begin;
	// nil unless some were forgotten.
	MemoryBegins(path int64) (*Beginning, error)
	// HasVersion reports whether the path has a version of the same valid
	// time, seq and state.
	HasVersion(path int64, v *kb.Version) (bool, error)
	// LookForContents prepares for calls of AddVersion with contents of the given
	// hashes, which then take less time.
	LookForContents(hashes []kb.Hash) error
	// AddVersion appends a version and sets its ID. Its content may be nil where
	// the path is gone or where the store holds that content already.
	AddVersion(path, run int64, v *kb.Version, c *content.Content) error
	// See keeps that a scan has listed a path.
	See(path int64, s Sighting) error
	// Miss keeps since when a path has been out of sight: a scan could not look for it,
	// the first one since the version in force began. That is no listing, and of a path
	// that no scan has listed it says nothing.
	Miss(path int64, since, begun kb.Instant) error

	// Index returns the state of the index as the transaction sees it. Every
	// transaction asks for it, and so Waiting is not counted.
	Index() (IndexState, error)
	// SetIndex records what makes the index from now on.
	SetIndex(index Index) error
	// DropIndex deletes all texts, passages, vectors and faults of extraction;
	// what filters made stays. The index is then not behind.
	DropIndex() error
	// Reign returns the time in which a version of the path decides what it holds.
	Reign(path int64, v *kb.Version) (Reign, error)
	// Intervals returns the passages of a path that are in force after a moment,
	// and those never in force, in no particular order.
	Intervals(path int64, after kb.Instant) ([]Interval, error)
	// AddTexts stores texts, but for those with keys that are there. One that waits
	// for its vector gets it if the text has it.
	AddTexts(texts []*Text) error
	// PutInterval stores a new interval, or the bounds of one with an ID. Its
	// text must be there.
	PutInterval(path int64, i Interval) error
	// Kept is Store.Kept as the transaction sees it.
	Kept(hash kb.Hash, extension string) (Kept, error)
	// HeldBefore is Store.Held, but for the versions of this transaction.
	HeldBefore(hash kb.Hash, extension string) (bool, error)
	// AddFiltered keeps what a filter made, in the place of what one for the
	// same extension made before.
	AddFiltered(f *Filtered) error
	// AddTextless records that a content has no text; ClearTextless that it has.
	AddTextless(t *Textless) error
	ClearTextless(hash kb.Hash, extension string) error

	// AddChunk records what the transaction did for a run.
	AddChunk(chunk ChunkResult) error
	// AddFailure records a failure, in the place of an earlier one of the same
	// statement.
	AddFailure(f Failure) error
	// ClearFailure drops the standing failure of a statement about a path, if there
	// is one.
	ClearFailure(path int64, s Statement) error
	// Skip keeps that the content of a statement with a valid time was left out,
	// which is no failure.
	Skip(path int64, s Statement, source string) error
	// LeftOut returns the valid time of the latest statement about a path, later than
	// a version of it, that was skipped or whose failure stands; nil if there is none.
	LeftOut(path int64, after *kb.Version) (*kb.Instant, error)
	// Failing calls fn for each path whose live failure stands, that the scan has
	// not listed and that no scan started later has listed. fn must not use the
	// transaction.
	Failing(scan ScanState, fn func(PathState) error) error
}

// RunStart says who runs.
type RunStart struct {
	At   kb.Instant
	Host string
	PID  int
}

// RunHere says that this process runs, from a moment on. The host is "unknown" where
// the system does not say its name.
func RunHere(at kb.Instant) RunStart {
	host, err := os.Hostname()
	if err != nil {
		host = "unknown"
	}
	return RunStart{At: at, Host: host, PID: os.Getpid()}
}

// RunFinish says how a run ended.
type RunFinish struct {
	At     kb.Instant
	Status Status
	Report []byte // JSON, without the errors
}

// RunState is a run as the store knows it.
type RunState struct {
	ID         int64
	StartedAt  kb.Instant
	FinishedAt *kb.Instant
	Status     Status
	Host       string
	PID        int
	Counts     Counts
	Chunks     int64
	LastCommit *kb.Instant
	Expected   *int64 // records in all, once the end of its scan is in or by what its last one had; else nil
	Report     []byte // as RunFinish has it; nil until finished
}

// ScanState is a scan as the store knows it.
type ScanState struct {
	ID        int64
	StartedAt kb.Instant // as it was registered
	New       bool       // it was not known before
	Expected  *int64     // distinct paths that its end line counts; nil until that is in
	Unread    []string   // folders it could not read, once the end line is in
	Closed    bool
	Withheld  int64 // deletions that were too many to be made
	// OtherDir is the folder from which an earlier scan with a root of the same
	// name came, where that is not the folder of this one; else "", as of a scan
	// that is not new.
	OtherDir string
}

// ClosedScan is a complete scan: it has seen everything that it covers, but
// for what lies below Unread.
type ClosedScan struct {
	Scan     kb.Scan
	Unread   []string
	ClosedAt kb.Instant
}

// PathState is a path as the store knows it.
type PathState struct {
	ID      int64
	Name    string
	New     bool        // it was registered by this very call
	InForce *kb.Version // now; nil if there never was one

	SeenBy     int64       // the latest started scan that listed the path; 0 for none
	SeenAt     kb.Instant  // its start
	StaleSince *kb.Instant // since when it could not be read, or looked for
}

// failed reports whether the scan that listed the path last could not read it.
func (p *PathState) failed() bool { return p.StaleSince != nil && *p.StaleSince <= p.SeenAt }

// Sighting is what a scan saw of a path last.
type Sighting struct {
	Scan       int64
	MTime      *kb.Instant
	CTime      *kb.Instant
	Inode      *uint64
	SHA256     *kb.Hash    // of what the file held; nil where that is not known
	StaleSince *kb.Instant // set while the path cannot be read
}

// SeenFile is a file with what its last scan found.
type SeenFile struct {
	Path         string
	Size         int64 // bytes
	MTime, CTime kb.Instant
	Inode        uint64
	SHA256       kb.Hash
}

// ChunkResult is what one transaction did. Each record counts once, under one
// of the five outcomes.
type ChunkResult struct {
	Run    int64
	Scan   int64 // 0 for lines that belong to none
	Counts Counts
}

// Counts are the outcomes of records.
type Counts struct {
	Stored    int64
	Unchanged int64
	Deleted   int64
	Skipped   int64
	Failed    int64
	Bytes     int64 // of the files stored or found unchanged
}

// Total is the number of records.
func (c Counts) Total() int64 {
	return c.Stored + c.Unchanged + c.Deleted + c.Skipped + c.Failed
}

// Add adds o to c.
func (c *Counts) Add(o Counts) {
	c.Stored += o.Stored
	c.Unchanged += o.Unchanged
	c.Deleted += o.Deleted
	c.Skipped += o.Skipped
	c.Failed += o.Failed
	c.Bytes += o.Bytes
}

// Statement tells records about one path apart: what is live is one statement, made
// again by each scan, and each valid time is another.
type Statement struct {
	ValidFrom *kb.Instant // nil for a live one
	Seq       int64       // 0 for a live one
}

// Failure is a record that failed.
type Failure struct {
	Run      int64
	PathID   int64  // 0 for a line that is no record
	Path     string // "" for a line that is no record
	Class    kb.Class
	Code     kb.Code
	Attempts int
	Message  string
	At       kb.Instant

	// What it takes to try again.
	Statement
	Scan   int64   // that the record came with; 0 for a line that is no record
	Again  kb.Kind // File or Gone; Skipped where the content came with the record and is not kept, and for a line that is no record
	Source string
}

// StandingFailure is a failure of a path that has not succeeded since.
type StandingFailure struct {
	Failure
	Scan *kb.Scan // that the record came with; nil if that is not known
}
