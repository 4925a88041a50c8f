package tokens_test

import (
	"database/sql"
	"math"
	"slices"
	"strings"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver sqlite3
	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/sqlite/tokens"
)

// before is opened before Auto, and so has nothing but what FTS5 brings.
var before, after *sql.DB

func TestMain(m *testing.M) {
	open := func() *sql.DB {
		db, err := sql.Open("sqlite3", ":memory:")
		if err == nil {
			db.SetMaxOpenConns(1)
			err = db.Ping()
		}
		if err != nil {
			panic(err)
		}
		return db
	}
	before = open()
	tokens.Auto()
	after = open()
	if _, err := after.Exec("SELECT take_token_lists()"); err != nil {
		panic(err)
	}
	m.Run()
}

var arguments = []string{"unicode61", "remove_diacritics", "2", "categories", "L* M* N* Co", "separators", "\uFE0E\uFE0F"}

func makeTable(t rapid.TB, db *sql.DB) {
	quoted := "porter '" + strings.Join(arguments, "' '") + "'"
	exec(t, db, "DROP TABLE IF EXISTS f")
	exec(t, db, "DROP TABLE IF EXISTS v")
	exec(t, db, `CREATE VIRTUAL TABLE f USING fts5 (heading, body, content = '', tokenize = "`+quoted+`")`)
	exec(t, db, "CREATE VIRTUAL TABLE v USING fts5vocab (f, instance)")
}

func exec(t rapid.TB, db *sql.DB, query string, args ...any) {
	t.Helper()
	if _, err := db.Exec(query, args...); err != nil {
		t.Fatal(err)
	}
}

// indexed returns what a table has: each token with its place.
func indexed(t rapid.TB, db *sql.DB) (all [][4]string) {
	rows, err := db.Query("SELECT doc, col, offset, coalesce(term, '') FROM v ORDER BY doc, col, offset")
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	for rows.Next() {
		var r [4]string
		if err := rows.Scan(&r[0], &r[1], &r[2], &r[3]); err != nil {
			t.Fatal(err)
		}
		all = append(all, r)
	}
	return all
}

var texts = rapid.Custom(func(t *rapid.T) string {
	words := rapid.SliceOf(rapid.OneOf(
		rapid.SampledFrom([]string{
			"running", "Flies", "relational", "SKIES", "naïve", "ﬁre", "straße", "İstanbul", "Ὀδυσσεύς", "ёлка", "检索", "索增",
			"a", "is", "1234567890", strings.Repeat("long", 9), strings.Repeat("x", 40000), "e\u0301", "\u0301", "❤\uFE0F", "naïvely",
		}),
		rapid.StringMatching(`[a-zA-Z]{1,12}(ing|ed|ies|ational|ness|s)?`),
		rapid.String(),
	)).Draw(t, "words")
	return strings.Join(words, rapid.SampledFrom([]string{" ", "-", "\n", "\u00A0", "\x00"}).Draw(t, "between"))
})

// TestTokenized compares what a table has of lists with what FTS5 makes of the same
// texts alone.
func TestTokenized(t *testing.T) {
	tokenizer, err := tokens.New(tokens.NewKnown(), arguments...)
	if err != nil {
		t.Fatal(err)
	}
	defer tokenizer.Close()
	rapid.Check(t, func(t *rapid.T) {
		makeTable(t, before)
		makeTable(t, after)
		for id := range rapid.IntRange(1, 4).Draw(t, "rows") {
			heading, body := texts.Draw(t, "heading"), texts.Draw(t, "body")
			exec(t, before, "INSERT INTO f (rowid, heading, body) VALUES (?, ?, ?)", id, heading, body)
			query, args := "INSERT INTO f (rowid, heading, body) VALUES (?, tokenized(?, ?), tokenized(?, ?))", []any{id}
			if rapid.Bool().Draw(t, "without a list") {
				query, args = "INSERT INTO f (rowid, heading, body) VALUES (?, ?, ?)", append(args, heading, body)
			} else {
				args = append(args, heading, list(t, tokenizer, heading), body, list(t, tokenizer, body))
			}
			exec(t, after, query, args...)
		}
		if got, want := indexed(t, after), indexed(t, before); !slices.Equal(got, want) {
			t.Errorf("lists give the tokens %q, and FTS5 alone %q", got, want)
		}
	})
}

func list(t rapid.TB, tokenizer *tokens.Tokenizer, text string) []byte {
	list, words, err := tokenizer.Tokenize(text, 0)
	if err != nil {
		t.Fatal(err)
	}
	if len(words) > 0 {
		t.Errorf("words are told that nobody asked for: %v", words)
	}
	return list
}

