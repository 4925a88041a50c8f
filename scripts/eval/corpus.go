package main

import (
	"cmp"
	"context"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
)

// corpus is the documents of a folder.
type corpus struct {
	documents []document
}

// document is one with its copy without headings.
type document struct {
	path     string
	content  []byte
	text     string   // of the copy
	headings []string // of sections that say something
}

const (
	leastSection  = 300 // bytes of a section whose heading is asked
	leastQuestion = 2   // words
	mostQuestion  = 12
)

// readCorpus reads the documents of a folder. What has no text is left out.
func readCorpus(ctx context.Context, folder string) (*corpus, error) {
	if _, err := os.Stat(folder); err != nil {
		return nil, err
	}
	scanner, err := scan.New(scan.Options{Roots: []string{folder}, MaxSize: 4 << 20})
	if err != nil {
		return nil, err
	}
	found := &paths{}
	if _, err := scanner.Run(ctx, found); err != nil {
		return nil, fmt.Errorf("scan %s: %w", folder, err)
	}
	c := &corpus{}
	for _, path := range found.list {
		content, err := os.ReadFile(path)
		if err != nil {
			return nil, err
		}
		if doc, err := extract.Extract(path, content); err == nil {
			c.documents = append(c.documents, withoutHeadings(path, content, doc))
		}
	}
	return c, nil
}

// paths is a scan.Sink that keeps the paths of files.
type paths struct{ list []string }

func (p *paths) Scan(*kb.Scan) error { return nil }
func (p *paths) End(*kb.End) error   { return nil }
func (p *paths) Record(rec *kb.Record) error {
	if rec.Kind == kb.File {
		p.list = append(p.list, rec.Path)
	}
	return nil
}

func withoutHeadings(path string, content []byte, doc *extract.Document) document {
	d := document{path: path, content: content}
	var text strings.Builder
	heading, began := "", 0
	settle := func() {
		if words := len(strings.Fields(heading)); words >= leastQuestion && words <= mostQuestion && text.Len()-began >= leastSection {
			d.headings = append(d.headings, heading)
		}
	}
	for block := range doc.All() {
		if block.Kind == extract.Heading {
			settle()
			heading, began = block.Text, text.Len()
			continue
		}
		text.WriteString(block.Text)
		text.WriteString("\n\n")
	}
	settle()
	d.text = text.String()
	return d
}

// question asks for the document that a heading is of.
type question struct {
	words    string
	document *document
}

// questions draws at most n headings that occur once in all documents, the
// same ones each time.
func (c *corpus) questions(n int) []question {
	seen := make(map[string]int)
	for _, d := range c.documents {
		for _, heading := range d.headings {
			seen[strings.ToLower(heading)]++
		}
	}
	var all []question
	for i := range c.documents {
		d := &c.documents[i]
		for _, heading := range d.headings {
			if seen[strings.ToLower(heading)] == 1 {
				all = append(all, question{heading, d})
			}
		}
	}
	slices.SortFunc(all, func(a, b question) int { return cmp.Compare(hashOf(a.words), hashOf(b.words)) })
	return all[:min(n, len(all))]
}

func hashOf(s string) uint64 {
	h := fnv.New64a()
	h.Write([]byte(s))
	return h.Sum64()
}

const (
	swappedWords = 2 // of a question
	leastSwapped = 4 // letters of a word with two of them swapped
)

// misspelled swaps two neighbouring letters inside each of two long words, and
// reports whether there were two.
func misspelled(words string) (string, bool) {
	random := rand.New(rand.NewPCG(hashOf(words), 0))
	fields := strings.Fields(words)
	order := random.Perm(len(fields))
	swapped := 0
	for _, i := range order {
		if swapped == swappedWords {
			break
		}
		letters := []rune(fields[i])
		if utf8.RuneCountInString(fields[i]) < leastSwapped || slices.ContainsFunc(letters, func(r rune) bool { return !unicode.IsLetter(r) }) {
			continue
		}
		at := 1 + random.IntN(len(letters)-2)
		if letters[at] == letters[at+1] {
			at = 0
		}
		letters[at], letters[at+1] = letters[at+1], letters[at]
		fields[i] = string(letters)
		swapped++
	}
	return strings.Join(fields, " "), swapped == swappedWords
}
