package blocks_test

import (
	"bytes"
	"database/sql"
	"encoding/binary"
	"testing"

	_ "github.com/mattn/go-sqlite3" // the driver sqlite3
	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/sqlite/blocks"
)

func init() { blocks.Auto() }

func open(t testing.TB) *sql.DB {
	db, err := sql.Open("sqlite3", ":memory:")
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// ask runs a query of one value.
func ask(t rapid.TB, db *sql.DB, query string, args ...any) []byte {
	t.Helper()
	var got []byte
	if err := db.QueryRow(query, args...).Scan(&got); err != nil {
		t.Fatal(err)
	}
	return got
}

// TestCodeScores compares the scores with those that are added up component by
// component.
func TestCodeScores(t *testing.T) {
	db := open(t)
	rapid.Check(t, func(t *rapid.T) {
		words := rapid.IntRange(1, 5).Draw(t, "words")
		n := rapid.IntRange(0, 9).Draw(t, "codes")
		query := bytesOf(t, 32*words, "query")
		codes := bytesOf(t, 16*words*n, "bits")
		bit := func(b []byte, word, i int) int32 {
			return int32(binary.LittleEndian.Uint64(b[8*word:]) >> i & 1)
		}
		var want []byte
		for code := range n {
			c := codes[16*words*code:]
			var score int32
			for word := range words {
				for i := range 64 {
					component := bit(query, 4*word, i) + 2*bit(query, 4*word+1, i) + 4*bit(query, 4*word+2, i) - 8*bit(query, 4*word+3, i)
					score += component * (2*bit(c, word, i) + bit(c, words+word, i))
				}
			}
			want = binary.LittleEndian.AppendUint32(want, uint32(score))
		}
		if got := ask(t, db, "SELECT code_scores(?, ?)", query, codes); !bytes.Equal(got, want) {
			t.Errorf("the scores are %x, not %x", got, want)
		}
	})
}

// TestInForce compares the bits with what the intervals say one by one.
func TestInForce(t *testing.T) {
	db := open(t)
	rapid.Check(t, func(t *rapid.T) {
		from := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64()), 0, 40).Draw(t, "from")
		to := rapid.SliceOfN(rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64()), len(from), len(from)).Draw(t, "to")
		moment := rapid.OneOf(rapid.Int64Range(-2, 2), rapid.Int64()).Draw(t, "moment")
		want := make([]byte, (len(from)+7)/8)
		for i := range from {
			if from[i] <= moment && moment < to[i] {
				want[i/8] |= 1 << (i % 8)
			}
		}
		if got := ask(t, db, "SELECT in_force(?, ?, ?)", stored(from), stored(to), moment); !bytes.Equal(got, want) {
			t.Errorf("the bits are %b, not %b", got, want)
		}
	})
}

// TestWrongLengths gives the functions what no row should hold.
func TestWrongLengths(t *testing.T) {
	db := open(t)
	for _, query := range []string{
		"code_scores(zeroblob(0), zeroblob(64))",
		"code_scores(zeroblob(31), zeroblob(64))",
		"code_scores(zeroblob(128), zeroblob(65))",
		"code_scores(NULL, NULL)",
		"code_scores('text', 7)",
		"in_force(zeroblob(8), zeroblob(16), 0)",
		"in_force(zeroblob(7), zeroblob(7), 0)",
		"in_force(NULL, zeroblob(8), 0)",
	} {
		if got := ask(t, db, "SELECT "+query); got != nil {
			t.Errorf("%s is %x", query, got)
		}
	}
	if got := ask(t, db, "SELECT in_force(NULL, NULL, 0)"); len(got) != 0 {
		t.Errorf("no intervals have the bits %x", got)
	}
}

func bytesOf(t *rapid.T, n int, what string) []byte {
	return rapid.SliceOfN(rapid.Byte(), n, n).Draw(t, what)
}

// stored returns an array as it is stored; one that is empty is no NULL.
func stored(numbers []int64) []byte {
	b := []byte{}
	for _, n := range numbers {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	return b
}
