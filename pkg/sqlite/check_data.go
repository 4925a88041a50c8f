package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"hash/maphash"
	"strings"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// sampled reports whether the next of many things is looked at.
func (k *check) sampled() bool {
	return k.opts.Data && (k.opts.Sample >= 1 || k.opts.Rand.Float64() < k.opts.Sample)
}

// step tells the progress after one of the things that CheckOptions.Data is about.
func (k *check) step() {
	if k.done++; k.opts.Progress != nil {
		k.opts.Progress(CheckProgress{k.done, max(k.done, k.sum.Contents+k.sum.Texts+k.stored), k.sum.BytesRead})
	}
}

// blobRow is a row of blob.
type blobRow struct {
	id, size int64
	sha256   kb.Hash
}

// pageRows is how many rows are read at a time where more is read for each of them.
const pageRows = 1000

// contents reads contents and compares them with their hashes and sizes.
func (k *check) contents() error {
	for after := int64(0); k.opts.Data; {
		var some []blobRow
		err := k.each("SELECT id, size, sha256 FROM blob WHERE id > ? ORDER BY id LIMIT ?", []any{after, pageRows}, func(rows *sql.Rows) error {
			var b blobRow
			var hash sql.RawBytes
			if err := rows.Scan(&b.id, &b.size, &hash); err != nil {
				return err
			}
			copy(b.sha256[:], hash)
			some = append(some, b)
			return nil
		})
		if err != nil || len(some) == 0 {
			return err
		}
		after = some[len(some)-1].id
		for _, b := range some {
			k.step()
			if k.lost[b.id] || !k.sampled() {
				continue
			}
			if err := k.content(b); err != nil {
				return err
			}
		}
	}
	return nil
}

// counter counts the bytes written to it.
type counter struct{ n int64 }

func (c *counter) Write(p []byte) (int, error) {
	c.n += int64(len(p))
	return len(p), nil
}

func (k *check) content(b blobRow) error {
	var size counter
	err := k.WriteContent(k.ctx, &size, b.sha256)
	k.sum.ContentsRead++
	k.sum.BytesRead += size.n
	f := Finding{Code: CodeContent, Damage: true, Cure: ByRecovery}
	switch {
	case errors.Is(err, ErrDamaged):
		f.Message = "its content is damaged: " + strings.TrimPrefix(err.Error(), fmt.Sprintf("content %s: %v: ", b.sha256, ErrDamaged))
	case err != nil:
		return err
	case size.n != b.size:
		f.Message = fmt.Sprintf("its content has %d bytes, but is said to have %d", size.n, b.size)
	default:
		return nil
	}
	k.lost[b.id] = true
	return k.ofContent(f, b.id, b.sha256[:])
}

// texts checks the wordings: each has its key, the words that the text index has
// of it, and its words among those that corrections stand on, as far as these are
// made by this version.
func (k *check) texts() error {
	if !k.opts.Data || !k.hasTables() {
		return nil
	}
	state, err := k.index()
	if err != nil {
		return err
	}
	known := newVocabulary()
	return k.long("SELECT id, key, heading, body, heading_words, body_words FROM text", nil, func(rows *sql.Rows) error {
		var id int64
		var key, heading, body, headingWords, bodyWords sql.RawBytes
		if err := rows.Scan(&id, &key, &heading, &body, &headingWords, &bodyWords); err != nil {
			return err
		}
		k.step()
		if !k.sampled() {
			return nil
		}
		k.sum.TextsRead++
		p := passage.Passage{Heading: headingsOf(string(heading)), Text: string(body)}
		if want := p.Key(); !bytes.Equal(key, want[:]) {
			return k.damage(CodeText, ByRepair, "text %d is not the one that its key is of", id)
		}
		if state.OtherWords {
			return nil
		}
		for _, part := range []struct{ text, words sql.RawBytes }{{heading, headingWords}, {body, bodyWords}} {
			words, differ := indexed(string(part.text))
			if differ != (part.words != nil) || differ && words != string(part.words) {
				return k.damage(CodeText, ByRepair, "the words of text %d are not those of its text", id)
			}
			if missing, err := k.missingWord(known, string(part.text)); err != nil || missing != "" {
				if err == nil {
					err = k.damage(CodeWord, ByRepair, "the word %q of text %d is not among the words", missing, id)
				}
				return err
			}
		}
		return nil
	})
}

// missingWord returns a word of a text that the table of words has not; "" if
// there is none.
func (k *check) missingWord(known *vocabulary, text string) (missing string, err error) {
	for _, word := range known.unknown(composed(text)) {
		if !known.learn(word.Hash) || !isCorrection(word.Text) {
			continue
		}
		var has bool
		_, err = k.row("SELECT EXISTS (SELECT 1 FROM word WHERE length = length(?1) AND word = ?1)", []any{word.Text}, &has)
		if err != nil || !has {
			return word.Text, err
		}
	}
	return "", nil
}

