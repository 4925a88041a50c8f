// Package sqlite is the embedded store: one SQLite file that holds every
// version of every document. It is the only package with SQL in it.
//
// The truth stands in the tables path, blob, part and version; versions are
// only ever appended. What searches stand on is derived from it: passages in
// time, their words in an FTS5 table and their vectors in a vec0 table. See
// migrations/ for what each column means.
//
// A Store writes, one transaction at a time, and any number of processes may
// have one open; a Reader answers questions from one unchanging snapshot, also
// while others write.
//
//	store, err := sqlite.Open(ctx, "kb.sqlite", sqlite.Options{})
//	defer store.Close()
//	err = store.Update(ctx, func(tx ingest.Tx) error { … })
//
//	reader, err := sqlite.OpenReader(ctx, "kb.sqlite")
//	defer reader.Close()
//	v, err := reader.InForce(ctx, "docs/a.md", point)
package sqlite

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"time"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite/rows"
)

// Version returns the version of the SQLite library inside.
func Version() string {
	version, _, _ := sqlite3.Version()
	return version
}

// defaultBusyTimeout is how long SQLite itself waits for another process to
// give up the write lock, before the caller hears of it.
const defaultBusyTimeout = 10 * time.Second

const (
	// openPause is the time between attempts at what is refused at once, as it is
	// where several make the same file.
	openPause = 5 * time.Millisecond
	// lockLook is how long SQLite waits for the write lock before we look whether
	// the caller still wants it, since nothing interrupts it meanwhile.
	lockLook = 100 * time.Millisecond
)

// Options change how a Store works. The zero value is right for programs.
type Options struct {
	Clock       kb.Clock      // time.Now if nil
	BusyTimeout time.Duration // how long to wait for another writer at each attempt; 10 s if 0

	// Copied is told the name of the copy that Open makes beside a file of an
	// older schema, before it brings it up to date; may be nil.
	Copied func(name string)
}

// Store is an open knowledge base that can be written. Its methods are those
// of ingest.Store.
type Store struct {
	place    place
	clock    kb.Clock
	patience time.Duration // for another writer
	write    *session
	readers  readers
	enc      *content.Encoder // used within transactions
	words    *vocabulary
	ahead    *ahead

	tokenizers  tokenizers
	checkpoints checkpointer
}

// Open opens the knowledge base at path, makes it if there is no file, and
// brings an older schema up to date, after a copy of the file. Errors that callers
// tell apart are ErrForeign, ErrTrigger, ErrNewer, ErrDamaged, ErrNoFolder, ErrUnreadable,
// ErrReadOnly, ErrLeftBehind, ErrFull, ErrFileLimit and ErrOtherLog; those that
// write may return ErrReplaced and ErrLogGone.
func Open(ctx context.Context, path string, opts Options) (*Store, error) {
	if opts.Clock == nil {
		opts.Clock = time.Now
	}
	if opts.BusyTimeout == 0 {
		opts.BusyTimeout = defaultBusyTimeout
	}
	file := withoutLinks(path)
	// A file of another program must not even be switched to WAL.
	if err := checkOwner(ctx, file); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, err)
	}
	store := &Store{clock: opts.Clock, patience: opts.BusyTimeout, enc: content.NewEncoder(), words: newVocabulary(), ahead: newAhead()}
	var err error
	if store.write, err = openWriter(ctx, file, opts); err != nil {
		return nil, fmt.Errorf("open %s: %w", path, denied(file, err))
	}
	if store.place, err = placeOf(path); err != nil {
		return nil, errors.Join(fmt.Errorf("open %s: %w", path, err), store.write.Close())
	}
	store.checkpoints = checkpointer{pages: checkpointPages, open: func() (*session, error) {
		if err := store.place.check(); err != nil {
			return nil, err
		}
		params := writerParams(opts.BusyTimeout)
		params.Set("mode", "rw")    // if somebody moved the file away, no other is made,
		params.Del("_journal_mode") // and one that is there instead stays what it is
		return openSession(context.Background(), dsn(file, params), guardPragmas)
	}}
	store.readers.db = openDB(dsn(file, url.Values{"mode": {"ro"}}), readerPragmas)
	return store, nil
}

// openWriter opens the connection that writes, with the schema up to date.
// Where several processes make the same file at once, SQLite refuses some of
// them at once rather than let them wait, since each would wait for the other;
// they try again.
func openWriter(ctx context.Context, path string, opts Options) (*session, error) {
	var s *session
	err := whileBusy(ctx, opts.BusyTimeout, func() (err error) {
		s, err = openSession(ctx, dsn(path, writerParams(min(opts.BusyTimeout, lockLook))), writerPragmas)
		if err != nil {
			return err
		}
		if _, err = s.exec("SELECT take_token_lists()"); err != nil { // before text_fts is there
			return errors.Join(err, s.Close())
		}
		if err = migrate(ctx, s, opts.Clock, keepCopy(ctx, path, opts.Copied)); err != nil {
			err = errors.Join(err, s.Close())
		}
		return err
	})
	return s, err
}

