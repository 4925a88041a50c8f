package sqlite

import (
	"context"
	"database/sql"
	"fmt"
	"io"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite/rows"
)

// maxDepth is how many contents are read, at most, before one that is kept as a
// delta. The longer such a chain is, the less room versions take, and the longer
// it takes to read the last: at 32, a history takes 9 % more than in chains of
// any length.
const maxDepth = 32

// heldBlob is a content that is stored, as far as others are made from it.
type heldBlob struct {
	id    int64
	depth int64 // maxDepth for one that was lost: it is no base
}

// LookForContents prepares for AddVersion.
func (t *tx) LookForContents(hashes []kb.Hash) error {
	if len(hashes) == 0 {
		return nil
	}
	var all, parameters rows.Values
	for i := range hashes {
		t.fresh[hashes[i]] = true
		all.Blob(hashes[i][:])
	}
	const stored = "SELECT h.key FROM each_value(?) h CROSS JOIN blob b ON b.sha256 = h.value"
	return t.ask(stored, parameters.Blob(all.Bytes()), func(a *rows.Answer) error {
		delete(t.fresh, hashes[a.Int()])
		return nil
	})
}

// blob returns the id of a content and stores it if it is not there.
func (t *tx) blob(hash kb.Hash, c *content.Content) (int64, error) {
	held, ok := t.held[hash]
	if ok && held.depth < maxDepth { // it is there, or waits to be
		return held.id, nil
	}
	var id int64
	var found, lost bool
	var err error
	if !t.fresh[hash] {
		// One that is as deep as may be, or was lost, may wait too.
		found, err = t.rowIf(ok)("SELECT id, "+lostContent+" FROM blob WHERE sha256 = ?", []any{hash[:]}, &id, &lost)
	}
	if err != nil || found && (!lost || c == nil) {
		return id, err
	}
	if c == nil {
		return 0, kb.NewFault(kb.Processing, kb.Corrupt, "content %s is neither given nor stored", hash)
	}
	base, depth, err := t.baseOf(c)
	if err != nil {
		return 0, err
	}
	parts := c.Parts
	if c.Delta != nil {
		parts = []content.Part{c.Delta.Part}
	}
	first, err := t.next("part", len(parts))
	if err != nil {
		return 0, err
	}
	if lost {
		err = t.bringBack(id, c.Size, first, len(parts), depth)
	} else {
		id, err = t.insertBlob(hash, c.Size, first, len(parts), depth)
	}
	if err != nil {
		return 0, err
	}
	for i, part := range parts {
		row, err := t.later(partRows)
		if err != nil {
			return 0, err
		}
		row.Int(first + int64(i)).Int(id).Int(int64(i)).Int(int64(part.Codec)).NullInt(base).Blob(part.Data)
	}
	t.held[hash] = heldBlob{id, depth}
	delete(t.fresh, hash)
	return id, nil
}

func (t *tx) insertBlob(hash kb.Hash, size, first int64, parts int, depth int64) (int64, error) {
	id, err := t.next("blob", 1)
	if err != nil {
		return 0, err
	}
	if t.firstBlob == 0 {
		t.firstBlob = id
	}
	row, err := t.later(blobRows)
	if err != nil {
		return 0, err
	}
	row.Int(id).Blob(hash[:]).Int(size).Int(first).Int(int64(parts)).Int(depth)
	return id, nil
}

// lostContent tells contents that a recovery could not bring back: they have no
// parts, while those of an empty content would begin with 1 at least.
const lostContent = "first_part = 0 AND parts = 0"

// bringBack makes room for a content that a recovery could not bring back, and
// that has come again. The index does not know the versions that had it before.
func (t *tx) bringBack(id, size, first int64, parts int, depth int64) error {
	_, err := t.exec("UPDATE blob SET size = ?, first_part = ?, parts = ?, depth = ? WHERE id = ?", size, first, parts, depth, id)
	if err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO meta (key, value) VALUES ('index_behind', 1) ON CONFLICT DO NOTHING")
	return err
}

// baseOf returns the base of a content that is given as a delta, and the depth
// that it then has. Where the base is not stored or has the greatest depth, the
// content is made to stand by itself.
func (t *tx) baseOf(c *content.Content) (base sql.NullInt64, depth int64, err error) {
	if c.Delta == nil {
		return base, 0, nil
	}
	held, found := t.held[c.Delta.Base]
	if !found {
		found, err = t.rowNow("SELECT id, depth FROM blob WHERE sha256 = ? AND NOT ("+lostContent+")", []any{c.Delta.Base[:]}, &held.id, &held.depth)
		if err != nil {
			return base, 0, err
		}
	}
	if found && held.depth < maxDepth {
		return sql.NullInt64{Int64: held.id, Valid: true}, held.depth + 1, nil
	}
	t.enc.Whole(c)
	return sql.NullInt64{}, 0, nil
}