// stayKey is one stay of a passage in a document.
type stayKey struct {
	key      passage.Key
	from, to kb.Instant
}

// stays adds up stays, so that two lists of them can be compared that are in
// different orders and too long to be kept.
type stays struct {
	seed maphash.Seed
	n    int64
	sum  uint64
}

func (s *stays) add(one stayKey) {
	s.n++
	s.sum += maphash.Comparable(s.seed, one)
}

// passages splits versions again and compares the passages in force at all times
// with those that are stored. An interval ends where its passage goes, and nowhere
// else, so that the intervals have to be the very same.
func (k *check) passages() error {
	if !k.opts.Data || !k.hasTables() {
		return nil
	}
	if !k.current() {
		if k.sum.Versions == 0 {
			return nil
		}
		return k.note(CodeNoSample, ByReindex, "the passages were not compared with the versions: the index is of another version of btools, or behind")
	}
	seed := maphash.MakeSeed()
	var visited int64
	err := k.reigns(k.ctx, func(name string, reigns []ingest.Reign) error {
		k.step()
		if !k.sampled() {
			return nil
		}
		visited++
		want, judged, err := k.expected(name, reigns, seed)
		if err != nil || !judged {
			return err
		}
		got := stays{seed: seed}
		err = k.each(`
			SELECT t.key, p.valid_from, p.valid_to FROM passage p JOIN text t ON t.id = p.text
			WHERE p.path = ? AND p.valid_from <> p.valid_to`, []any{reigns[0].Path}, func(rows *sql.Rows) error {
			var one stayKey
			var key sql.RawBytes
			if err := rows.Scan(&key, &one.from, &one.to); err != nil {
				return err
			}
			copy(one.key[:], key)
			got.add(one)
			return nil
		})
		if err != nil || got == want {
			return err
		}
		return k.tell(Finding{Code: CodePassages, Damage: true, Cure: ByRepair, Path: name,
			Message: fmt.Sprintf("its passages are not those that its versions split into (%d intervals, not %d)", got.n, want.n)})
	})
	k.sum.PathsSplit = visited
	if err != nil || k.opts.Sample < 1 {
		return err
	}
	return k.ids(`
		SELECT count(*) FROM passage p WHERE valid_from <> valid_to
			AND NOT EXISTS (SELECT 1 FROM version v JOIN blob b ON b.id = v.blob WHERE v.path = p.path)`, nil, func(n int64) error {
		if n == 0 {
			return nil
		}
		return k.damage(CodePassages, ByRepair, "%d passages are of documents that never held anything", n)
	})
}

// expected adds up the stays of the passages of a path as its versions have them.
// It judges nothing where a content cannot be read, which is reported already.
func (k *check) expected(name string, reigns []ingest.Reign, seed maphash.Seed) (sum stays, judged bool, err error) {
	sum.seed = seed
	open := make(map[passage.Key]kb.Instant)
	close := func(key passage.Key, to kb.Instant) {
		sum.add(stayKey{key, open[key], to})
		delete(open, key)
	}
	var text bytes.Buffer
	for _, reign := range reigns {
		if reign.From == reign.To {
			continue // it was never in force
		}
		var keys []passage.Key
		if !reign.Gone {
			text.Reset()
			keys, err = k.split(&text, name, reign.SHA256)
			if errors.Is(err, ErrDamaged) {
				return sum, false, nil
			}
			if err != nil {
				return sum, false, err
			}
		}
		stay := make(map[passage.Key]bool, len(keys))
		for _, key := range keys {
			stay[key] = true
		}
		for key := range open {
			if !stay[key] {
				close(key, reign.From)
			}
		}
		for key := range stay {
			if _, ok := open[key]; !ok {
				open[key] = reign.From
			}
		}
		if err := k.ctx.Err(); err != nil {
			return sum, false, err
		}
	}
	for key := range open {
		close(key, kb.Forever)
	}
	return sum, true, nil
}

// split returns the keys of the passages of a content under a name.
func (k *check) split(text *bytes.Buffer, name string, hash kb.Hash) ([]passage.Key, error) {
	extension := extract.Extension(name)
	if none, err := k.WithoutText(k.ctx, hash, extension); err != nil || none {
		return nil, err
	}
	filtered, err := k.ReadText(k.ctx, text, hash, extension)
	if err != nil {
		return nil, err
	}
	return ingest.Keys(name, text.Bytes(), filtered), nil
}
