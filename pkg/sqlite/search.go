package sqlite

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/asof"
)

// SearchIndex returns the state of the index.
func (r *Reader) SearchIndex(ctx context.Context) (asof.SearchIndex, error) {
	state, err := r.Index(ctx)
	if err != nil {
		return asof.SearchIndex{}, err
	}
	index := asof.SearchIndex{
		Recorded: state.Recorded, Behind: state.Behind, Embedder: state.Embedder, Dim: state.Dim,
		Extractor: state.Extractor, Splitter: state.Splitter, OtherWords: state.OtherWords,
	}
	_, err = r.row("SELECT NOT EXISTS (SELECT 1 FROM version)", nil, &index.Empty)
	return index, err
}

// SplitWords returns the words of a text, folded.
func (r *Reader) SplitWords(text string) []asof.Word {
	var words []asof.Word
	text = composed(text)
	eachWord(text, func(start, end int, spaceless bool) bool {
		word := asof.Word{Text: fold(text[start:end]), Typed: text[start:end], Spaceless: spaceless}
		if word.Text == "" {
			return true
		}
		if first := character(word.Text); spaceless && first+character(word.Text[first:]) < len(word.Text) {
			for pair := range pairs(word.Text) {
				word.Pairs = append(word.Pairs, pair)
			}
		}
		words = append(words, word)
		return true
	})
	return words
}

// CountTexts returns how many texts there are: their ids have no gaps.
func (r *Reader) CountTexts(context.Context) (count int64, err error) {
	_, err = r.row("SELECT coalesce(max(id), 0) FROM text", nil, &count)
	return count, err
}

// Holding returns how many texts hold a word, up to a number, and the first.
func (r *Reader) Holding(_ context.Context, word string, most int64) (count, first int64, err error) {
	_, err = r.row(`
		SELECT count(*), coalesce(min(rowid), 0)
		FROM (SELECT rowid FROM text_fts WHERE text_fts MATCH ? LIMIT ?)`,
		[]any{phraseOf(word), most}, &count, &first)
	return count, first, err
}

// Vocabulary returns the words of a length, one a line: as one row, which is
// read much faster than many.
func (r *Reader) Vocabulary(_ context.Context, length int) (lines string, err error) {
	_, err = r.row("SELECT coalesce(group_concat(word, char(10)), '') FROM word WHERE length = ?", []any{length}, &lines)
	return lines, err
}

// phraseOf returns a phrase in the syntax of FTS5 for text that is searched for
// as it stands.
func phraseOf(text string) string {
	words, prefix := phraseWords(composed(strings.ReplaceAll(text, "\x00", " ")))
	if prefix {
		return quoted(words) + "*"
	}
	return quoted(words)
}

// phraseWords returns the words of a phrase as the text index has them, and whether
// the last of them is the beginning of one. A run of spaceless writing is a phrase of
// pairs, and its last character may be the first of a pair.
func phraseWords(text string) (words string, prefix bool) {
	run, end := lastRun(text)
	words, _ = indexed(text[:end])
	if run == "" || character(run) == len(run) {
		return words, run != ""
	}
	// The pair before the last character says it all.
	return strings.TrimRight(strings.TrimSuffix(words, respelled(run[lastCharacter(run):])), " "), false
}

// lastRun returns the last word of a text if it is a run of spaceless writing, and
// where the text ends that counts.
func lastRun(text string) (run string, end int) {
	end = len(text)
	eachWord(text, func(from, to int, spaceless bool) bool {
		switch {
		case spaceless:
			run, end = text[from:to], to
		case fold(text[from:to]) != "": // else there are only marks, which are not indexed
			run, end = "", len(text)
		}
		return true
	})
	return run, end
}

// lastCharacter returns where in a run its last letter begins.
func lastCharacter(run string) int {
	at := 0
	for {
		n := character(run[at:])
		if at+n == len(run) {
			return at
		}
		at += n
	}
}

// expression returns the query for any of some words in the syntax of FTS5.
func expression(words []string) string {
	phrases := make([]string, len(words))
	for i, word := range words {
		phrases[i] = phraseOf(word)
	}
	return strings.Join(phrases, " OR ")
}

// expressionOf returns a query in the syntax of FTS5.
func (r *Reader) expressionOf(q asof.Query) (string, error) {
	if q.Syntax == "" {
		return expression(q.Words), nil
	}
	if r.syntax[0] != q.Syntax { // else it is asked for once more, to mark what it has found
		asked, err := syntaxOf(q.Syntax, r.begun)
		if err != nil {
			return "", err
		}
		r.syntax = [2]string{q.Syntax, asked}
	}
	return r.syntax[1], nil
}

// matching are the matches of a query. Those that are not asked for are left
// out before their BM25 is computed, which costs far more than to find them.
// A word counts three times where it stands in a heading: who asks in the words of a
// title finds that page more often first.
const matching = "SELECT rowid, -bm25(text_fts, 3, 1) FROM text_fts WHERE text_fts MATCH ?"

// Matches returns the BM25 of texts that match a query.
func (r *Reader) Matches(ctx context.Context, q asof.Query) ([]asof.Match, error) {
	if strings.HasPrefix(q.Syntax, "*") { // to FTS5, a question about itself
		return nil, &asof.QueryError{Query: q.Syntax, Err: errors.New("* goes after the beginning of a word")}
	}
	asked, err := r.expressionOf(q)
	if err != nil {
		return nil, err
	}
	query, args := matching, []any{asked}
	if q.Among != nil {
		query += " AND +rowid IN (SELECT rowid FROM text_fts WHERE text_fts MATCH ?)"
		args = append(args, expression(q.Among))
	}
	if q.Texts != nil {
		list, err := json.Marshal(q.Texts)
		if err != nil {
			return nil, err
		}
		query += " AND +rowid IN (SELECT value FROM json_each(?))"
		args = append(args, string(list))
	}
	var matches []asof.Match
	err = r.each(query, args, func(rows *sql.Rows) error {
		var m asof.Match
		if err := rows.Scan(&m.Text, &m.Score); err != nil {
			return err
		}
		matches = append(matches, m)
		if len(matches)%1024 == 0 {
			return ctx.Err()
		}
		return nil
	})
	return matches, queryFault(q, err)
}

// queryFault blames what FTS5 says of an expression on the expression, if the
// user wrote it.
func queryFault(q asof.Query, err error) error {
	var e sqlite3.Error
	if q.Syntax != "" && errors.As(err, &e) && e.Code == sqlite3.ErrError {
		return &asof.QueryError{Query: q.Syntax, Err: errors.New(e.Error())}
	}
	return err
}
