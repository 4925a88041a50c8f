package sqlite

import (
	"context"
	"database/sql"
	"errors"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
	"github.com/seed16713943/btools/pkg/sqlite/rows"
)

// Update runs fn in one transaction, as ingest.Store says.
func (s *Store) Update(ctx context.Context, fn func(ingest.Tx) error) (err error) {
	if err := ctx.Err(); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	t := &tx{
		session: s.write, ahead: s.ahead, enc: s.enc, words: s.words, texts: make(map[passage.Key]textRow), held: make(map[kb.Hash]heldBlob),
		fresh: make(map[kb.Hash]bool), last: make(map[string]int64),
	}
	defer func() {
		if err != nil {
			if t.wordsAdded { // which nobody has stored
				t.words.known.Clear()
			}
			err = errors.Join(err, s.write.rollback())
		}
	}()
	if err = s.write.checkVersion(); err != nil {
		return err
	}
	if t.now, err = s.moment(); err != nil {
		return err
	}
	var dataVersion int64
	if _, err = s.write.row("PRAGMA data_version", nil, &dataVersion); err != nil {
		return err
	}
	s.ahead.begin(dataVersion)
	defer func() { s.ahead.end(t.written) }()
	if err = fn(t); err != nil {
		return err
	}
	if err = t.finishIndex(); err != nil {
		return err
	}
	if err = s.commit(); err == nil {
		s.checkpoints.committed(s.write)
	}
	return err
}

// change runs a statement in a transaction of its own.
func (s *Store) change(ctx context.Context, query string, args ...any) (res sql.Result, err error) {
	if err := s.begin(ctx); err != nil {
		return nil, err
	}
	if res, err = s.write.exec(query, args...); err == nil {
		err = s.commit()
	}
	if err != nil {
		err = errors.Join(err, s.write.rollback())
	}
	return res, err
}

// commit ends a transaction, with its stamp.
func (s *Store) commit() error {
	if err := s.write.stamp(s.clock()); err != nil {
		return err
	}
	_, err := s.write.exec("COMMIT")
	return err
}

// rollback ends a transaction that failed. SQLite may have ended it already, as
// it does when the disk is full, and then there is nothing to undo.
func (s *session) rollback() error {
	s.dropWaiting()
	var open bool
	err := s.conn.Raw(func(conn any) error {
		open = !conn.(interface{ AutoCommit() bool }).AutoCommit()
		return nil
	})
	if err != nil || !open {
		return err
	}
	_, err = s.conn.ExecContext(context.Background(), "ROLLBACK")
	return fault(err)
}

// moment returns the recorded time of a transaction: the clock's, but later
// than that of every transaction before. It is asked under the write lock.
func (s *Store) moment() (kb.Instant, error) {
	var last kb.Instant
	_, err := s.write.row(`
		SELECT max(coalesce((SELECT recorded_at FROM version ORDER BY id DESC LIMIT 1), 0),
		           coalesce((SELECT committed_at FROM run_chunk ORDER BY id DESC LIMIT 1), 0))`, nil, &last)
	return max(kb.InstantOf(s.clock()), last+1), err
}

// tx is an open transaction; it implements ingest.Tx.
type tx struct {
	*session
	ahead *ahead
	now   kb.Instant
	enc   *content.Encoder

	looked    map[string]*ingest.PathState // see Look; nil for those that are new
	written   []int64                      // the paths of which it wrote
	held      map[kb.Hash]heldBlob         // contents of paths that were asked for or given one, by hash
	firstBlob int64                        // the first content that it stored; 0 for none
	textSaid  map[int64]bool               // contents of which it has said what their text is
	fresh     map[kb.Hash]bool             // contents that are not stored; see LookForContents
	last      map[string]int64             // the last id of each table that has been asked for

	failures *bool // whether any failure stands; nil until asked
	leftOut  *bool // whether any statement with a valid time failed or was skipped; nil until asked
	kepts    *bool // whether the text of any content is another than itself; nil until asked
	textless *bool // whether any content is known to be without text; nil until asked
	forgets  *bool // whether any version was ever forgotten; nil until asked

	texts        map[passage.Key]textRow // some of those that are there
	words        *vocabulary
	dropsKnown   bool     // words is up to date
	newWords     []string // to be stored
	wordsAdded   bool     // to words
	indexChanged bool     // passages or vectors were
	vectors      vectorWriter
}

// Now returns the transaction's recorded time.
func (t *tx) Now() kb.Instant { return t.now }

// versionColumns are those that a versionRow receives, of a version v and its blob
// b, which may be absent.
const versionColumns = `v.id, v.valid_from, v.seq, v.recorded_at, v.mode, v.mtime, v.source, b.sha256, b.size`

// versionRow receives versionColumns.
type versionRow struct {
	id, validFrom, seq, recordedAt sql.NullInt64
	mode, mtime, size              sql.NullInt64
	source                         sql.NullString
	sha256                         []byte
}

func (r *versionRow) dest() []any {
	return []any{&r.id, &r.validFrom, &r.seq, &r.recordedAt, &r.mode, &r.mtime, &r.source, &r.sha256, &r.size}
}

