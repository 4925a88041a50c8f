package sqlite

import (
	"bytes"
	"context"
	"database/sql"
	"errors"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// doomed are the versions under a prefix that are not needed to answer from
// :before on: those that are beaten at that moment. One of the same valid time and
// seq as the one that beats them stays, or it would be taken for a correction if
// it came again.
func doomed(prefix string) (query string, args []any) {
	condition := "true"
	for i, part := range under(prefix) {
		if i == 0 {
			condition = part.condition
		} else {
			condition += " OR " + part.condition
		}
		args = append(args, part.args...)
	}
	return `
		SELECT v.id, v.path, v.blob
		FROM path p
		JOIN version k ON k.id = ` + latest("valid_from <= :before") + `
		JOIN version v ON v.path = p.id AND (v.valid_from, v.seq) < (k.valid_from, k.seq)
		WHERE ` + condition, args
}

// Forgettable returns what Forget would drop.
func (r *Reader) Forgettable(_ context.Context, what ingest.Forgetting) (ingest.Forgotten, error) {
	f := ingest.Forgotten{Forgetting: what}
	query, args := doomed(what.Prefix)
	_, err := r.row(`
		WITH doomed (id, path, blob) AS MATERIALIZED (`+query+`),
		held (blob) AS MATERIALIZED (SELECT blob FROM version WHERE blob IS NOT NULL AND id NOT IN (SELECT id FROM doomed)),
		needed (blob) AS MATERIALIZED (SELECT blob FROM held UNION SELECT text FROM filtered WHERE blob IN held)
		SELECT (SELECT count(*) FROM doomed), count(*), coalesce(sum(size), 0) FROM blob WHERE id NOT IN needed`,
		append(args, sql.Named("before", what.Before)), &f.Versions, &f.Contents, &f.Bytes)
	return f, err
}

// Forgotten returns what was forgotten and is missing under a prefix at a point.
func (r *Reader) Forgotten(_ context.Context, prefix string, at kb.Point) (*asof.Forgotten, error) {
	if before, err := r.beforeAll(at.Known); err != nil || before {
		return nil, err
	}
	var found *asof.Forgotten
	// At a step of a moment, what came in a later step may have had the earlier one
	// forgotten.
	bound := at.Valid
	if at.Seq != nil {
		bound--
	}
	err := r.each("SELECT prefix, before FROM forgotten WHERE before > ? ORDER BY before DESC, length(prefix)", []any{bound}, func(rows *sql.Rows) error {
		var name []byte
		var f asof.Forgotten
		if err := rows.Scan(&name, &f.Before); err != nil {
			return err
		}
		if f.Prefix = string(name); kb.Under(f.Prefix, prefix) || kb.Under(prefix, f.Prefix) {
			found = &f
			return errStop
		}
		return nil
	})
	if err = untilStop(err); err != nil || found != nil || at.Known == kb.Forever {
		return found, err
	}
	return r.forgottenKnowledge(prefix, at)
}

// beforeAll reports whether nothing had been recorded by a recorded time, so that
// nothing that was forgotten was known then either.
func (r *Reader) beforeAll(known kb.Instant) (before bool, err error) {
	if known == kb.Forever {
		return false, nil
	}
	// A clock may have been set back after the file was made, and a recovered one may lack the first chunks.
	_, err = r.row(`
		SELECT coalesce(?1 < (SELECT value FROM meta WHERE key = 'created_at')
			AND ?1 < (SELECT committed_at FROM run_chunk ORDER BY id LIMIT 1), 0)`, []any{known}, &before)
	return before, err
}

// forgottenKnowledge finds a document of which versions were dropped, and of which
// none is left that was known at a point: one of those may have been believed.
func (r *Reader) forgottenKnowledge(prefix string, at kb.Point) (*asof.Forgotten, error) {
	for _, part := range under(prefix) {
		var name []byte
		f := asof.Forgotten{Known: true}
		found, err := r.row(`
			SELECT p.name, p.forgotten FROM path p
			WHERE p.forgotten IS NOT NULL AND `+part.condition+` AND NOT EXISTS (
				SELECT 1 FROM version WHERE path = p.id AND valid_from <= :valid AND recorded_at <= :known)
			ORDER BY p.forgotten DESC LIMIT 1`,
			append(part.args, sql.Named("valid", at.Valid), sql.Named("known", at.Known)), &name, &f.Before)
		if err != nil || found {
			f.Prefix = string(name)
			return &f, err
		}
	}
	return nil, nil
}

// Forget drops the versions under a prefix that are not needed to answer from a
// moment on, and with them the contents, passages and vectors that nothing else
// needs. Vacuum then gives the space back.
func (s *Store) Forget(ctx context.Context, what ingest.Forgetting) (f ingest.Forgotten, err error) {
	// For each content that goes, SQLite would look through all versions and parts
	// for one that refers to it. Nothing does: that is why it goes. And pages that
	// are free from then on are overwritten: until Vacuum has taken them away, which
	// a full disk may prevent, a recovery would find in them what was forgotten.
	if _, err := s.write.conn.ExecContext(ctx, "PRAGMA foreign_keys = OFF; PRAGMA secure_delete = ON"); err != nil {
		return f, fault(err)
	}
	defer func() {
		_, on := s.write.conn.ExecContext(context.WithoutCancel(ctx), "PRAGMA foreign_keys = ON; PRAGMA secure_delete = OFF")
		err = errors.Join(err, fault(on))
	}()
	err = s.Update(ctx, func(open ingest.Tx) error {
		t := open.(*tx)
		if f, err = t.forgetVersions(what); err != nil {
			return err
		}
		if f.Versions > 0 {
			if err := t.forgetContents(ctx, &f); err != nil {
				return err
			}
			// What is derived is recovered from nowhere.
			if err := t.script(ctx, "PRAGMA secure_delete = OFF"); err != nil {
				return err
			}
			if err := t.rebuildIndex(ctx); err != nil {
				return err
			}
		}
		return t.AddChunk(ingest.ChunkResult{Run: what.Run})
	})
	return f, err
}

// script runs statements that take no parameters.
func (t *tx) script(ctx context.Context, statements ...string) error {
	for _, statement := range statements {
		if err := ctx.Err(); err != nil {
			return err
		}
		if _, err := t.conn.ExecContext(context.Background(), statement); err != nil {
			return fault(err)
		}
	}
	return nil
}

// forgetVersions drops versions, and keeps that it did.
func (t *tx) forgetVersions(what ingest.Forgetting) (f ingest.Forgotten, err error) {
	f.Forgetting = what
	_, err = t.exec("INSERT INTO forgotten (prefix, before, recorded_at, run) VALUES (?, ?, ?, ?)",
		[]byte(what.Prefix), what.Before, t.now, what.Run)
	if err != nil {
		return f, err
	}
	if err := t.script(context.Background(), "CREATE TEMP TABLE doomed (id INTEGER PRIMARY KEY, path INTEGER, blob INTEGER)"); err != nil {
		return f, err
	}
	query, args := doomed(what.Prefix)
	if _, err := t.exec("INSERT INTO doomed "+query, append(args, sql.Named("before", what.Before))...); err != nil {
		return f, err
	}
	_, err = t.exec("UPDATE path SET forgotten = max(coalesce(forgotten, ?1), ?1) WHERE id IN (SELECT path FROM doomed)", what.Before)
	if err != nil {
		return f, err
	}
	res, err := t.exec("DELETE FROM version WHERE id IN (SELECT id FROM doomed)")
	if err != nil {
		return f, err
	}
	if f.Versions, err = res.RowsAffected(); err != nil {
		return f, err
	}
	return f, t.script(context.Background(), "DROP TABLE doomed")
}

// forgetContents drops the contents that no version needs.
func (t *tx) forgetContents(ctx context.Context, f *ingest.Forgotten) error {
	err := t.script(ctx,
		"DELETE FROM filtered WHERE blob NOT IN (SELECT blob FROM version WHERE blob IS NOT NULL)",
		`CREATE TEMP TABLE needed AS
			SELECT blob FROM version WHERE blob IS NOT NULL UNION SELECT text FROM filtered`,
		"CREATE UNIQUE INDEX temp.needed_blob ON needed (blob)")
	if err != nil {
		return err
	}
	if err := t.freeFromBases(ctx); err != nil {
		return err
	}
	_, err = t.row("SELECT count(*), coalesce(sum(size), 0) FROM blob WHERE id NOT IN (SELECT blob FROM needed)", nil, &f.Contents, &f.Bytes)
	if err != nil {
		return err
	}
	return t.script(ctx,
		"DELETE FROM textless WHERE blob NOT IN (SELECT blob FROM needed)",
		"UPDATE seen SET blob = NULL WHERE blob NOT IN (SELECT blob FROM needed)",
		"DELETE FROM part WHERE blob NOT IN (SELECT blob FROM needed)",
		"DELETE FROM blob WHERE id NOT IN (SELECT blob FROM needed)",
		"DROP TABLE needed")
}

// freeFromBases makes contents stand by themselves that are deltas from what
// goes, and puts right the depths of those that are deltas from them.
func (t *tx) freeFromBases(ctx context.Context) error {
	blobs := newBlobReader(t.session)
	defer blobs.Close()
	err := t.each(`
		SELECT b.id, b.sha256, b.first_part
		FROM needed n CROSS JOIN blob b ON b.id = n.blob CROSS JOIN part p ON p.id = b.first_part
		WHERE b.depth > 0 AND p.base NOT IN (SELECT blob FROM needed)`, nil, func(rows *sql.Rows) error {
		var id, part int64
		var raw sql.RawBytes
		if err := rows.Scan(&id, &raw, &part); err != nil {
			return err
		}
		var hash kb.Hash
		copy(hash[:], raw)
		var plain bytes.Buffer
		if err := blobs.write(ctx, &plain, hash); err != nil {
			return err
		}
		whole := t.enc.EncodeAfter(content.Base{}, hash, plain.Bytes())
		_, err := t.exec("UPDATE part SET codec = ?, base = NULL, data = ? WHERE id = ?", whole.Parts[0].Codec, whole.Parts[0].Data, part)
		if err != nil {
			return err
		}
		_, err = t.exec("UPDATE blob SET depth = 0 WHERE id = ?", id)
		return err
	})
	for changed := int64(1); err == nil && changed > 0; {
		var res sql.Result
		res, err = t.exec(`
			UPDATE blob SET depth = b.depth + 1
			FROM part p JOIN blob b ON b.id = p.base
			WHERE blob.depth > 0 AND p.id = blob.first_part AND blob.depth <> b.depth + 1`)
		if err == nil {
			changed, err = res.RowsAffected()
		}
	}
	return err
}

// rebuildIndex makes the index of what is left of it anew, with the vectors that
// are there, so that nothing in it says what was forgotten.
func (t *tx) rebuildIndex(ctx context.Context) error {
	state, err := t.index()
	if err != nil || !state.Recorded {
		return err
	}
	err = t.script(ctx,
		// A passage stands in a document since its first version, at the earliest.
		`CREATE TABLE kept_passage AS
			SELECT path, text, max(valid_from, since) AS valid_from, valid_to
			FROM (SELECT *, (SELECT min(valid_from) FROM version WHERE path = passage.path) AS since FROM passage)
			WHERE valid_to > max(valid_from, since)`,
		`CREATE TABLE kept_text AS
			SELECT t.id, t.key, t.heading, t.body, t.embedding, v.data
			FROM text t LEFT JOIN vector v ON v.text = t.id
			WHERE t.id IN (SELECT text FROM kept_passage) ORDER BY t.id`,
		"CREATE TABLE kept_textless AS SELECT * FROM textless")
	if err != nil {
		return err
	}
	if err := t.DropIndex(); err != nil {
		return err
	}
	if err := t.restoreTexts(ctx); err != nil {
		return err
	}
	err = t.script(ctx,
		"INSERT INTO textless SELECT * FROM kept_textless",
		"DROP TABLE kept_passage", "DROP TABLE kept_text", "DROP TABLE kept_textless")
	if err == nil && state.Behind {
		_, err = t.exec("INSERT INTO meta (key, value) VALUES ('index_behind', 1)")
	}
	return err
}

// restoreTexts fills the index from the tables that rebuildIndex makes.
func (t *tx) restoreTexts(ctx context.Context) error {
	err := t.each("SELECT key, heading, body, embedding, data FROM kept_text", nil, func(rows *sql.Rows) error {
		var text ingest.Text
		var key, vector sql.RawBytes
		var heading string
		var embedding int
		if err := rows.Scan(&key, &heading, &text.Body, &embedding, &vector); err != nil {
			return err
		}
		copy(text.Key[:], key)
		text.Heading = headingsOf(heading)
		text.NoVector = embedding == withoutVector
		for _, x := range vector {
			text.Vector = append(text.Vector, int8(x))
		}
		if err := t.AddTexts([]*ingest.Text{&text}); err != nil {
			return err
		}
		return ctx.Err()
	})
	if err != nil {
		return err
	}
	return t.each(`
		SELECT p.path, t.key, p.valid_from, p.valid_to
		FROM kept_passage p JOIN kept_text t ON t.id = p.text ORDER BY p.rowid`, nil, func(rows *sql.Rows) error {
		var path int64
		var i ingest.Interval
		var key sql.RawBytes
		if err := rows.Scan(&path, &key, &i.From, &i.To); err != nil {
			return err
		}
		copy(i.Key[:], key)
		if err := t.PutInterval(path, i); err != nil {
			return err
		}
		return ctx.Err()
	})
}

// beginning is where what is remembered begins of the path with the condition.
const beginning = `
	SELECT v.valid_from, v.seq
	FROM path p JOIN version v ON v.id = (SELECT id FROM version WHERE path = p.id ORDER BY valid_from, seq, id LIMIT 1)
	WHERE p.forgotten IS NOT NULL AND `

func (s *session) beginning(condition string, arg any) (*ingest.Beginning, error) {
	var b ingest.Beginning
	found, err := s.row(beginning+condition, []any{arg}, &b.From, &b.Seq)
	if err != nil || !found {
		return nil, err
	}
	return &b, nil
}

// forgetful reports whether any version was ever forgotten.
func (s *session) forgetful() (is bool, err error) {
	_, err = s.row("SELECT EXISTS (SELECT 1 FROM path WHERE forgotten IS NOT NULL)", nil, &is)
	return is, err
}

// MemoryBegins returns where what is remembered of a path begins; nil unless some
// of its versions were forgotten.
func (r *Reader) MemoryBegins(_ context.Context, path string) (*ingest.Beginning, error) {
	return r.beginning("p.name = ?", []byte(path))
}

// MemoryBegins returns where what is remembered of paths begins.
func (s *Store) MemoryBegins(ctx context.Context, paths []string) ([]*ingest.Beginning, error) {
	begins := make([]*ingest.Beginning, len(paths))
	err := s.apart(ctx, func(r *session) error {
		if some, err := r.forgetful(); err != nil || !some {
			return err
		}
		for i, path := range paths {
			var err error
			if begins[i], err = r.beginning("p.name = ?", []byte(path)); err != nil {
				return err
			}
		}
		return ctx.Err()
	})
	return begins, err
}

// MemoryBegins returns where what is remembered of a path begins. In most
// knowledge bases nothing was forgotten, and then nothing is asked of each.
func (t *tx) MemoryBegins(path int64) (*ingest.Beginning, error) {
	if t.forgets == nil {
		some, err := t.forgetful()
		if err != nil {
			return nil, err
		}
		t.forgets = &some
	}
	if !*t.forgets {
		return nil, nil
	}
	return t.beginning("p.id = ?", path)
}

// Vacuum gives the space of what was dropped back to the file system. It needs
// as much space as the file takes twice, for a while: once in the folder for
// temporary files, and once beside the file.
func (s *Store) Vacuum(ctx context.Context) (err error) {
	// A connection of its own: the other keeps temporary data in memory.
	one, err := openSession(ctx, dsn(s.place.file, writerParams(defaultBusyTimeout)), "PRAGMA temp_store = FILE; PRAGMA cache_size = -32768;")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, one.Close()) }()
	if _, err := one.conn.ExecContext(ctx, "VACUUM"); err != nil {
		return fault(err)
	}
	// Its pages are others now, which only the stamp tells.
	if err := s.begin(ctx); err != nil {
		return err
	}
	if err := s.commit(); err != nil {
		return errors.Join(err, s.write.rollback())
	}
	s.checkpoints.wait()
	return one.truncateLog(ctx)
}
