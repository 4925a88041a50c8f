package sqlite

import (
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
	"github.com/seed16713943/btools/pkg/sqlite/tokens"
)

func text(body string) *ingest.Text {
	p := passage.Passage{Heading: []string{"Über uns"}, Text: body}
	return &ingest.Text{Key: p.Key(), Heading: p.Heading, Body: p.Text}
}

// addTexts stores texts in one transaction, which ends with the given error.
func addTexts(t *testing.T, store *Store, end error, bodies ...string) {
	t.Helper()
	err := store.Update(t.Context(), func(tx ingest.Tx) error {
		for _, body := range bodies {
			must(t, tx.AddTexts([]*ingest.Text{text(body)}))
		}
		return end
	})
	if !errors.Is(err, end) {
		t.Fatal(err)
	}
}

// wordsOf lists the table of words.
func wordsOf(t *testing.T, path string) string {
	t.Helper()
	db := openDB(dsn(path, nil), readerPragmas)
	words, err := stringsOf(db, "SELECT word FROM word ORDER BY word")
	must(t, errors.Join(err, db.Close()))
	return fmt.Sprint(words)
}

func TestWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	want := func(want string) {
		t.Helper()
		if got := wordsOf(t, path); got != want {
			t.Errorf("the words are %s, not %s", got, want)
		}
	}
	long := strings.Repeat("é", maxWordLength)
	addTexts(t, store, nil, "One one NAÏVE 2025 x86 of "+long+" "+long+"e 检索Go")
	want("[" + strings.Repeat("e", maxWordLength) + " naive one uber uns]")
	addTexts(t, store, errStop, "two", "three")
	want("[" + strings.Repeat("e", maxWordLength) + " naive one uber uns]")
	must(t, untilStop(store.Update(t.Context(), func(tx ingest.Tx) error {
		return errors.Join(tx.AddTexts([]*ingest.Text{text("two")}), tx.DropIndex(), tx.AddTexts([]*ingest.Text{text("three")}), errStop)
	})))
	addTexts(t, store, nil, "two", "three")
	want("[" + strings.Repeat("e", maxWordLength) + " naive one three two uber uns]")

	other := openStore(t, path) // somebody else drops the index
	must(t, other.Update(t.Context(), func(tx ingest.Tx) error { return tx.DropIndex() }))
	addTexts(t, store, nil, "two")
	want("[two uber uns]")
}

// TestWordHash has a word of a text that the writer takes apart and one that a worker did.
func TestWordHash(t *testing.T) {
	words := newVocabulary().unknown("Café ÉTÉ")
	if len(words) != 2 || words[0].Hash != tokens.Hash([]byte("cafe")) || words[1].Hash != tokens.Hash([]byte("ete")) {
		t.Errorf("the words are %v", words)
	}
}

// TestManyWords has more words than a Store remembers and a transaction gathers.
func TestManyWords(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	const each = tokens.MostKnown / 4
	for from := 0; from < tokens.MostKnown+each; from += each {
		var b strings.Builder
		for n := range each {
			b.WriteString(lettersOf(from + n))
			b.WriteByte(' ')
		}
		addTexts(t, store, nil, b.String())
	}
	var n int
	_, err := store.write.row("SELECT count(*) FROM word", nil, &n)
	if must(t, err); n != tokens.MostKnown+each+2 {
		t.Errorf("%d words", n)
	}
}

// lettersOf writes a number as a word without digits.
func lettersOf(n int) string {
	return strings.Map(func(digit rune) rune { return digit - '0' + 'a' }, fmt.Sprintf("%07d", n))
}

// TestTextIndex asks FTS5 itself.
func TestTextIndex(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "kb.sqlite"))
	addTexts(t, store, nil, "用检索增强生成", "Retrieval augmented", "हिन्दी में लिखा", "⚠️Warning")
	for query, want := range map[string]int{
		`"索增 增强"`: 1, `成*`: 1, `retrieve`: 1, `heading : uber`: 4, `हिन्दी`: 1, `ह`: 0, `warning`: 1, `body : uber`: 0,
	} {
		var n int
		_, err := store.write.row("SELECT count(*) FROM text_fts WHERE text_fts MATCH ?", []any{query}, &n)
		if must(t, err); n != want {
			t.Errorf("%s finds %d, not %d", query, n, want)
		}
	}
	check := func() {
		t.Helper()
		_, err := store.write.exec("INSERT INTO text_fts (text_fts, rank) VALUES ('integrity-check', 1)")
		must(t, err)
	}
	check()
	must(t, store.Update(t.Context(), func(tx ingest.Tx) error {
		return errors.Join(tx.DropIndex(), tx.AddTexts([]*ingest.Text{text("生成 again")}))
	}))
	check()
	addTexts(t, store, errStop, "rolled back")
	check()
}

