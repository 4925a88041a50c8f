package sqlite

import (
	"database/sql"
	"encoding/binary"
	"fmt"
	"math"
	"math/rand/v2"
	"os"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

const (
	benchMoments   = 1000 // passages begin at 0 to 999
	benchMoment    = 900  // and are searched as of this
	benchQuestions = 50
	benchBatch     = 10_000
)

// BenchmarkNearest searches PASSAGES passages (20,000 by default) as of a moment
// at which three quarters of them are in force, beside an exact scan of the same
// vectors as float32 by sqlite-vec. recall@10 is the share of what that scan
// finds.
//
//	PASSAGES=1000000 go test -run - -bench Nearest -benchtime 50x ./pkg/sqlite
func BenchmarkNearest(b *testing.B) {
	n := benchNumber(b, "PASSAGES", 20_000)
	path := filepath.Join(b.TempDir(), "kb.sqlite")
	store, err := Open(b.Context(), path, Options{})
	benchMust(b, err)
	floats, err := openSession(b.Context(), dsn(filepath.Join(b.TempDir(), "float.sqlite"), nil), guardPragmas)
	benchMust(b, err)
	questions := benchCollection(b, store, floats, n)
	benchMust(b, store.Close())
	r, err := OpenReader(b.Context(), path)
	benchMust(b, err)
	defer r.Close()
	defer floats.Close()

	all := asof.Scope{At: benchMoment}
	tenth := asof.Scope{At: benchMoment, Paths: func(path int64) bool { return path%10 == 0 }}
	want := make([]map[int64]bool, len(questions))
	ask := func(name string, scope asof.Scope, search func([]float32, asof.Scope) ([]asof.Near, error)) {
		b.Run(name, func(b *testing.B) {
			var found, wanted int
			for i := 0; b.Loop(); i++ {
				at := i % len(questions)
				list, err := search(questions[at], scope)
				benchMust(b, err)
				if want[at] == nil {
					want[at] = make(map[int64]bool)
					for _, p := range list {
						want[at][p.Passage] = true
					}
				}
				for _, p := range list {
					if want[at][p.Passage] {
						found++
					}
				}
				wanted += len(want[at])
			}
			if scope.Paths == nil {
				b.ReportMetric(float64(found)/float64(wanted), "recall@10")
			}
		})
	}
	codes := func(q []float32, scope asof.Scope) ([]asof.Near, error) {
		return r.Nearest(b.Context(), q, scope, 10, false)
	}
	exact := func(q []float32, scope asof.Scope) ([]asof.Near, error) {
		return r.Nearest(b.Context(), q, scope, 10, true)
	}
	// In turns, so that whatever else the machine does falls on both.
	for range benchNumber(b, "ROUNDS", 1) {
		ask("float32", all, func(q []float32, scope asof.Scope) ([]asof.Near, error) { return benchFloats(floats, q, scope, 10) })
		ask("codes", all, codes)
	}
	ask("codes-tenth", tenth, codes)
	ask("exact", all, exact)
	ask("exact-tenth", tenth, exact)
}

// benchNumber reads a number from the environment.
func benchNumber(b *testing.B, name string, otherwise int) int {
	text := os.Getenv(name)
	if text == "" {
		return otherwise
	}
	n, err := strconv.Atoi(text)
	benchMust(b, err)
	return n
}

func benchMust(b *testing.B, err error) {
	b.Helper()
	if err != nil {
		b.Fatal(err)
	}
}

// benchCollection fills a store and a table of float32 vectors, and returns the
// vectors of questions, which are a few words of a passage each.
func benchCollection(b *testing.B, store *Store, floats *session, n int) [][]float32 {
	random := rand.New(rand.NewPCG(3, 4))
	_, err := floats.conn.ExecContext(b.Context(), `
		PRAGMA journal_mode = OFF;
		CREATE VIRTUAL TABLE passage_vec USING vec0(
			passage integer primary key, embedding float[256] distance_metric=cosine,
			valid_from integer, valid_to integer)`)
	benchMust(b, err)
	topics := benchTopics(random)
	var questions []string
	for first := 0; first < n; first += benchBatch {
		texts := make([]string, min(benchBatch, n-first))
		for i := range texts {
			texts[i] = topics.text(random)
			if (first+i)%(n/benchQuestions) == 0 {
				words := strings.Fields(texts[i])
				at := random.IntN(len(words) - 8)
				questions = append(questions, strings.Join(words[at:at+4+random.IntN(4)], " "))
			}
		}
		benchInsert(b, store, floats, random, first, benchEmbed(b, texts))
	}
	return benchEmbed(b, questions)
}

// benchInsert inserts a batch of vectors, each with a text and a passage.
func benchInsert(b *testing.B, store *Store, floats *session, random *rand.Rand, first int, vectors [][]float32) {
	_, err := floats.exec("BEGIN")
	benchMust(b, err)
	err = store.Update(b.Context(), func(it ingest.Tx) error {
		t := it.(*tx)
		for i, v := range vectors {
			id := int64(first + i + 1)
			p := passageRow{id: id, path: id/20 + 1, text: id, to: kb.Forever}
			p.from = kb.Instant(id * benchMoments / 1_000_000 % benchMoments)
			if random.IntN(4) == 0 {
				p.to = p.from + kb.Instant(random.IntN(benchMoments))
			}
			if err := insertPassage(t, p, v); err != nil {
				return err
			}
			_, err := floats.exec("INSERT INTO passage_vec (passage, embedding, valid_from, valid_to) VALUES (?, ?, ?, ?)",
				p.id, benchBytes(v), p.from, p.to)
			if err != nil {
				return err
			}
		}
		return t.packVectors()
	})
	benchMust(b, err)
	_, err = floats.exec("COMMIT")
	benchMust(b, err)
}

// insertPassage inserts a passage with a text of its own.
func insertPassage(t *tx, p passageRow, v []float32) error {
	_, err := t.exec("INSERT OR IGNORE INTO path (id, name) VALUES (?, ?)", p.path, fmt.Appendf(nil, "%d.md", p.path))
	if err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO text (id, key, heading, body, embedding) VALUES (?, ?, '', '', 1)", p.text, fmt.Appendf(nil, "%016d", p.text))
	if err != nil {
		return err
	}
	if err := t.addVector(p.text, embed.Int8(v)); err != nil {
		return err
	}
	_, err = t.exec("INSERT INTO passage (id, path, text, valid_from, valid_to) VALUES (?, ?, ?, ?, ?)", p.id, p.path, p.text, p.from, p.to)
	if err != nil {
		return err
	}
	return t.addPassageVector(p)
}

// benchFloats asks the table of float32 vectors.
func benchFloats(floats *session, q []float32, scope asof.Scope, n int) (list []asof.Near, err error) {
	err = floats.each(`
		SELECT passage, distance FROM passage_vec
		WHERE embedding MATCH ? AND k = ? AND valid_from <= ? AND valid_to > ?`,
		[]any{benchBytes(q), n, scope.At, scope.At}, func(rows *sql.Rows) error {
			var p asof.Near
			var distance float64
			err := rows.Scan(&p.Passage, &distance)
			p.Cosine = 1 - distance
			list = append(list, p)
			return err
		})
	return list, err
}

func benchBytes(v []float32) []byte {
	var b []byte
	for _, x := range v {
		b = binary.LittleEndian.AppendUint32(b, math.Float32bits(x))
	}
	return b
}

// benchEmbed embeds texts on all cores.
func benchEmbed(b *testing.B, texts []string) [][]float32 {
	vectors := make([][]float32, len(texts))
	embedder := embed.NewBuiltin()
	done := make(chan error)
	workers := runtime.NumCPU()
	for w := range workers {
		go func() {
			from, to := w*len(texts)/workers, (w+1)*len(texts)/workers
			list, err := embedder.Embed(b.Context(), texts[from:to])
			copy(vectors[from:to], list)
			done <- err
		}()
	}
	for range workers {
		benchMust(b, <-done)
	}
	return vectors
}

// benchWriter writes texts about topics: half of their words are those of the
// topic, half those of the language.
type benchWriter struct {
	topics   [][]string
	language *rand.Zipf
	topical  *rand.Zipf
}

func benchTopics(random *rand.Rand) *benchWriter {
	w := &benchWriter{
		topics:   make([][]string, 3000),
		language: rand.NewZipf(random, 1.1, 4, 50_000),
		topical:  rand.NewZipf(random, 1.5, 8, 79),
	}
	for i := range w.topics {
		for range 80 {
			w.topics[i] = append(w.topics[i], benchWord(200+random.Uint64N(50_000)))
		}
	}
	return w
}

func (w *benchWriter) text(random *rand.Rand) string {
	var text strings.Builder
	topic := w.topics[random.IntN(len(w.topics))]
	for range 120 {
		if random.IntN(2) == 0 {
			text.WriteString(topic[w.topical.Uint64()])
		} else {
			text.WriteString(benchWord(w.language.Uint64()))
		}
		text.WriteByte(' ')
	}
	return text.String()
}
