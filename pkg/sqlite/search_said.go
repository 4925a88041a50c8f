package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"encoding/json"
	"iter"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// Sayings walks the stays of passages that have a phrase in their heading or
// body. The text index finds forms of its words too, and is checked.
func (r *Reader) Sayings(ctx context.Context, phrase string, prefixes []string) iter.Seq2[asof.Saying, error] {
	return walk(func(emit func(asof.Saying) error) error { return r.sayings(ctx, phrase, prefixes, emit) })
}

func (r *Reader) sayings(ctx context.Context, phrase string, prefixes []string, emit func(asof.Saying) error) error {
	paths, err := r.PathsUnder(ctx, prefixes)
	if err != nil {
		return err
	}
	texts, err := r.textsSaying(ctx, phrase)
	if err != nil {
		return err
	}
	list, err := json.Marshal(texts)
	if err != nil {
		return err
	}
	return r.each(`
		SELECT n.id, n.name, p.valid_from, p.valid_to
		FROM json_each(?) t CROSS JOIN passage p ON p.text = t.value CROSS JOIN path n ON n.id = p.path
		ORDER BY n.name, p.valid_from, p.valid_to`, []any{string(list)}, func(rows *sql.Rows) error {
		var s asof.Saying
		var id int64
		var name []byte
		if err := rows.Scan(&id, &name, &s.From, &s.To); err != nil {
			return err
		}
		if paths != nil && !paths(id) {
			return nil
		}
		s.Path = string(name)
		return cmp.Or(emit(s), ctx.Err())
	})
}

// Overtaken reports whether there are versions, up to a point, that another one of the
// same path and moment has replaced. The index of versions has all that is asked here.
func (r *Reader) Overtaken(at kb.Point) (overtaken bool, err error) {
	last, _, err := r.lastKnown(at.Known)
	if err == nil {
		_, err = r.row("SELECT EXISTS (SELECT 1 FROM version WHERE valid_from <= ? AND id <= ? GROUP BY path, valid_from HAVING count(*) > 1)",
			[]any{at.Valid, last}, &overtaken)
	}
	return overtaken, err
}

// mostLookedUp is how many words of a phrase the text index is asked for, which
// takes long for very many. The others are looked for in what it finds.
const mostLookedUp = 64

// textsSaying returns the texts that have a phrase.
func (r *Reader) textsSaying(ctx context.Context, phrase string) ([]int64, error) {
	says := r.Says(phrase)
	texts := []int64{}
	var words []string
	for _, word := range r.SplitWords(phrase) {
		if words = append(words, word.Text); len(words) == mostLookedUp {
			break
		}
	}
	if len(words) == 0 {
		return texts, nil
	}
	err := r.each(`
		SELECT t.id, t.heading, t.body FROM text_fts f CROSS JOIN text t ON t.id = f.rowid
		WHERE f.text_fts MATCH ?`, []any{phraseOf(strings.Join(words, " "))}, func(rows *sql.Rows) error {
		var id int64
		var heading, body string
		if err := rows.Scan(&id, &heading, &body); err != nil {
			return err
		}
		if says(headingsOf(heading), body) {
			texts = append(texts, id)
		}
		return ctx.Err()
	})
	return texts, err
}

// Says returns a test for passages that have a phrase in their heading or body.
func (r *Reader) Says(phrase string) func(heading []string, body string) bool {
	wanted := tokensOf(phrase)
	return func(heading []string, body string) bool {
		return len(wanted) > 0 &&
			(says(body, wanted) || slices.ContainsFunc(heading, func(h string) bool { return says(h, wanted) }))
	}
}

// tokensOf returns the words of a text, folded, and the characters of runs of
// spaceless writing one by one.
func tokensOf(text string) []string {
	var tokens []string
	text = composed(text)
	eachWord(text, func(start, end int, spaceless bool) bool {
		word := fold(text[start:end])
		for word != "" {
			n := len(word)
			if spaceless {
				n = character(word)
			}
			tokens = append(tokens, word[:n])
			word = word[n:]
		}
		return true
	})
	return tokens
}

// says reports whether a text has the tokens of a phrase one after the other.
func says(text string, phrase []string) bool {
	tokens := tokensOf(text)
	for len(tokens) >= len(phrase) {
		if slices.Equal(tokens[:len(phrase)], phrase) {
			return true
		}
		tokens = tokens[1:]
	}
	return false
}
