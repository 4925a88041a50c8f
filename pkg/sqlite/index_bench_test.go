package sqlite

import (
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

const (
	benchPassage = 1000 // bytes
	benchChunk   = 250  // passages in a transaction
)

// benchTexts returns n different passages: of the files below the folder DOCS,
// or else of words that are as frequent as words are.
func benchTexts(b *testing.B, n int) []ingest.Text {
	texts := make([]ingest.Text, 0, n)
	add := func(body string) {
		p := passage.Passage{Heading: []string{fmt.Sprint("Heading ", len(texts))}, Text: body}
		texts = append(texts, ingest.Text{Key: p.Key(), Heading: p.Heading, Body: p.Text, NoVector: true})
	}
	if dir := os.Getenv("DOCS"); dir != "" {
		var all strings.Builder
		err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() || all.Len() > n*benchPassage {
				return err
			}
			raw, err := os.ReadFile(path)
			all.Write(raw)
			return err
		})
		if err != nil {
			b.Fatal(err)
		}
		for text := all.String(); len(texts) < n; { // the key of a heading makes them differ
			at := len(texts) * benchPassage % (len(text) - benchPassage)
			add(strings.ToValidUTF8(text[at:at+benchPassage], ""))
		}
		return texts
	}
	random := rand.New(rand.NewPCG(1, 2))
	zipf := rand.NewZipf(random, 1.1, 4, 50_000)
	var body strings.Builder
	for len(texts) < n {
		for body.Reset(); body.Len() < benchPassage; {
			body.WriteString(benchWord(zipf.Uint64()))
			body.WriteByte(' ')
		}
		add(body.String())
	}
	return texts
}

// benchWord returns the nth word of a language with syllables.
func benchWord(n uint64) string {
	var word []byte
	for ; n > 0 || len(word) == 0; n /= 60 {
		word = append(word, "bdfgklmnprst"[n%12], "aeiou"[n/12%5])
	}
	return string(word)
}

// BenchmarkIndex writes passages: their text, its words and its place in time.
func BenchmarkIndex(b *testing.B) {
	store, err := Open(b.Context(), filepath.Join(b.TempDir(), "kb.sqlite"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	texts := benchTexts(b, b.N)
	b.SetBytes(benchPassage)
	b.ResetTimer()
	for len(texts) > 0 {
		chunk := texts[:min(benchChunk, len(texts))]
		texts = texts[len(chunk):]
		if err := store.Update(context.Background(), func(tx ingest.Tx) error { return benchAdd(tx, chunk) }); err != nil {
			b.Fatal(err)
		}
	}
	b.StopTimer()
	if err := store.Close(); err != nil {
		b.Fatal(err)
	}
}

func benchAdd(tx ingest.Tx, texts []ingest.Text) error {
	path, err := tx.Path("a.md")
	if err != nil {
		return err
	}
	for i := range texts {
		if err := tx.AddTexts([]*ingest.Text{&texts[i]}); err != nil {
			return err
		}
		if err := tx.PutInterval(path.ID, ingest.Interval{Key: texts[i].Key, To: kb.Forever}); err != nil {
			return err
		}
	}
	return nil
}
