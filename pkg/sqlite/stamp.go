package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"net/url"
	"os"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite/pages"
)

// SQLite lays the write-ahead log over whatever file has its name. If a writer was
// killed, so that its log is still there, and then the file is replaced, by a backup
// say, the two make a file that never was. So each transaction leaves a stamp in meta,
// beside that of the transaction before. The first page of meta in a log says which
// stamp the file had when the log was begun, and all of them which ones it may have been
// given since.
const (
	stampKey       = "stamp" // when the transaction was committed, or if that is not later than the one before, some time after it
	beforeStampKey = "stamp_before"
	createdKey     = "created_at" // which meta always has
)

// stamp leaves the stamp of a transaction that is about to be committed.
func (s *session) stamp(now time.Time) error {
	_, err := s.exec(`
		INSERT INTO meta (key, value) SELECT '` + beforeStampKey + `', value FROM meta WHERE key = '` + stampKey + `'
		ON CONFLICT (key) DO UPDATE SET value = excluded.value`)
	if err == nil {
		_, err = s.exec(`
			INSERT INTO meta (key, value) VALUES ('`+stampKey+`', ?)
			ON CONFLICT (key) DO UPDATE SET value = max(excluded.value, value + 1 + abs(random() % 1000000))`, kb.InstantOf(now))
	}
	return err
}

// logPause is the time between two looks at a log that does not seem to fit: a page may
// have been read while it was written.
const logPause = 10 * time.Millisecond

// checkLog returns ErrOtherLog if the write-ahead log beside a file is not its own. It
// has to be asked before SQLite opens the file, which may move the log into it. A file
// or a log of which it cannot tell passes.
func checkLog(ctx context.Context, path string) error {
	if fitsLog(ctx, path) {
		return nil
	}
	time.Sleep(logPause)
	if fitsLog(ctx, path) {
		return nil
	}
	return fmt.Errorf("%w: %s-wal", ErrOtherLog, path)
}

// fitsLog reports whether the log was begun on the file as it is, or has been moved into
// it in part, as far as it can tell.
func fitsLog(ctx context.Context, path string) bool {
	wal, err := os.Open(path + "-wal")
	if err != nil {
		return true // none, or none that can be read, as SQLite will say
	}
	defer wal.Close() // only read
	if info, err := wal.Stat(); err != nil || !info.Mode().IsRegular() {
		return true
	}
	begun, err := logHeader(wal)
	if err != nil {
		return true // too short to hold anything
	}
	stamp, root, err := stampOf(ctx, path)
	if err != nil || root == 0 {
		return true // no knowledge base, or damaged, as will be said elsewhere
	}
	// What the file was given before it was read stands in the log now.
	info, err := wal.Stat()
	if err != nil {
		return true
	}
	fits, stamped := false, false
	look := func(n uint32) error {
		return pages.Logged(wal, info.Size(), n, func(f *pages.File, p *pages.Page) bool {
			if p.Kind != pages.TableLeaf { // of an index, say
				return true
			}
			meta := metaIn(f, p)
			at, ok := meta[stampKey]
			if _, sure := meta[createdKey]; !ok || !sure {
				return true
			}
			fits = fits || at == stamp || !stamped && meta[beforeStampKey] == stamp
			stamped = true
			return !fits
		})
	}
	if err = look(root); err == nil && !stamped {
		err = look(pages.All) // a VACUUM moves meta to another page
	}
	if now, again := logHeader(wal); err != nil || again != nil || now != begun {
		return true // somebody is writing to it
	}
	return fits || !stamped
}

// logHeader reads the header of a log, whose salt changes each time that it begins anew.
func logHeader(wal io.ReaderAt) (header [32]byte, err error) {
	_, err = wal.ReadAt(header[:], 0)
	return header, err
}

// stampOf returns the stamp in the file alone, without its log, 0 for none, and the page
// of meta.
// SQLite reads it: if this process has the file open already, any other way to open it
// would give up SQLite's locks.
func stampOf(ctx context.Context, path string) (stamp int64, root uint32, err error) {
	s, err := openSession(ctx, dsn(path, url.Values{"mode": {"ro"}, "immutable": {"1"}}), readerPragmas)
	if err != nil {
		return 0, 0, err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	var at sql.NullInt64
	_, err = s.row("SELECT rootpage, (SELECT value FROM meta WHERE key = ?) FROM sqlite_schema WHERE name = 'meta'", []any{stampKey}, &root, &at)
	return at.Int64, root, err
}

// metaIn returns the numbers in a page of meta, by their keys.
func metaIn(f *pages.File, p *pages.Page) map[string]int64 {
	meta := make(map[string]int64)
	for _, cell := range p.Cells {
		row, err := f.Record(cell)
		if err != nil || len(row) != 2 {
			continue
		}
		key, isText := row[0].Any().(string)
		if n, isInt := row[1].Any().(int64); isText && isInt {
			meta[key] = n
		}
	}
	return meta
}
