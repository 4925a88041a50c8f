package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// judge tells the user what is not as it should be with a run, and turns it into
// the exit code.
type judge func(c *cli.Context, sum *ingest.Summary) error

// verdict is the judge of runs that take documents in, or out.
func (s *settings) verdict(c *cli.Context, sum *ingest.Summary) error {
	code := lacking(c, sum)
	if n := sum.Counts.Failed; n > 0 {
		code = tool.ExitPartial
		tool.Warn(c, againHint(c, fmt.Errorf("%s of %d failed", tool.Count(n, "record"), sum.Counts.Total()), sum, s.dir))
	}
	if n := sum.SkippedForgotten; n > 0 {
		tool.Warn(c, fmt.Errorf("%s from before what is remembered, and skipped", verb(n, "record", "is", "are")))
	}
	if n := sum.Unread; n > 0 {
		code = tool.ExitPartial
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("%s could not be read, such as %s; what lies below is left as it was", tool.Count(n, "folder"), tool.Display(sum.FirstUnread, tool.IsTerminal(c.App.ErrWriter))),
			"see what bscan said of them, make them readable, and scan again"))
	}
	if sum.Withheld > 0 {
		code = tool.ExitPartial
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("%s would be gone, more than -max-delete allows, and so none is", tool.Count(sum.Withheld, "document")),
			"if they were deleted on purpose, scan again with: bingest -max-delete 100%"))
	}
	switch sum.Status {
	case ingest.Interrupted:
		return stoppedAs("interrupted after "+tool.Count(sum.Counts.Total(), "record"), "to finish, run the same line again")
	case ingest.Incomplete:
		if sum.Counts.Total() == 0 {
			return tool.Exit(tool.ExitPartial, tool.WithHint(
				errors.New("the input holds no records and no complete scan"), "see what the program before bingest said"))
		}
		return tool.Exit(tool.ExitPartial, tool.WithHint(
			errors.New("the input ended before its scan was complete, and so nothing that it did not list is recorded as gone"),
			"run the same line again; for one of several workers, or records made by hand, use -partial"))
	}
	if code != tool.ExitOK {
		return tool.Exit(code, nil)
	}
	return nil
}

// stoppedAs is the error of a run that a signal has ended.
func stoppedAs(what, hint string) error {
	return tool.Exit(tool.ExitInterrupted, tool.WithHint(errors.New(what), hint))
}

// againHint says where to see what failed, and how to try it again; dir is -C, if
// the command has it.
func againHint(c *cli.Context, err error, sum *ingest.Summary, dir *string) error {
	var ways []string
	if sum.Counts.Failed > sum.FailedContents+sum.FailedNames+sum.FailedLines {
		below := ""
		if dir != nil {
			below = *dir
		}
		ways = append(ways, tryAgain(below, tool.IsTerminal(c.App.ErrWriter)))
	}
	if sum.FailedContents > 0 {
		ways = append(ways, "the same line again, where contents come with records, as from a history: they are not kept")
	}
	if sum.FailedNames > 0 {
		ways = append(ways, "the names that may not be read, put right")
	}
	if sum.FailedLines > 0 {
		ways = append(ways, "the lines that could not be read, put right")
	}
	return tool.WithHint(err, `see "errors" in the report, also with: bingest report; to try them again: `+strings.Join(ways, "; or "))
}

// lacking tells the user what searches will not find, and returns the exit code
// for it.
func lacking(c *cli.Context, sum *ingest.Summary) int {
	code := tool.ExitOK
	if total, reasons := countCodes(sum.Textless); total > 0 {
		err := fmt.Errorf("%s stored without text to search (%s)", verb(total, "version", "is", "are"), reasons)
		if sum.Textless[kb.Unsupported] > 0 {
			err = tool.WithHint(err, "a -filter makes text of other formats, and of what is stored with: bingest reindex -filter pdf='pdftotext - -'")
		}
		if total > sum.Textless[kb.Unsupported]+sum.Textless[kb.Binary] {
			code = tool.ExitPartial
			err = tool.WithHint(err, `see "text_summary" in the report, or bingest status -all; to try again: bingest reindex, with the -filter`)
		}
		tool.Warn(c, err)
	}
	if n := sum.Rejected; n > 0 {
		code = tool.ExitPartial
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("%s no vector: %w", verb(n, "passage", "gets", "get"), sum.FirstRefusal),
			"only their words find them; to ask for all vectors again: bingest reindex"))
	}
	if n := sum.Waiting; n > 0 {
		code = tool.ExitPartial
		err := fmt.Errorf("%s for a vector", verb(n, "passage", "waits", "wait"))
		if sum.FirstEmbedFault != nil {
			err = waitHint(fmt.Errorf("%w: %w", err, sum.FirstEmbedFault))
		}
		tool.Warn(c, tool.WithHint(err, "every later run asks for them first; until then they are found by their words"))
	}
	return code
}

