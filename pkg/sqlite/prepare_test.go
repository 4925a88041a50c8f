package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/ingest"
)

// TestTokenizer compares what workers tokenize with and what the schema has.
func TestTokenizer(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "kb.sqlite"))
	var ddl string
	_, err := store.write.row("SELECT sql FROM sqlite_schema WHERE name = 'text_fts'", nil, &ddl)
	must(t, err)
	_, quoted, _ := strings.Cut(ddl, `tokenize = "porter `)
	quoted, _, _ = strings.Cut(quoted, `"`)
	var args []string
	for i, part := range strings.Split(quoted, "'") {
		if i%2 == 1 {
			args = append(args, part)
		} else {
			args = append(args, strings.Fields(part)...)
		}
	}
	if !slices.Equal(args, tokenizer) {
		t.Errorf("the schema has %q, and workers have %q", args, tokenizer)
	}
}

// TestPrepared takes texts in that were prepared, some of them long before and in
// vain, and compares the index with that of a store to which nobody gave such texts.
func TestPrepared(t *testing.T) {
	bodies := rapid.Custom(func(t *rapid.T) string {
		words := rapid.SliceOfN(rapid.SampledFrom([]string{
			"One", "one", "ones", "two", "naïve", "naive", "NAÏVE", "检索增强", "x86", "2025", "of", "straße", "running",
			strings.Repeat("long", 9), strings.Repeat("long", 90), "ﬁre", "fire", "сёла", "",
		}), 1, 12).Draw(t, "words")
		return strings.Join(words, " ")
	})
	rapid.Check(t, func(rt *rapid.T) {
		dir := t.TempDir()
		names := [2]string{filepath.Join(dir, "prepared"), filepath.Join(dir, "plain")}
		var stores [2]*Store
		for i, name := range names {
			stores[i] = openStore(t, name)
		}
		var texts [2][]*ingest.Text
		for range rapid.IntRange(1, 12).Draw(rt, "steps") {
			switch rapid.SampledFrom([]string{"draw", "draw", "store", "store", "store", "fail", "drop"}).Draw(rt, "step") {
			case "draw":
				body := bodies.Draw(rt, "body")
				for i := range texts {
					texts[i] = append(texts[i], text(body))
				}
				stores[0].Prepare(texts[0][len(texts[0])-1:])
			case "store", "fail":
				end := rapid.SampledFrom([]error{nil, errStop}).Draw(rt, "end")
				some := rapid.SliceOfN(rapid.Bool(), len(texts[0]), len(texts[0])).Draw(rt, "which")
				for i, store := range stores {
					must(t, untilStop(store.Update(t.Context(), func(tx ingest.Tx) error {
						for at, taken := range some {
							if taken {
								must(t, tx.AddTexts([]*ingest.Text{texts[i][at]}))
							}
						}
						return end
					})))
				}
			case "drop":
				for _, store := range stores {
					must(t, store.Update(t.Context(), func(tx ingest.Tx) error { return tx.DropIndex() }))
				}
			}
		}
		for _, store := range stores {
			_, err := store.write.exec("INSERT INTO text_fts (text_fts, rank) VALUES ('integrity-check', 1)")
			must(t, err)
		}
		if got, want := indexOf(t, names[0]), indexOf(t, names[1]); got != want {
			rt.Errorf("the index of prepared texts is\n%s\nand not\n%s", got, want)
		}
	})
}

// indexOf returns the words of an index, and its tokens with their places.
func indexOf(t *testing.T, path string) string {
	t.Helper()
	db := openDB(dsn(path, nil), "CREATE VIRTUAL TABLE temp.place USING fts5vocab (main, text_fts, instance)")
	places, err := stringsOf(db, "SELECT format('%s %s %s %s', doc, col, offset, term) AS place FROM place ORDER BY place")
	must(t, errors.Join(err, db.Close()))
	return fmt.Sprint(wordsOf(t, path), strings.Join(places, "\n"))
}
