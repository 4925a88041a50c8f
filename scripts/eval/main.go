// Eval measures how well searches find the documents of a folder. It cuts the
// headings out of copies of the documents, takes the copies into a knowledge
// base, asks for the headings, as they stand, after "how do I" and with letters
// swapped in two long words of those that have two, and counts how often the document
// that a heading came from is found. The documents as they are, with their headings,
// are asked too.
//
//	go run ./scripts/eval /usr/share/doc
//
// It prints recall@5, the share of questions whose document is among the first
// five found, and MRR, the mean reciprocal rank of that document, for searches
// by words, by vectors and by both.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"

	"github.com/seed16713943/btools/pkg/embed"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt)
	defer stop()
	if err := run(ctx, os.Args[1:], os.Stdout); err != nil {
		fmt.Fprintf(os.Stderr, "eval: error: %v\n", err)
		os.Exit(1)
	}
}

func run(ctx context.Context, args []string, out io.Writer) error {
	flags := flag.NewFlagSet("eval", flag.ContinueOnError)
	most := flags.Int("questions", 400, "ask at most `N` headings")
	least := flags.Int("least", 300, "fail where there are fewer than `N` headings to ask")
	spec := flags.String("embed", "builtin", "the embedder, as bingest -embed names it")
	url := flags.String("embed-url", "", "the server of an openai: embedder")
	if err := flags.Parse(args); err != nil {
		return err
	}
	if flags.Arg(0) == "" || flags.NArg() != 1 {
		return errors.New("want one folder of documents, for example: make eval FOLDER=/usr/share/doc")
	}
	embedder, err := embed.Parse(*spec, embed.Options{URL: *url})
	if err != nil {
		return err
	}
	corpus, err := readCorpus(ctx, flags.Arg(0))
	if err != nil {
		return err
	}
	questions := corpus.questions(*most)
	if len(questions) < *least {
		return fmt.Errorf("%s has %d headings that name one section, and %d are needed", flags.Arg(0), len(questions), *least)
	}
	dir, err := os.MkdirTemp("", "btools-eval-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	copies, err := corpus.base(ctx, filepath.Join(dir, "copies.sqlite"), embedder, copied)
	if err != nil {
		return err
	}
	defer copies.Close() // only read
	originals, err := corpus.base(ctx, filepath.Join(dir, "originals.sqlite"), embedder, original)
	if err != nil {
		return err
	}
	defer originals.Close() // only read
	fmt.Fprintf(out, "%d documents, ", len(corpus.documents))
	return measure(ctx, out, copies, originals, questions)
}
