package main

import (
	"context"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// reindexChunk is how many contents are taken in hand at a time.
const reindexChunk = 100

func reindexCommand() *cli.Command {
	s := newQuery()
	s.makes = report.Reindex
	s.addWorkers("split")
	s.addWork()
	return &cli.Command{
		Name:  "reindex",
		Usage: "makes everything that searches need anew, from the contents in the knowledge base",
		UsageText: `bingest reindex
bingest reindex -embed openai:nomic-embed-text -embed-url http://localhost:11434/v1
bingest reindex -embed builtin
bingest reindex -filter pdf='pdftotext - -'`,
		Description: `For another embedder, for documents whose text a new -filter can make, and after an upgrade that says so. Versions are not touched. Searches find what was there before until all is done, and an interruption changes nothing.

Text that a filter made in an earlier run is used again, unless a -filter of now makes it anew: once for each content, whatever documents and times have it. A -filter that fails makes nothing, and what it fails on keeps the text that it had. Citations of the text before still print it. What no text could be had from is tried again.`,
		Flags:  tool.Flags(&s.set),
		Action: s.reindex,
	}
}

func (s *settings) reindex(c *cli.Context) error {
	if c.Args().Present() {
		return tool.Usagef("reindex takes no arguments: it is of all documents")
	}
	shown := s.newProgress(c, "content")
	defer shown.Close()
	opts, err := s.options(shown)
	if err == nil {
		err = s.mustExist(c) // rather than making a knowledge base of nothing
	}
	if err != nil {
		return s.refuse(c, err)
	}
	opts.ChunkSize, opts.Progress = reindexChunk, shown.tellReindex
	if shown.Shown() {
		shown.expect(func(ctx context.Context, reader *sqlite.Reader) (int64, error) { return reader.CountVersions(ctx) })
	}
	return s.do(c, opts, s.adopt, s.reindexed, func(store ingest.Store, opts ingest.Options) (*ingest.Summary, error) {
		defer shown.Close()
		sum, err := ingest.Reindex(c.Context, store, ingest.RunHere(now()), opts)
		if err != nil {
			err = tool.WithHint(err, "nothing has changed: searches find what they found before")
		}
		return sum, err
	})
}

// reindexed is the judge of bingest reindex.
func (s *settings) reindexed(c *cli.Context, sum *ingest.Summary) error {
	if sum.Status == ingest.Interrupted {
		return stoppedAs("interrupted; searches find what they found before", "to begin anew, run the same line again")
	}
	err := s.verdict(c, sum)
	if sum.KeptText == 0 {
		return err
	}
	first := &sum.KeptFaults[0]
	name := tool.Display(first.Path, tool.IsTerminal(c.App.ErrWriter))
	tool.Warn(c, tool.WithHint(
		fmt.Errorf("%s the text of before, as a -filter failed: %s: %s", verb(sum.KeptText, "version", "keeps", "keep"), name, first.Message),
		`see "text_summary" in the report; to try again: bingest reindex, with the -filter`))
	if err == nil {
		err = tool.Exit(tool.ExitPartial, nil)
	}
	return err
}
