package main

import (
	"bufio"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
)

// writer writes documents about topics. Half of the words of a paragraph are those
// of the topic, half those of the language, both as often as Zipf's law says, so
// that passages differ and words are as rare as words are.
type writer struct {
	random   *rand.Rand
	words    []string
	topics   [][]string
	language *rand.Zipf
	topical  *rand.Zipf
}

func newWriter(seed uint64) *writer {
	random := rand.New(rand.NewPCG(seed, 1))
	w := &writer{random: random, language: rand.NewZipf(random, 1.1, 4, 39_999), topical: rand.NewZipf(random, 1.4, 6, 59)}
	seen := make(map[string]bool)
	for len(w.words) < 40_000 {
		if word := w.newWord(); !seen[word] {
			seen[word] = true
			w.words = append(w.words, word)
		}
	}
	for range 2000 {
		topic := make([]string, 60)
		for i := range topic {
			topic[i] = w.words[300+random.IntN(len(w.words)-300)]
		}
		w.topics = append(w.topics, topic)
	}
	return w
}

func (w *writer) newWord() string {
	const onsets, vowels, codas = "b c d f g h l m n p r s t v st tr pl gr ch sh", "a e i o u ai ea ou", "  n r s t l nd st ck m"
	pick := func(list string) string {
		parts := strings.Split(list, " ")
		return parts[w.random.IntN(len(parts))]
	}
	var word strings.Builder
	for range 1 + w.random.IntN(3) {
		word.WriteString(pick(onsets) + pick(vowels) + pick(codas))
	}
	return word.String()
}

func (w *writer) sentence(topic []string, most int) string {
	words := make([]string, 5+w.random.IntN(most))
	for i := range words {
		if w.random.IntN(2) == 0 {
			words[i] = topic[w.topical.Uint64()]
		} else {
			words[i] = w.words[w.language.Uint64()]
		}
	}
	text := strings.Join(words, " ")
	return strings.ToUpper(text[:1]) + text[1:]
}

func (w *writer) paragraph(topic []string, sentences int) string {
	list := make([]string, 1+w.random.IntN(sentences))
	for i := range list {
		list[i] = w.sentence(topic, 14) + "."
	}
	return strings.Join(list, " ")
}

// markdown writes a document of so many sections.
func (w *writer) markdown(out io.Writer, sections int) {
	topic := w.topics[w.random.IntN(len(w.topics))]
	fmt.Fprintf(out, "# %s\n\n%s\n", w.sentence(topic, 3), w.paragraph(topic, 6))
	for range sections {
		fmt.Fprintf(out, "\n## %s\n\n%s\n", w.sentence(topic, 3), w.paragraph(topic, 8))
		switch w.random.IntN(4) {
		case 0:
			for range 2 + w.random.IntN(4) {
				fmt.Fprintf(out, "- %s\n", w.sentence(topic, 8))
			}
		case 1:
			fmt.Fprintf(out, "\n    %s --%s=%d\n", topic[0], topic[1], w.random.IntN(1000))
		}
	}
}

func (w *writer) html(out io.Writer, sections int) {
	topic := w.topics[w.random.IntN(len(w.topics))]
	fmt.Fprintf(out, "<!DOCTYPE html><html><head><title>%s</title></head><body>\n", w.sentence(topic, 3))
	for range sections {
		fmt.Fprintf(out, "<section><h2>%s</h2>\n<p>%s</p>\n<p>%s</p></section>\n", w.sentence(topic, 3), w.paragraph(topic, 8), w.paragraph(topic, 8))
	}
	fmt.Fprintln(out, "</body></html>")
}

// made makes a file or a folder once: make is given a name beside it, which then
// takes its place.
func (b *bench) made(path string, make func(path string) error) (string, error) {
	if _, err := os.Stat(path); err == nil {
		return path, nil
	}
	b.say("making %s", path)
	unfinished := path + ".unfinished"
	if err := os.RemoveAll(unfinished); err != nil {
		return "", err
	}
	if err := make(unfinished); err != nil {
		return "", err
	}
	return path, os.Rename(unfinished, path)
}

// knowledgeBase is made for one that make takes in, and makes it anew where it is
// left from programs that had other tables.
func (b *bench) knowledgeBase(path string, make func(path string) error) (string, error) {
	if b.shell("basof -db %s info >/dev/null 2>&1", path) != nil {
		for _, suffix := range []string{"", "-wal", "-shm"} {
			if err := os.RemoveAll(path + suffix); err != nil {
				return "", err
			}
		}
	}
	return b.made(path, make)
}

// smallTree is a tree of n small Markdown files, 100 in a folder.
func (b *bench) smallTree(n, sections int) (string, error) {
	return b.made(b.path(fmt.Sprintf("small%d", sections), n), func(root string) error {
		w := newWriter(1)
		return w.tree(root, n, ".md", func(out io.Writer) { w.markdown(out, 1+w.random.IntN(sections)) })
	})
}

func (w *writer) tree(root string, n int, extension string, document func(io.Writer)) error {
	for i := range n {
		folder := filepath.Join(root, fmt.Sprintf("%03d", i/100/100), fmt.Sprintf("%02d", i/100%100))
		if i%100 == 0 {
			if err := os.MkdirAll(folder, 0o777); err != nil {
				return err
			}
		}
		if err := writeFile(filepath.Join(folder, fmt.Sprintf("%02d%s", i%100, extension)), document); err != nil {
			return err
		}
	}
	return nil
}

func writeFile(path string, document func(io.Writer)) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	out := bufio.NewWriter(f)
	document(out)
	if err := out.Flush(); err != nil {
		f.Close()
		return err
	}
	return f.Close()
}

// linuxDocs is where Debian's linux-doc has some thousand large documents.
const linuxDocs = "/usr/share/doc/linux-doc/html"

// largeTree is a tree of n large HTML documents: those of the kernel where they are
// installed, else made ones.
func (b *bench) largeTree(n int) (root string, err error) {
	if _, err := os.Stat(linuxDocs); err == nil {
		return b.made(b.path("linux-doc", n), func(root string) error { return copyDocuments(root, linuxDocs, n) })
	}
	return b.made(b.path("large", n), func(root string) error {
		w := newWriter(2)
		return w.tree(root, n, ".html", func(out io.Writer) { w.html(out, 20+w.random.IntN(80)) })
	})
}

// copyDocuments copies the first n HTML files below from, so that the peers get what
// we take and nothing more.
func copyDocuments(to, from string, n int) error {
	return filepath.WalkDir(from, func(path string, entry fs.DirEntry, err error) error {
		if err != nil || n == 0 || !entry.Type().IsRegular() || filepath.Ext(path) != ".html" {
			return err
		}
		n--
		text, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		path = filepath.Join(to, strings.TrimPrefix(path, from))
		if err := os.MkdirAll(filepath.Dir(path), 0o777); err != nil {
			return err
		}
		return os.WriteFile(path, text, 0o666)
	})
}
