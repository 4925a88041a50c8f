package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"syscall"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// Cure says what mends a finding.
type Cure string

// The cures.
const (
	NoCure      Cure = ""
	ByRepair    Cure = "repair"  // it is derived, or was left open: Store.Repair
	ByRecovery  Cure = "recover" // what is whole can be read into a new file: Recover
	ByReindex   Cure = "reindex" // nothing is damaged, but searches miss something
	ByIngesting Cure = "ingest"  // the next run mends it
)

// The codes of findings. They are part of the output and stay as they are.
const (
	CodeSQLite     = "sqlite"      // SQLite's own check
	CodeUnreadable = "unreadable"  // a part of the file that cannot be read
	CodeForeignKey = "foreign_key" // a row that refers to one that is not there
	CodeSchema     = "schema"      // a table or an index that is missing or another
	CodeExtra      = "extra"       // one that does not belong to a knowledge base
	CodeLog        = "wal"         // transactions in the write-ahead log that cannot be read

	CodePathName     = "path_name"     // a path whose name none can have
	CodeVersionRow   = "version_row"   // a version that is not as it was written
	CodeVersionOrder = "version_order" // recorded times that do not ascend
	CodeVersionGap   = "version_gap"   // versions that are missing
	CodeVersionRun   = "version_run"   // versions and what their runs say they stored
	CodeParts        = "parts"         // contents that are not in whole parts
	CodeContent      = "content"       // a content that is not what its hash says
	CodeContentLost  = "content_lost"  // one that a recovery could not bring back
	CodeRecovered    = "recovered"     // the file came out of a recovery that was not whole

	CodeScan     = "scan"      // a scan and what it listed
	CodeScanOpen = "scan_open" // a scan of which all is in, and that was not settled
	CodeSeen     = "seen"      // a path and the scan that saw it last
	CodeRun      = "run"       // a run that makes no sense
	CodeRunOpen  = "run_open"  // a run whose process is gone

	CodeMeta      = "meta"             // what made the index
	CodeOutdated  = "index_outdated"   // the index is that of another version of btools
	CodeBehind    = "index_behind"     // the index does not know all versions
	CodeText      = "text"             // the wording of a passage
	CodeTextIndex = "text_index"       // the index of words and the texts
	CodeWord      = "word"             // words that corrections stand on
	CodeInterval  = "interval"         // passages that are in force twice, or end before they begin
	CodePassages  = "passages"         // passages that are not those of the versions
	CodeVector    = "vector"           // a text and its vector
	CodeVectorRow = "passage_vec"      // a passage and its row in passage_vec
	CodeBlock     = "vector_block"     // codes and what they are of
	CodeSpan      = "vector_interval"  // packed intervals and what they are of
	CodeWaiting   = "vectors_awaited"  // texts that wait for a vector
	CodeNoSample  = "index_not_proven" // passages that could not be compared
)

// Finding is something that a check has found.
type Finding struct {
	Code    string
	Damage  bool // else a note: nothing that the file says is wrong
	Cure    Cure
	Message string // one sentence, without the path

	Path      string      // "" for none
	ValidFrom *kb.Instant // of the first version that it is about
	SHA256    *kb.Hash    // of the content that it is about
}

// CheckOptions say how much is checked.
type CheckOptions struct {
	Data   bool       // read all contents and texts, and split the versions again
	Sample float64    // the share of contents, texts and paths that Data is about: 0 to 1
	Rand   *rand.Rand // chooses them; needed where Sample is less than 1
	// Progress is told how far Data is; may be nil.
	Progress func(CheckProgress)
	// Part is told how many of the parts of a check are over; may be nil.
	Part func(done int64)
	// Alive reports whether the process of a run that has not ended still works.
	Alive func(*ingest.RunState) bool
}

// CheckSummary is how much was looked at.
type CheckSummary struct {
	Paths, Versions, Contents, Texts, Passages, Vectors int64 // that the file holds

	ContentsRead, BytesRead, TextsRead, PathsSplit int64 // with CheckOptions.Data
}

// CheckProgress is how far CheckOptions.Data is.
type CheckProgress struct {
	Done, Of int64 // contents, texts and paths, those that are not in the sample too
	Bytes    int64 // of the contents read
}

// checkPragmas are those of a Reader, but what has to be sorted goes to the disk:
// a check must work with little memory whatever the size of the file.
const checkPragmas = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = FILE; " +
	"PRAGMA query_only = ON; PRAGMA cache_size = -16384;"

// Checker verifies one snapshot of a knowledge base. It writes nothing.
type Checker struct{ *Reader }