// limitHint says what to do about vectors that are too large to be stored.
const limitHint = "take another model, or have the server give shorter vectors: bingest reindex -embed openai:MODEL"

// waitHint says what to do about an embedder for which waiting alone is not enough.
func waitHint(err error) error {
	var fault *kb.Fault
	var dimension *embed.DimensionError
	var limit *embed.LimitError
	switch {
	case errors.As(err, &limit):
		return tool.WithHint(err, limitHint)
	case errors.As(err, &dimension):
		return tool.WithHint(err, "if the server has another model now, make all vectors anew with: bingest reindex")
	case errors.As(err, &fault) && fault.Code == embed.Refused:
		return tool.WithHint(err, "see that -embed-url is the embedding server, that -embed names a model of it, and that BATCH_EMBED_KEY is its key")
	}
	return err
}

// warnUntried tells of documents that have no text, since they came before the
// filter for them, and that no run tries again, since they have not changed.
func (s *settings) warnUntried(c *cli.Context, filters []*extract.Filter) error {
	if len(filters) == 0 {
		return nil
	}
	reader, err := s.openReader(c.Context)
	if err != nil {
		return err
	}
	defer reader.Close() // only read
	var untried int64
	for f, err := range reader.Textless(c.Context, now()) {
		if err != nil {
			return err
		}
		handles := func(filter *extract.Filter) bool { return filter.Handles(f.Path) }
		if f.Code == kb.Unsupported && slices.ContainsFunc(filters, handles) {
			untried++
		}
	}
	if untried > 0 {
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("%s no text yet, stored before there was the -filter for it", verb(untried, "document", "has", "have")),
			"what has not changed is not read again; to make its text: bingest reindex, with the same -filter"))
	}
	return nil
}

// storeHint says what to do about a knowledge base that cannot be used.
func storeHint(err error) error {
	var fault *kb.Fault
	var differ *ingest.EmbedderError
	var limit *embed.LimitError
	switch {
	case err == nil:
		return nil
	case errors.As(err, &limit):
		return tool.WithHint(err, limitHint)
	case errors.As(err, &differ):
		return embedderHint(err, differ)
	case errors.As(err, &fault) && fault.Code == kb.Busy:
		return tool.WithHint(err, "run the same line again when it is done; see bingest status")
	case errors.Is(err, sqlite.ErrMissing):
		return tool.WithHint(err, "name it with -db or BATCH_DB, or make it with: bscan FOLDER | bchunk | bingest")
	case errors.Is(err, sqlite.ErrNoFolder):
		return tool.WithHint(err, "make the folder first, or name another file with -db or BATCH_DB")
	case errors.Is(err, sqlite.ErrForeign):
		return tool.WithHint(err, "name another file with -db or BATCH_DB")
	case errors.Is(err, sqlite.ErrFull):
		return tool.WithHint(err, "make room and run the same line again; nothing that was committed is lost")
	case errors.Is(err, sqlite.ErrFileLimit):
		return tool.WithHint(err, "raise the limit, of which ulimit -f tells, and run the same line again; nothing that was committed is lost")
	case errors.Is(err, sqlite.ErrReplaced):
		return tool.WithHint(err, "what this run took in went with the file that had the name; run the same line again")
	case errors.Is(err, sqlite.ErrReadOnly):
		return tool.WithHint(err, "make the file and its folder writable, or name another with -db")
	}
	if hint := sqlite.Hint(err); hint != "" {
		return tool.WithHint(err, hint)
	}
	return err
}
