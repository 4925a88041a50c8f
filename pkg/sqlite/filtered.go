package sqlite

import (
	"context"
	"database/sql"
	"errors"
	"io"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// Kept returns what there is as the text of a content.
func (s *Store) Kept(ctx context.Context, hash kb.Hash, extension string) (kept ingest.Kept, err error) {
	err = s.apart(ctx, func(r *session) error {
		kept, err = r.kept(hash, extension)
		return err
	})
	return kept, err
}

// kept returns what there is as the text of a content. No row that waits is of a
// content that either is known of.
func (s *session) kept(hash kb.Hash, extension string) (kept ingest.Kept, err error) {
	var text []byte
	var class, code, message sql.NullString
	_, err = s.rowNow(`
		SELECT t.sha256, coalesce(f.command, ''), n.class, n.code, n.message
		FROM blob b
		LEFT JOIN filtered f ON f.blob = b.id AND f.extension = +?1
		LEFT JOIN blob t ON t.id = f.text
		LEFT JOIN textless n ON n.blob = b.id AND n.extension = +?1
		WHERE b.sha256 = +?2`, []any{extension, hash[:]}, &text, &kept.Command, &class, &code, &message)
	if text != nil {
		kept.Filtered = new(kb.Hash)
		copy(kept.Filtered[:], text)
	}
	if code.Valid {
		kept.Fault = &kb.Fault{Class: kb.Class(class.String), Code: kb.Code(code.String), Err: errors.New(message.String)}
	}
	return kept, err
}

// ReadText writes a content, or what a filter made of it.
func (s *Store) ReadText(ctx context.Context, w io.Writer, hash kb.Hash, extension string) (filtered bool, err error) {
	err = s.apart(ctx, func(r *session) error {
		reader := Reader{session: r, blobs: newBlobReader(r)}
		defer reader.blobs.Close()
		filtered, err = reader.ReadText(ctx, w, hash, extension)
		return err
	})
	if errors.Is(err, ErrDamaged) && !ofStore(err) { // but for this content, the file can be read
		err = &kb.Fault{Class: kb.Processing, Code: kb.Corrupt, Err: err}
	}
	return filtered, err
}

// Kept returns what there is as the text of a content. Most knowledge bases have
// text from all contents as it stands, and then nothing is asked of each.
func (t *tx) Kept(hash kb.Hash, extension string) (kept ingest.Kept, err error) {
	if t.kepts == nil {
		some := false
		if _, err := t.rowNow("SELECT EXISTS (SELECT 1 FROM filtered) OR EXISTS (SELECT 1 FROM textless)", nil, &some); err != nil {
			return kept, err
		}
		t.kepts = &some
	}
	if !*t.kepts || t.isNew(hash) {
		return kept, nil
	}
	return t.kept(hash, extension)
}

// isNew reports whether a content was stored by this transaction, and nothing has been
// said of its text.
func (t *tx) isNew(hash kb.Hash) bool {
	blob, stored := t.held[hash]
	return stored && t.firstBlob > 0 && blob.id >= t.firstBlob && !t.textSaid[blob.id]
}

// Held reports whether a version has a content under the extension.
func (s *Store) Held(ctx context.Context, hash kb.Hash, extension string) (held bool, err error) {
	err = s.apart(ctx, func(r *session) error {
		var blob int64
		stored, err := r.rowNow("SELECT id FROM blob WHERE sha256 = ?", []any{hash[:]}, &blob)
		if stored {
			held, err = r.heldBefore(blob, extension, kb.Forever)
		}
		return err
	})
	return held, err
}

// HeldBefore reports whether a version from before this transaction has a content
// under the extension.
func (t *tx) HeldBefore(hash kb.Hash, extension string) (bool, error) {
	blob, stored := t.held[hash]
	if !stored {
		var err error
		if stored, err = t.rowNow("SELECT id FROM blob WHERE sha256 = ?", []any{hash[:]}, &blob.id); err != nil {
			return false, err
		}
	}
	if !stored || t.firstBlob > 0 && blob.id >= t.firstBlob {
		return false, nil
	}
	return t.heldBefore(blob.id, extension, t.now)
}

// heldBefore reports whether a version that was recorded before a moment has a content
// under the extension. There is no way from a content to its versions but through
// all of them.
func (s *session) heldBefore(blob int64, extension string, now kb.Instant) (held bool, err error) {
	err = s.eachNow(`
		SELECT p.name FROM version v CROSS JOIN path p ON p.id = v.path
		WHERE v.blob = ? AND v.recorded_at < ?`, []any{blob, now}, func(rows *sql.Rows) error {
		var name []byte
		if err := rows.Scan(&name); err != nil {
			return err
		}
		if held = extract.Extension(string(name)) == extension; held {
			return errStop
		}
		return nil
	})
	return held, untilStop(err)
}

// saysOfText keeps that something is said of the text of a content.
func (t *tx) saysOfText(blob int64) {
	t.kepts = nil // it may have been false
	if t.textSaid == nil {
		t.textSaid = make(map[int64]bool)
	}
	t.textSaid[blob] = true
}

// AddFiltered keeps the text that a filter made of a content.
func (t *tx) AddFiltered(f *ingest.Filtered) error {
	blob, err := t.blob(f.SHA256, nil)
	if err != nil {
		return err
	}
	text, err := t.blob(f.Text.SHA256, f.Text)
	if err != nil {
		return err
	}
	t.saysOfText(blob)
	_, err = t.exec(`
		INSERT INTO filtered (blob, extension, text, command) VALUES (?, ?, ?, ?)
		ON CONFLICT (blob, extension) DO UPDATE SET text = excluded.text, command = excluded.command`,
		blob, f.Extension, text, f.Command)
	return err
}

// AddTextless records that no text could be had from a content.
func (t *tx) AddTextless(tl *ingest.Textless) error {
	blob, err := t.blob(tl.SHA256, nil)
	if err != nil {
		return err
	}
	some := true
	t.textless = &some
	t.saysOfText(blob)
	_, err = t.exec(`
		INSERT INTO textless (blob, extension, run, class, code, message) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (blob, extension) DO UPDATE SET run = excluded.run,
			class = excluded.class, code = excluded.code, message = excluded.message`,
		blob, tl.Extension, tl.Run, string(tl.Fault.Class), string(tl.Fault.Code), tl.Fault.Error())
	return err
}

// ClearTextless drops what AddTextless recorded. Most knowledge bases have text
// from all contents, and then nothing is asked of each.
func (t *tx) ClearTextless(hash kb.Hash, extension string) error {
	if t.textless == nil {
		some := false
		if _, err := t.row("SELECT EXISTS (SELECT 1 FROM textless)", nil, &some); err != nil {
			return err
		}
		t.textless = &some
	}
	if !*t.textless || t.isNew(hash) {
		return nil
	}
	_, err := t.exec("DELETE FROM textless WHERE blob = (SELECT id FROM blob WHERE sha256 = ?) AND extension = ?", hash[:], extension)
	return err
}
