package sqlite

import (
	"context"
	"errors"
	"io"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

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
	if !*t.textless {
		return nil
	}
	_, err := t.exec("DELETE FROM textless WHERE blob = (SELECT id FROM blob WHERE sha256 = ?) AND extension = ?", hash[:], extension)
	return err
}