// OpenChecker opens a knowledge base to verify it; its errors are those of
// OpenReader.
func OpenChecker(ctx context.Context, path string) (*Checker, error) {
	r, err := openReaderWith(ctx, path, checkPragmas)
	if err != nil {
		return nil, err
	}
	return &Checker{r}, nil
}

// check is one check under way.
type check struct {
	*Reader
	ctx    context.Context
	opts   CheckOptions
	report func(Finding) error
	sum    CheckSummary

	version   int64 // of the schema
	recovered recovered
	lessSince kb.Instant     // versions recorded up to then may be gone, and no damage
	unsound   bool           // SQLite's own check failed
	stored    int64          // paths that there are versions of
	done      int64          // for CheckProgress
	named     int            // contents for which a version was looked up
	lost      map[int64]bool // contents that are known to be damaged
}

// errReport is an error of the function that findings are told.
type errReport struct{ error }

func (e errReport) Unwrap() error { return e.error }

// Check verifies the knowledge base and calls report with each finding. Parts of
// the file that cannot be read are findings too; the error is about the check
// itself, or what report returned.
func (c *Checker) Check(ctx context.Context, opts CheckOptions, report func(Finding) error) (CheckSummary, error) {
	k := &check{Reader: c.Reader, ctx: ctx, opts: opts, report: report, lost: make(map[int64]bool)}
	if c.dsn == "" { // an empty file has nothing in it that could be wrong, but its log may have
		return k.sum, k.outlive("its write-ahead log", k.writeAheadLog())
	}
	steps := []struct {
		of  string
		run func() error
	}{
		{"the file", k.file},
		{"its foreign keys", k.foreignKeys},
		{"its schema", k.schema},
		{"its write-ahead log", k.writeAheadLog},
		{"what a recovery left", k.recovery},
		{"the number of its rows", k.count},
		{"the names of paths", k.names},
		{"the versions", k.versions},
		{"the parts of contents", k.parts},
		{"the scans", k.scans},
		{"the paths seen", k.seen},
		{"the runs", k.runs},
		{"the state of the index", k.meta},
		{"the text index", k.textIndex},
		{"the passages", k.intervals},
		{"the vectors", k.vectors},
		{"the packed vectors", k.blocks},
		{"the contents", k.contents},
		{"the texts", k.texts},
		{"the passages of versions", k.passages},
	}
	for i, step := range steps {
		if err := ctx.Err(); err != nil {
			return k.sum, context.Cause(ctx)
		}
		if err := k.outlive(step.of, step.run()); err != nil {
			return k.sum, err
		}
		if opts.Part != nil {
			opts.Part(int64(i + 1))
		}
	}
	return k.sum, nil
}

// ofMachine is what the system says when it has no more to give, or may not give it.
var ofMachine = []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EACCES, syscall.EPERM}

// outlive makes a finding of an error about what the file holds, and returns all
// others.
func (k *check) outlive(of string, err error) error {
	var stop errReport
	var busy *kb.Fault
	var e sqlite3.Error
	switch {
	case err == nil:
		return nil
	case errors.As(err, &stop):
		return stop.error
	case k.ctx.Err() != nil:
		return context.Cause(k.ctx)
	case errors.As(err, &busy), errors.Is(err, ErrFull), errors.Is(err, ErrFileLimit):
		return err
	case errors.As(err, &e) && (e.Code == sqlite3.ErrNomem || e.Code == sqlite3.ErrCantOpen || slices.Contains(ofMachine, e.SystemErrno)):
		return err
	case slices.ContainsFunc(ofMachine, func(said syscall.Errno) bool { return errors.Is(err, said) }):
		return err
	}
	return k.damage(CodeUnreadable, ByRecovery, "%s cannot be read: %v", of, err)
}

func (k *check) tell(f Finding) error {
	if err := k.report(f); err != nil {
		return errReport{err}
	}
	return nil
}

func (k *check) damage(code string, cure Cure, format string, args ...any) error {
	return k.tell(Finding{Code: code, Damage: true, Cure: cure, Message: fmt.Sprintf(format, args...)})
}

func (k *check) note(code string, cure Cure, format string, args ...any) error {
	return k.tell(Finding{Code: code, Cure: cure, Message: fmt.Sprintf(format, args...)})
}

// long runs a query that may take long, and ends it when the context does.
func (k *check) long(query string, args []any, scan func(*sql.Rows) error) error {
	return k.eachUntil(k.ctx, query, args, scan)
}

// ids calls fn with the only column of each row.
func (k *check) ids(query string, args []any, fn func(id int64) error) error {
	return k.long(query, args, func(rows *sql.Rows) error {
		var id int64
		if err := rows.Scan(&id); err != nil {
			return err
		}
		return fn(id)
	})
}

// hasTables reports whether the schema is one with an index.
func (k *check) hasTables() bool { return k.version >= 2 }