// whileBusy calls fn again and again while another process holds the lock, until
// patience or ctx ends.
func whileBusy(ctx context.Context, patience time.Duration, fn func() error) error {
	deadline := time.Now().Add(patience)
	for {
		err := fn()
		if !isBusy(err) || !time.Now().Before(deadline) {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(openPause):
		}
	}
}

// begin begins a transaction that writes, and waits for the lock.
func (s *Store) begin(ctx context.Context) error {
	if err := s.place.check(); err != nil {
		s.leave()
		return err
	}
	return whileBusy(ctx, s.patience, func() error {
		_, err := s.write.exec("BEGIN IMMEDIATE")
		return err
	})
}

// ErrLogLeft is the error of a store that was closed, and whose write-ahead log could not
// be moved into the file. Nothing is lost by it, but the file alone is not all.
var ErrLogLeft = errors.New("what was committed is safe, but cannot be moved into the file")

// Close closes the store.
func (s *Store) Close() error {
	s.tokenizers.close()
	err := s.checkpoints.close()
	if s.place.check() != nil {
		s.leave()
	} else {
		err = errors.Join(err, s.settle())
	}
	return errors.Join(err, s.readers.close(), s.write.Close())
}

// settle moves what the log still holds into the file. So does SQLite when it closes it,
// but says nothing where it cannot. What somebody reads stays in the log.
func (s *Store) settle() error {
	_, err := s.write.checkpoint("PASSIVE")
	if err == nil || isBusy(err) {
		return nil
	}
	return fmt.Errorf("%w; keep %s-wal beside it: %w", ErrLogLeft, s.place.file, err)
}

func writerParams(busy time.Duration) url.Values {
	return url.Values{
		"mode":          {"rwc"},
		"_busy_timeout": {fmt.Sprint(busy.Milliseconds())},
		"_journal_mode": {"WAL"},
		"_foreign_keys": {"on"},
		// A transaction is on disk in full when the run that made it has been
		// finished (see FinishRun), which is when it is reported; until then
		// a power cut takes back whole transactions and nothing less.
		"_synchronous": {"NORMAL"},
	}
}

// A file may come from a stranger: its schema must not call functions, and its
// pages are not trusted.
//
// Within a transaction no checkpoint is made before the log has 64,000 pages (256 MB),
// rather than 1,000: the others are the checkpointer's.
const (
	guardPragmas  = "PRAGMA trusted_schema = OFF; PRAGMA cell_size_check = ON; PRAGMA temp_store = MEMORY;"
	writerPragmas = guardPragmas + "PRAGMA cache_size = -32768; PRAGMA wal_autocheckpoint = 64000;"
	readerPragmas = guardPragmas + "PRAGMA query_only = ON; PRAGMA cache_size = -8192;"
)

// maxValue is the largest value in bytes that is read or written, whatever a file
// claims to hold: contents come in parts of 1 MiB, and nothing else comes near it.
const maxValue = 256 << 20

// dsn makes a URI of a path in which nothing is special. The connection has no lock of
// its own: package sql gives it to one goroutine at a time.
func dsn(path string, params url.Values) string {
	if !strings.HasPrefix(path, "/") {
		path = "./" + path
	}
	escaped := (&url.URL{Path: path}).EscapedPath()
	return "file:" + escaped + "?_mutex=no&" + params.Encode()
}

// connector opens connections on which the pragmas have been run; SQL's own
// registry of drivers is left alone.
type connector struct {
	dsn    string
	driver *sqlite3.SQLiteDriver
}

func (c *connector) Connect(context.Context) (driver.Conn, error) { return c.driver.Open(c.dsn) }
func (c *connector) Driver() driver.Driver                        { return c.driver }

func openDB(dsn, pragmas string) *sql.DB {
	hook := func(conn *sqlite3.SQLiteConn) error {
		conn.SetLimit(sqlite3.SQLITE_LIMIT_LENGTH, maxValue)
		_, err := conn.Exec(pragmas, nil)
		return err
	}
	return sql.OpenDB(&connector{dsn, &sqlite3.SQLiteDriver{ConnectHook: hook}})
}

// session is one connection with the statements prepared on it. A statement is
// taken while its rows are read, so that the same walk may be under way twice.
type session struct {
	db   *sql.DB
	conn *sql.Conn
	idle map[string][]*sql.Stmt // by query

	waiting waitingRows // see later
}

func openSession(ctx context.Context, dsn, pragmas string) (*session, error) {
	db := openDB(dsn, pragmas)
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, errors.Join(fault(err), db.Close())
	}
	return &session{db: db, conn: conn, idle: make(map[string][]*sql.Stmt), waiting: newWaitingRows()}, nil
}