// take receives them from an answer.
func (r *versionRow) take(a *rows.Answer) {
	r.id, r.validFrom, r.seq, r.recordedAt, r.mode, r.mtime = a.NullInt(), a.NullInt(), a.NullInt(), a.NullInt(), a.NullInt(), a.NullInt()
	r.source.String, r.sha256, r.size = string(a.NullText()), a.NullBlob(), a.NullInt()
}

// version returns the row as a version, or nil for a row of NULLs.
func (r *versionRow) version(path string) *kb.Version {
	if !r.id.Valid {
		return nil
	}
	v := &kb.Version{
		ID: r.id.Int64, Path: path, ValidFrom: kb.Instant(r.validFrom.Int64), Seq: r.seq.Int64,
		RecordedAt: kb.Instant(r.recordedAt.Int64), Gone: !r.size.Valid,
		Size: r.size.Int64, Source: r.source.String,
	}
	copy(v.SHA256[:], r.sha256)
	if r.mode.Valid {
		mode := kb.Mode(r.mode.Int64)
		v.Mode = &mode
	}
	v.MTime = instantPtr(r.mtime)
	return v
}

func instantPtr(n sql.NullInt64) *kb.Instant {
	if !n.Valid {
		return nil
	}
	i := kb.Instant(n.Int64)
	return &i
}

// HasVersion reports whether the very same statement is there already.
func (t *tx) HasVersion(path int64, v *kb.Version) (bool, error) {
	found := false
	err := t.eachIf(t.waiting.versionsOf[path])(`
		SELECT `+versionColumns+`
		FROM version v LEFT JOIN blob b ON b.id = v.blob
		WHERE v.path = +? AND v.valid_from = +? AND v.seq = +?`,
		[]any{path, v.ValidFrom, v.Seq}, func(rows *sql.Rows) error {
			var r versionRow
			if err := rows.Scan(r.dest()...); err != nil {
				return err
			}
			found = found || r.version(v.Path).SameState(v)
			return nil
		})
	return found, err
}

// AddVersion appends a version and, where it is new, its content, and sets the
// ID of the version.
func (t *tx) AddVersion(path int64, run int64, v *kb.Version, c *content.Content) error {
	row := versionFields{
		path: path, validFrom: int64(v.ValidFrom), seq: v.Seq, recordedAt: int64(t.now), run: run,
		mode: nullInt(v.Mode), mtime: nullInt(v.MTime), source: v.Source,
	}
	var blob sql.NullInt64
	if !v.Gone {
		row.content = v.SHA256[:]
		id, err := t.blob(v.SHA256, c)
		if err != nil {
			return err
		}
		blob = sql.NullInt64{Int64: id, Valid: true}
	}
	var err error
	if v.ID, err = t.next("version", 1); err != nil {
		return err
	}
	waiting, err := t.later(versionRows)
	if err != nil {
		return err
	}
	t.waiting.versionsOf[path] = true
	t.written = append(t.written, path)
	waiting.Int(v.ID).Int(path).Int(row.validFrom).Int(v.Seq).Int(row.recordedAt).NullInt(blob).NullInt(row.mode).NullInt(row.mtime).
		Text(v.Source).Int(run).Int(row.checksum())
	return nil
}

// See keeps what a scan saw of a path.
func (t *tx) See(path int64, s ingest.Sighting) error {
	var inode sql.NullInt64 // SQLite's integers are signed; an inode keeps its bits
	if s.Inode != nil {
		inode = sql.NullInt64{Int64: int64(*s.Inode), Valid: true}
	}
	blob, err := t.seenBlob(s.SHA256)
	if err != nil {
		return err
	}
	row, err := t.later(seenRows)
	if err != nil {
		return err
	}
	t.written = append(t.written, path)
	row.Int(path).Int(s.Scan).NullInt(nullInt(s.MTime)).NullInt(nullInt(s.CTime)).NullInt(inode).NullInt(blob).NullInt(nullInt(s.StaleSince))
	return nil
}

// Miss keeps since when a path has been out of sight, unless it has been since the version
// in force began.
func (t *tx) Miss(path int64, since, begun kb.Instant) error {
	row, err := t.later(missedRows)
	if err != nil {
		return err
	}
	t.written = append(t.written, path)
	row.Int(int64(since)).Int(path).Int(int64(begun))
	return nil
}

// seenBlob returns the id of what a file held, NULL if that is not stored.
func (t *tx) seenBlob(hash *kb.Hash) (id sql.NullInt64, err error) {
	if hash == nil {
		return id, nil
	}
	if held, ok := t.held[*hash]; ok {
		return sql.NullInt64{Int64: held.id, Valid: true}, nil
	}
	id.Valid, err = t.rowNow("SELECT id FROM blob WHERE sha256 = ?", []any{hash[:]}, &id.Int64)
	return id, err
}

// next returns the id of the next row of a table, of which n more are to be stored.
func (t *tx) next(table string, n int) (int64, error) {
	last, asked := t.last[table]
	if !asked {
		if _, err := t.row("SELECT coalesce(max(id), 0) FROM "+table, nil, &last); err != nil {
			return 0, err
		}
	}
	t.last[table] = last + int64(n)
	return last + 1, nil
}