// blobReader reads contents.
type blobReader struct {
	*session
	dec    *content.Decoder
	plain  []byte
	before []byte // the content that plain is a delta from
}

func newBlobReader(s *session) *blobReader { return &blobReader{session: s, dec: content.NewDecoder()} }

// Close gives back what decoding takes; the session stays open.
func (b *blobReader) Close() { b.dec.Close() }

// write writes the content with the given hash to w, and fails unless what the
// file holds has that hash.
func (b *blobReader) write(ctx context.Context, w io.Writer, hash kb.Hash) error {
	var size, first, parts, depth int64
	found, err := b.row("SELECT size, first_part, parts, depth FROM blob WHERE sha256 = ?", []any{hash[:]}, &size, &first, &parts, &depth)
	if err != nil {
		return err
	}
	if !found {
		return fmt.Errorf("content %s: %w: it is not there", hash, ErrDamaged)
	}
	if first == 0 && parts == 0 {
		return fmt.Errorf("content %s: %w: it was lost before the file was recovered", hash, ErrDamaged)
	}
	check := content.NewVerifier(&atMost{w, size, hash})
	if err := b.writeParts(ctx, check, hash, first, parts, depth > 0); err != nil {
		return err
	}
	if got := check.Sum(); got != hash {
		return fmt.Errorf("content %s: %w: what it holds has the hash %s", hash, ErrDamaged, got)
	}
	return nil
}

// atMost passes on as many bytes as a content should have: a small file may be
// made to hold more than any disk.
type atMost struct {
	w    io.Writer
	left int64
	hash kb.Hash
}

func (a *atMost) Write(p []byte) (int, error) {
	if a.left -= int64(len(p)); a.left < 0 {
		return 0, fmt.Errorf("content %s: %w: it is longer than it should be", a.hash, ErrDamaged)
	}
	return a.w.Write(p)
}

// writeParts writes a content by its parts, whatever hash it then has.
func (b *blobReader) writeParts(ctx context.Context, w io.Writer, hash kb.Hash, first, parts int64, isDelta bool) error {
	if !isDelta {
		return b.parts(ctx, w, hash, first, parts)
	}
	if err := b.chain(first); err != nil {
		return fmt.Errorf("content %s: %w", hash, err)
	}
	_, err := w.Write(b.plain)
	return err
}

// parts writes a content that stands by itself, part by part.
func (b *blobReader) parts(ctx context.Context, w io.Writer, hash kb.Hash, first, parts int64) error {
	return b.each("SELECT codec, data FROM part WHERE id >= ? AND id < ? ORDER BY id", []any{first, first + parts},
		func(rows *sql.Rows) error {
			var part content.Part
			var raw sql.RawBytes
			err := rows.Scan(&part.Codec, &raw)
			if err != nil {
				return err
			}
			part.Data = raw
			if part.Codec.HasBase() {
				return fmt.Errorf("content %s: %w: a delta where none may be", hash, ErrDamaged)
			}
			if b.plain, err = b.dec.Decode(b.plain[:0], nil, part); err != nil {
				return fmt.Errorf("content %s: %w: %w", hash, ErrDamaged, err)
			}
			if _, err := w.Write(b.plain); err != nil {
				return err
			}
			return ctx.Err()
		})
}

// chain puts into b.plain what the part with the given id is a delta to, after
// reading all that come before.
func (b *blobReader) chain(id int64) error {
	var deltas []content.Part // the last first
	for {
		var part content.Part
		var next sql.NullInt64
		found, err := b.row(`
			SELECT p.codec, p.data, b.first_part
			FROM part p LEFT JOIN blob b ON b.id = p.base WHERE p.id = +?`, []any{id}, &part.Codec, &part.Data, &next)
		switch {
		case err != nil:
			return err
		case !found, part.Codec.HasBase() != next.Valid, len(deltas) > maxDepth:
			return fmt.Errorf("%w: it is a delta from what is not there", ErrDamaged)
		}
		deltas = append(deltas, part)
		if !next.Valid {
			break
		}
		id = next.Int64
	}
	b.plain = b.plain[:0]
	for i := len(deltas) - 1; i >= 0; i-- {
		b.before, b.plain = b.plain, b.before[:0]
		var err error
		if b.plain, err = b.dec.Decode(b.plain, b.before, deltas[i]); err != nil {
			return fmt.Errorf("%w: %w", ErrDamaged, err)
		}
	}
	return nil
}