// TestBehind opens a file that was written before there was an index.
func TestBehind(t *testing.T) {
	for _, filled := range []bool{false, true} {
		path := filepath.Join(t.TempDir(), "kb.sqlite")
		truth, err := migrationFiles.ReadFile("migrations/0001_truth.sql")
		must(t, err)
		execSQL(t, path, string(truth)+fmt.Sprintf("; PRAGMA application_id = %d; PRAGMA user_version = 1", applicationID))
		if filled {
			execSQL(t, path, `INSERT INTO path (id, name) VALUES (1, x'61');
				INSERT INTO version (path, valid_from, seq, recorded_at, source, run, checksum) VALUES (1, 0, 0, 0, '', 1, 0)`)
		}
		store := openStore(t, path)
		if state, err := store.Index(t.Context()); err != nil || state != (ingest.IndexState{Behind: filled}) {
			t.Errorf("filled %t: %+v, %v", filled, state, err)
		}
		must(t, store.Update(t.Context(), func(tx ingest.Tx) error { return tx.SetIndex(ingest.Index{}) }))
		if state, err := store.Index(t.Context()); err != nil || state.Behind != filled {
			t.Errorf("filled %t, recorded: %+v, %v", filled, state, err)
		}
		must(t, store.Update(t.Context(), func(tx ingest.Tx) error { return tx.DropIndex() }))
		if state, err := store.Index(t.Context()); err != nil || state.Behind {
			t.Errorf("dropped: %+v, %v", state, err)
		}
	}
}

func TestTextlessRows(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	must(t, put(store, "a.pdf"))
	hash := kb.HashOf([]byte("a.pdf"))
	want := func(want string, fn func(tx ingest.Tx) error) {
		t.Helper()
		must(t, store.Update(t.Context(), fn))
		got, err := stringsOf(store.readers.db, "SELECT concat_ws(' ', extension, run, class, code, message) FROM textless ORDER BY extension")
		if must(t, err); fmt.Sprint(got) != want {
			t.Errorf("without text: %s, not %s", got, want)
		}
	}
	add := func(run int64, extension, message string) func(tx ingest.Tx) error {
		return func(tx ingest.Tx) error {
			return tx.AddTextless(&ingest.Textless{Run: run, SHA256: hash, Extension: extension, Fault: kb.NewFault(kb.Processing, kb.Timeout, "%s", message)})
		}
	}
	want("[pdf 1 processing timeout slow]", add(1, "pdf", "slow"))
	want("[pdf 2 processing timeout slower]", add(2, "pdf", "slower"))
	want("[pdf 2 processing timeout slower ps 2 processing timeout slow]", add(2, "ps", "slow"))
	want("[ps 2 processing timeout slow]", func(tx ingest.Tx) error { return tx.ClearTextless(hash, "pdf") })
	want("[]", func(tx ingest.Tx) error { return tx.DropIndex() })
}

// TestPassagesAfterDrop has the first passage of an index be the first one, also where
// others were dropped in the same transaction: vectors are packed by that number.
func TestPassagesAfterDrop(t *testing.T) {
	store := openStore(t, filepath.Join(t.TempDir(), "kb.sqlite"))
	must(t, store.Update(t.Context(), func(tx ingest.Tx) error {
		path, err := tx.Path("a.md")
		must(t, err)
		for _, body := range []string{"one", "two"} {
			text := text(body)
			must(t, errors.Join(tx.DropIndex(), tx.AddTexts([]*ingest.Text{text})))
			must(t, tx.PutInterval(path.ID, ingest.Interval{Key: text.Key, From: 1, To: kb.Forever}))
		}
		found, err := tx.Intervals(path.ID, 0)
		if err != nil || len(found) != 1 || found[0].ID != 1 {
			t.Errorf("the passages are %v (%v)", found, err)
		}
		return nil
	}))
}