// TestListIsUsed gives a text the list of another one, which nobody should do, to see
// that lists matter at all; and uses it once.
func TestListIsUsed(t *testing.T) {
	tokenizer, err := tokens.New(tokens.NewKnown(), arguments...)
	if err != nil {
		t.Fatal(err)
	}
	defer tokenizer.Close()
	makeTable(t, after)
	for id := range 2 {
		other := list(t, tokenizer, "Running")
		if id == 0 {
			exec(t, after, "INSERT INTO f (rowid, body) VALUES (?, tokenized(?, ?))", id, "Flies", other)
		} else {
			exec(t, after, "INSERT INTO f (rowid, body) VALUES (?, ?)", id, "Flies")
		}
	}
	want := [][4]string{{"0", "body", "0", "run"}, {"1", "body", "0", "fli"}}
	if got := indexed(t, after); !slices.Equal(got, want) {
		t.Errorf("the tokens are %q, not %q", got, want)
	}
}

// TestBadList gives a list that ends within a token.
func TestBadList(t *testing.T) {
	makeTable(t, after)
	for _, bad := range []string{"\x01", "\x02\x00a", "\xff\xffabc"} {
		if _, err := after.Exec("INSERT INTO f (body) VALUES (tokenized('text', ?))", []byte(bad)); err == nil {
			t.Errorf("the list %q is taken", bad)
		}
	}
}

// TestWords compares the words that are told with those of a table without stems.
func TestWords(t *testing.T) {
	known := tokens.NewKnown()
	tokenizer, err := tokens.New(known, arguments...)
	if err != nil {
		t.Fatal(err)
	}
	defer tokenizer.Close()
	rapid.Check(t, func(t *rapid.T) {
		exec(t, before, "DROP TABLE IF EXISTS f")
		exec(t, before, "DROP TABLE IF EXISTS v")
		exec(t, before, `CREATE VIRTUAL TABLE f USING fts5 (body, content = '', tokenize = "'`+strings.Join(arguments, "' '")+`'")`)
		exec(t, before, "CREATE VIRTUAL TABLE v USING fts5vocab (f, instance)")
		text := texts.Draw(t, "text")
		exec(t, before, "INSERT INTO f (body) VALUES (?)", text)
		known.Clear()
		_, words, err := tokenizer.Tokenize(text, math.MaxInt32)
		if err != nil {
			t.Fatal(err)
		}
		var got, want []string
		for _, w := range words {
			got = append(got, w.Text)
		}
		for _, row := range indexed(t, before) {
			if len(row[3]) < 256 {
				want = append(want, row[3])
			}
		}
		if !slices.Equal(got, want) {
			t.Errorf("the words are %q, not %q", got, want)
		}
		if n := len(words); n > 1 {
			if _, some, _ := tokenizer.Tokenize(text, n-1); some != nil {
				t.Errorf("of %d words more than %d are told", n, n-1)
			}
		}
		for _, w := range words {
			if got := tokens.Hash([]byte(w.Text)); got != w.Hash {
				t.Errorf("%q has the hash %x, and %x where it is told", w.Text, got, w.Hash)
			}
		}
		for i, w := range words {
			if i%2 == 0 {
				known.Add(w.Hash)
			}
		}
		_, left, _ := tokenizer.Tokenize(text, math.MaxInt32)
		words = slices.DeleteFunc(words, func(w tokens.Word) bool { return known.Has(w.Hash) })
		if !slices.Equal(left, words) {
			t.Errorf("of known words are left %v, not %v", left, words)
		}
	})
}

// TestKnown adds more words than can be known, most of them to a few sets.
func TestKnown(t *testing.T) {
	known := tokens.NewKnown()
	rapid.Check(t, func(t *rapid.T) {
		known.Clear()
		hashes := rapid.SliceOfDistinct(rapid.Map(rapid.Uint64Range(1, 1<<8), func(n uint64) uint64 {
			return n>>2<<32 | n&3 | 1<<16
		}), rapid.ID).Draw(t, "hashes")
		held := 0
		for i, hash := range hashes {
			if known.Has(hash) {
				t.Fatalf("%x is known before it is added", hash)
			}
			if known.Add(hash); !known.Has(hash) {
				t.Fatalf("%x is not known after it was added", hash)
			}
			if i < 8 && !known.Has(hashes[0]) { // that many go into any set
				t.Fatalf("%x is forgotten", hashes[0])
			}
		}
		for _, hash := range hashes {
			if known.Has(hash) {
				held++
			}
		}
		if held < min(len(hashes), 8) || held > 4*8 {
			t.Errorf("%d of %d are known", held, len(hashes))
		}
	})
}
