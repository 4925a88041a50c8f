package sqlite

import (
	"cmp"
	"context"
	"embed"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"sync"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/kb"
)

// applicationID marks a file as a knowledge base: "btls".
const applicationID = 0x62746c73

//go:embed migrations/*.sql
var migrationFiles embed.FS

// migrations returns the scripts in order; a file whose user_version is n has
// had the first n of them.
var migrations = sync.OnceValues(func() ([]string, error) {
	names, err := fs.Glob(migrationFiles, "migrations/*.sql") // sorted by name
	if err != nil {
		return nil, err
	}
	scripts := make([]string, len(names))
	for i, name := range names {
		script, err := migrationFiles.ReadFile(name)
		if err != nil {
			return nil, err
		}
		scripts[i] = string(script)
	}
	return scripts, nil
})

// identity is what a file says of itself.
type identity struct {
	application int64
	version     int64
	tables      int64
}

// identity reads all of it in one statement, and so of one state of the file:
// another process may be making it right now. The statement is not kept.
func (s *session) identity() (identity, error) {
	var id identity
	err := s.conn.QueryRowContext(context.Background(), `
		SELECT application_id, user_version, (SELECT count(*) FROM sqlite_schema)
		FROM pragma_application_id, pragma_user_version`).Scan(&id.application, &id.version, &id.tables)
	return id, fault(err)
}

// empty reports whether the file has nothing in it and belongs to nobody.
func (id identity) empty() bool { return id.tables == 0 && id.application == 0 }

// check refuses files of other programs and of later versions of this one.
func (id identity) check() error {
	scripts, err := migrations()
	switch {
	case err != nil:
		return err
	case id.empty():
		return nil
	case id.application != applicationID:
		return fmt.Errorf("%w, but a SQLite file of another program", ErrForeign)
	case id.version < 0 || id.version > highestVersion:
		return fmt.Errorf("%w: its schema is said to be number %d", ErrDamaged, id.version)
	case id.version > int64(len(scripts)):
		return fmt.Errorf("%w (schema %d, this one knows up to %d)", ErrNewer, id.version, len(scripts))
	default:
		return nil
	}
}

// highestVersion is more than there will ever be: what lies above is damage.
const highestVersion = 1000

// checkOwner looks at the file before anything is written to it.
func checkOwner(ctx context.Context, path string) error {
	info, err := os.Stat(path)
	switch {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return unstatted(err)
	case info.IsDir():
		return fmt.Errorf("%w, but a folder", ErrForeign)
	case !info.Mode().IsRegular():
		return fmt.Errorf("%w, but no regular file", ErrForeign)
	case info.Size() == 0:
		return nil
	}
	if err := errors.Join(cmp.Or(checkReadable(path), checkWritable(path)), checkLog(ctx, path)); err != nil {
		return err
	}
	err = checkOwnerBy(ctx, path, "ro")
	var e sqlite3.Error
	if errors.As(err, &e) && e.ExtendedCode == sqlite3.ErrReadonlyRollback {
		// Whoever wrote last was killed, as can happen while a file is made that is not
		// in WAL mode yet. SQLite undoes what it began, where it may write.
		err = checkOwnerBy(ctx, path, "rw")
	}
	return err
}

func checkOwnerBy(ctx context.Context, path, mode string) error {
	s, err := openSession(ctx, dsn(path, url.Values{"mode": {mode}}), readerPragmas)
	if err != nil {
		return denied(path, err)
	}
	id, err := s.identity()
	if err = errors.Join(denied(path, err), id.check()); err == nil && !id.empty() {
		if err = s.checkSchema(id.version); err == nil {
			err = s.checkTriggers(id.version)
		}
	}
	return errors.Join(err, s.Close())
}

// migrate brings the schema up to date in one transaction. The version is read
// again under the write lock: another process may have been first. Before the
// schema of a file is changed that holds something, keep is called, under the lock
// too, with the version that it has.
func migrate(ctx context.Context, s *session, clock kb.Clock, keep func(version int64) error) (err error) {
	scripts, err := migrations()
	if err != nil {
		return err
	}
	id, err := s.identity()
	if err != nil {
		return err
	}
	if id.version == int64(len(scripts)) && !id.empty() {
		return id.check()
	}
	if _, err := s.conn.ExecContext(ctx, "BEGIN IMMEDIATE"); err != nil {
		return fault(err)
	}
	defer func() {
		if err != nil {
			err = errors.Join(err, s.rollback())
		}
	}()
	if id, err = s.identity(); err != nil {
		return err
	}
	if err = id.check(); err != nil {
		return err
	}
	if !id.empty() && id.version < int64(len(scripts)) {
		if err = keep(id.version); err != nil {
			return err
		}
	}
	for n := int(id.version); n < len(scripts); n++ {
		if _, err = s.conn.ExecContext(ctx, scripts[n]); err != nil {
			return fmt.Errorf("migrate schema to version %d: %w", n+1, fault(err))
		}
	}
	if id.empty() {
		_, err = s.conn.ExecContext(ctx, "INSERT INTO meta (key, value) VALUES ('created_at', ?)", int64(kb.InstantOf(clock())))
		if err != nil {
			return fault(err)
		}
	}
	if err = s.stamp(clock()); err != nil {
		return err
	}
	// Pragmas take no parameters; both numbers are ours.
	_, err = s.conn.ExecContext(ctx, fmt.Sprintf("PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT", applicationID, len(scripts)))
	return fault(err)
}

// keepCopy returns what makes a copy beside a file before its schema is changed.
func keepCopy(ctx context.Context, path string, told func(copied string)) func(version int64) error {
	return func(version int64) error {
		copied, err := Aside(ctx, path, fmt.Sprintf(".v%d-backup", version))
		if err != nil {
			return fmt.Errorf("copy it before its schema is changed: %w", err)
		}
		if told != nil {
			told(copied)
		}
		return nil
	}
}

// checkVersion fails where somebody has changed the schema since the file was
// opened: what a program of another version writes must not go into it.
func (s *session) checkVersion() error {
	scripts, err := migrations()
	if err != nil {
		return err
	}
	var version int
	if _, err := s.row("SELECT user_version FROM pragma_user_version", nil, &version); err != nil {
		return err
	}
	if version > len(scripts) {
		return fmt.Errorf("%w meanwhile (schema %d, this one knows up to %d)", ErrNewer, version, len(scripts))
	}
	return nil
}
