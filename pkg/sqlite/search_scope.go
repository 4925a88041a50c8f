package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"io"
	"strings"

	"github.com/RoaringBitmap/roaring/v2/roaring64"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// PathsUnder returns a test for paths under any of the prefixes, or nil for all.
func (r *Reader) PathsUnder(_ context.Context, prefixes []string) (func(int64) bool, error) {
	set := roaring64.New()
	for _, prefix := range prefixes {
		if prefix == "" {
			return nil, nil
		}
		for _, part := range under(prefix) {
			err := r.each("SELECT p.id FROM path p WHERE "+part.condition, part.args, func(rows *sql.Rows) error {
				var id uint64
				err := rows.Scan(&id)
				set.Add(id)
				return err
			})
			if err != nil {
				return nil, err
			}
		}
	}
	if len(prefixes) == 0 {
		return nil, nil
	}
	return func(path int64) bool { return set.Contains(uint64(path)) }, nil
}

// PathNames returns the names of paths.
func (r *Reader) PathNames(_ context.Context, ids []int64) (map[int64]string, error) {
	list, err := json.Marshal(ids)
	if err != nil {
		return nil, err
	}
	names := make(map[int64]string, len(ids))
	err = r.each("SELECT id, name FROM path WHERE id IN (SELECT value FROM json_each(?))", []any{string(list)}, func(rows *sql.Rows) error {
		var id int64
		var name []byte
		err := rows.Scan(&id, &name)
		names[id] = string(name)
		return err
	})
	return names, err
}

// PassagesOf returns the passages in scope with one of the texts.
func (r *Reader) PassagesOf(ctx context.Context, texts []int64, scope asof.Scope) ([]asof.Place, error) {
	list, err := json.Marshal(texts)
	if err != nil {
		return nil, err
	}
	var places []asof.Place
	err = r.each(`
		SELECT p.id, p.text, p.path
		FROM json_each(?) t CROSS JOIN passage p ON p.text = t.value AND p.valid_from <= +? AND p.valid_to > +?`,
		[]any{string(list), scope.At, scope.At}, func(rows *sql.Rows) error {
			var p asof.Place
			if err := rows.Scan(&p.Passage, &p.Text, &p.Path); err != nil {
				return err
			}
			if scope.Paths == nil || scope.Paths(p.Path) {
				places = append(places, p)
			}
			return nil
		})
	if err != nil {
		return nil, err
	}
	return places, ctx.Err()
}

// CountWaiting returns how many passages in scope still wait for a vector.
func (r *Reader) CountWaiting(_ context.Context, scope asof.Scope) (count int64, err error) {
	err = r.each(`
		SELECT p.path, count(*)
		FROM text t CROSS JOIN passage p ON p.text = t.id AND p.valid_from <= +? AND p.valid_to > +?
		WHERE t.embedding = 0 GROUP BY p.path`,
		[]any{scope.At, scope.At}, func(rows *sql.Rows) error {
			var path, n int64
			err := rows.Scan(&path, &n)
			if scope.Paths == nil || scope.Paths(path) {
				count += n
			}
			return err
		})
	return count, err
}

// Passage returns what a passage is and whether its text stands in its
// document at now.
func (r *Reader) Passage(_ context.Context, place asof.Place, now kb.Instant) (asof.Passage, error) {
	var s asof.Passage
	var name []byte
	var heading string
	found, err := r.row(`
		SELECT n.name, t.heading, t.body, coalesce(p.valid_from, 0), coalesce(p.valid_to, 0), EXISTS (
			SELECT 1 FROM passage o
			WHERE o.path = n.id AND o.text = t.id AND o.valid_from <= +?1 AND o.valid_to > +?1)
		FROM path n CROSS JOIN text t LEFT JOIN passage p ON p.id = +?2
		WHERE n.id = +?3 AND t.id = +?4`,
		[]any{now, place.Passage, place.Path, place.Text}, &name, &heading, &s.Body, &s.From, &s.To, &s.Now)
	if err == nil && !found {
		err = ErrDamaged // what was found by a snapshot is in it
	}
	s.Path, s.Heading = string(name), headingsOf(heading)
	return s, err
}

// headingsOf returns a path of headings that is stored one a line.
func headingsOf(heading string) []string {
	if heading == "" {
		return nil
	}
	return strings.Split(heading, "\n")
}

// HasContent reports whether there is a content with the given hash.
func (r *Reader) HasContent(_ context.Context, hash kb.Hash) (found bool, err error) {
	_, err = r.row("SELECT EXISTS (SELECT 1 FROM blob WHERE sha256 = ?)", []any{hash[:]}, &found)
	return found, err
}

// IsReplacedText reports whether there is a content with the given hash that no version
// holds. There is no way from a content to its versions but through all of them.
func (r *Reader) IsReplacedText(_ context.Context, hash kb.Hash) (replaced bool, err error) {
	_, err = r.row(`
		SELECT EXISTS (SELECT 1 FROM blob b WHERE b.sha256 = ? AND NOT EXISTS (SELECT 1 FROM version WHERE blob = b.id))`,
		[]any{hash[:]}, &replaced)
	return replaced, err
}

// WithoutText reports whether no text could be had from a content.
func (r *Reader) WithoutText(_ context.Context, hash kb.Hash, extension string) (none bool, err error) {
	if has, err := r.hasIndex(); !has || err != nil {
		return false, err
	}
	_, err = r.row("SELECT EXISTS (SELECT 1 FROM textless WHERE blob = (SELECT id FROM blob WHERE sha256 = ?) AND extension = ?)",
		[]any{hash[:], extension}, &none)
	return none, err
}

// FilteredText returns the hash of what a filter made of a content.
func (r *Reader) FilteredText(_ context.Context, hash kb.Hash, extension string) (*kb.Hash, error) {
	if has, err := r.hasIndex(); !has || err != nil {
		return nil, err // the file is from before there were filters
	}
	kept, err := r.kept(hash, extension)
	return kept.Filtered, err
}

// ReadText writes a content, or what a filter made of it.
func (r *Reader) ReadText(ctx context.Context, w io.Writer, hash kb.Hash, extension string) (filtered bool, err error) {
	text, err := r.FilteredText(ctx, hash, extension)
	switch {
	case err != nil:
		return false, err
	case text != nil:
		return true, r.WriteContent(ctx, w, *text)
	}
	return false, r.WriteContent(ctx, w, hash)
}