// Close closes the statements and the connection.
func (s *session) Close() error {
	return errors.Join(s.release(), s.db.Close())
}

// release closes the statements and gives the connection back.
func (s *session) release() error {
	var errs []error
	for _, stmts := range s.idle {
		for _, stmt := range stmts {
			errs = append(errs, stmt.Close())
		}
	}
	return errors.Join(append(errs, s.conn.Close())...)
}

// take returns a statement prepared for a query, which must be one of a fixed
// number of texts. It is given back with give.
func (s *session) take(query string) (*sql.Stmt, error) {
	if idle := s.idle[query]; len(idle) > 0 {
		stmt := idle[len(idle)-1]
		s.idle[query] = idle[:len(idle)-1]
		return stmt, nil
	}
	stmt, err := s.conn.PrepareContext(context.Background(), query)
	return stmt, fault(err)
}

func (s *session) give(query string, stmt *sql.Stmt) {
	s.idle[query] = append(s.idle[query], stmt)
}

// In joins that run once for every record, a parameter is written +? where it
// is compared. SQLite looks at the value of a bare one while it plans a join,
// and from then on plans anew for every value, which takes ten times as long as
// the look-up itself.

// The statements run without the caller's context: the driver starts a
// goroutine for each that can be cancelled, which costs more than most of them
// take. Callers look at their context between statements.

func (s *session) exec(query string, args ...any) (sql.Result, error) {
	if err := s.flush(); err != nil {
		return nil, err
	}
	stmt, err := s.take(query)
	if err != nil {
		return nil, err
	}
	defer s.give(query, stmt)
	res, err := stmt.ExecContext(context.Background(), args...)
	return res, fault(err)
}

// row runs a query of at most one row and reports whether there was one.
func (s *session) row(query string, args []any, dest ...any) (bool, error) {
	if err := s.flush(); err != nil {
		return false, err
	}
	return s.rowNow(query, args, dest...)
}

// rowNow is row where no waiting row changes the answer.
func (s *session) rowNow(query string, args []any, dest ...any) (bool, error) {
	stmt, err := s.take(query)
	if err != nil {
		return false, err
	}
	defer s.give(query, stmt)
	err = stmt.QueryRowContext(context.Background(), args...).Scan(dest...)
	if errors.Is(err, sql.ErrNoRows) {
		return false, nil
	}
	return err == nil, fault(err)
}

// each calls scan for every row of a query.
func (s *session) each(query string, args []any, scan func(*sql.Rows) error) (err error) {
	if err := s.flush(); err != nil {
		return err
	}
	return s.eachNow(query, args, scan)
}

// eachNow is each where no waiting row changes the answer.
func (s *session) eachNow(query string, args []any, scan func(*sql.Rows) error) (err error) {
	stmt, err := s.take(query)
	if err != nil {
		return err
	}
	defer s.give(query, stmt)
	rows, err := stmt.QueryContext(context.Background(), args...)
	if err != nil {
		return fault(err)
	}
	return eachRow(rows, scan)
}

// eachUntil is each of a query that is asked once and may take long: it ends when the
// context does.
func (s *session) eachUntil(ctx context.Context, query string, args []any, scan func(*sql.Rows) error) error {
	rows, err := s.conn.QueryContext(ctx, query, args...)
	if err != nil {
		return fault(err)
	}
	return eachRow(rows, scan)
}

// eachRow calls scan for every row, and closes rows.
func eachRow(rows *sql.Rows, scan func(*sql.Rows) error) error {
	defer rows.Close()
	for rows.Next() {
		if err := scan(rows); err != nil {
			return fault(err)
		}
	}
	return fault(rows.Err())
}

// rowIf returns row if rows wait that change the answer, and else rowNow.
func (s *session) rowIf(waiting bool) func(query string, args []any, dest ...any) (bool, error) {
	if waiting {
		return s.row
	}
	return s.rowNow
}

// eachIf is to each what rowIf is to row.
func (s *session) eachIf(waiting bool) func(query string, args []any, scan func(*sql.Rows) error) error {
	if waiting {
		return s.each
	}
	return s.eachNow
}

// ask asks a question, which SQLite answers at once, and calls fn for every row of the
// answer, whose bytes are valid until it returns. fn reads all values of the row.
func (s *session) ask(question string, parameters *rows.Values, fn func(*rows.Answer) error) error {
	return s.each("SELECT rows_of(?, ?)", []any{question, parameters.Bytes()}, func(result *sql.Rows) error {
		var raw sql.RawBytes
		if err := result.Scan(&raw); err != nil {
			return err
		}
		answer := rows.Read(raw)
		for answer.More() {
			if err := fn(answer); err != nil {
				return err
			}
		}
		return answer.Err()
	})
}

// missing reports whether there is no file at path.
func missing(path string) bool {
	_, err := os.Stat(path)
	return errors.Is(err, os.ErrNotExist)
}
