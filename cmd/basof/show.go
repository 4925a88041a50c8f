package main

import (
	"errors"
	"fmt"
	"iter"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func showCommand() *cli.Command {
	s := newShow()
	return &cli.Command{
		Name:      "show",
		Usage:     "prints what a document held, byte for byte (the default)",
		ArgsUsage: "PATH|CITATION",
		UsageText: `basof show docs/guide.md
basof show -at 2025-01-15 docs/guide.md > guide-as-of-january.md
basof show -at yesterday -json docs/guide.md | jq -r .sha256
basof show "$(basof search -k 1 -json "retry with backoff" | jq -r .cite)"`,
		Description: `A CITATION, PATH@sha256:HASH#L10-L24, is what basof search -l and -json give. It names lines of one content, or of the text that a filter made of it, by the hash of that, and prints the same for ever, or says that it is gone: -at and -known do not matter.`,
		Flags:       tool.Flags(&s.set),
		Action:      s.run,
	}
}

type show struct{ *question }

func newShow() show {
	s := show{newQuestion()}
	s.addAt()
	s.addKnown()
	return s
}

func (s show) run(c *cli.Context) (err error) {
	name, err := document(c)
	if err != nil {
		return err
	}
	reader, point, err := s.open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	cite, ok, err := citation(c, reader)
	switch {
	case err != nil:
		return err
	case ok:
		return s.printCited(c, reader, cite)
	}
	if err := remembered(c, reader, point.Point, name); err != nil {
		return err
	}
	held, err := asof.Held(c.Context, reader, name, point.Point)
	var absent *asof.AbsentError
	if errors.As(err, &absent) {
		return explainGone(c, reader, absent)
	}
	if err != nil {
		return err
	}
	if err := warnStale(c, reader, point.Point, name); err != nil {
		return err
	}
	if !*s.json {
		return reader.WriteContent(c.Context, c.App.Writer, held.SHA256)
	}
	span, err := asof.Whole(c.Context, reader, held, point.Point)
	if err != nil {
		return err
	}
	return kb.NewJSONEncoder(c.App.Writer).Encode(answerOf(span, point.stamp()))
}

// document returns the one document that the user named.
func document(c *cli.Context) (string, error) {
	switch n := c.Args().Len(); {
	case n > 1:
		return "", tool.WithHint(tool.Usagef("one document at a time, but there are %d arguments", n),
			"a command comes first: basof "+strings.Join(commandNames, ", "))
	case c.Args().First() == "":
		return "", tool.Usagef("name a document")
	}
	return kb.CleanPrefix(c.Args().First()), nil
}

// commandNames are the commands beside show, in the order of the help.
var commandNames = []string{"search", "when", "ls", "log", "annotate", "diff", "tar", "info", "backup"}

// explain says what is known of a path that held nothing.
func explain(c *cli.Context, reader *sqlite.Reader, e *asof.AbsentError) error {
	if e.Path == "" {
		return tool.WithHint(tool.Usagef("name a document, not all of them"), "see what there is with: basof ls")
	}
	err := tool.Exit(tool.ExitNothing, e)
	if e.First != nil && e.At.Valid < *e.First && e.Missed == nil {
		return hintHistory(c, reader, e.Path, hintKnown(err, e))
	}
	return hintKnown(err, e)
}

// explainGone is explain for a document or a folder, of which what was there then may
// not have been taken in.
func explainGone(c *cli.Context, reader *sqlite.Reader, e *asof.AbsentError) error {
	if !e.Folder && e.Missed == nil { // which says as much
		if err := warnStale(c, reader, e.At, e.Path); err != nil {
			return err
		}
	}
	return explain(c, reader, e)
}

// hintKnown adds what is known of a path that held nothing.
func hintKnown(err error, e *asof.AbsentError) error {
	switch near := tool.Nearest(e.Path, commandNames); {
	case e.Folder:
		return tool.WithHint(err, "see what is in it with: basof ls "+shellArgument(e.Path))
	case e.Missed != nil:
		if e.First != nil {
			known := *e
			known.Missed = nil
			err = hintKnown(err, &known)
		}
		return tool.WithHint(err, "see what failed with: bingest status -all; how large a file may be: bscan -max-size")
	case e.First == nil && e.Overtaken != nil:
		return tool.WithHint(err, "basof log "+shellArgument(e.Path)+" lists it, and -at @COMMIT finds it")
	case e.First == nil && e.At.Known != kb.Forever:
		return tool.WithHint(err, fmt.Sprintf("that is what was known at %s; -known asks for that", e.At.Known))
	case e.First == nil && strings.Contains(e.Path, "@sha256:"):
		return tool.WithHint(err, "a citation is PATH@sha256:HASH, with all 64 digits of the hash, and #L10-L24 for lines")
	case e.First == nil && (e.Path == "help" || e.Path == "version"):
		return tool.WithHint(err, "did you mean basof --"+e.Path)
	case e.First == nil && near != "":
		return tool.WithHint(err, "did you mean basof "+near)
	case e.First == nil:
		return tool.WithHint(err, "see what there is with: basof ls")
	case e.Below && e.Last == nil:
		return tool.WithHint(err, fmt.Sprintf("known from %s on; see: basof ls -at TIME %s", e.First, shellArgument(e.Path)))
	case e.Below:
		return tool.WithHint(err, fmt.Sprintf("known from %s to %s; see: basof ls -at TIME %s", e.First, e.Last, shellArgument(e.Path)))
	case e.Last == nil:
		return tool.WithHint(err, fmt.Sprintf("known from %s on; see: basof log %s", e.First, shellArgument(e.Path)))
	default:
		return tool.WithHint(err, fmt.Sprintf("known from %s to %s; see: basof log %s", e.First, e.Last, shellArgument(e.Path)))
	}
}

// staleNames is how many names a warning lists.
const staleNames = 3

// warnStale says which of the documents asked about their last scan could not
// read, or has skipped, so that what is printed may be out of date.
func warnStale(c *cli.Context, reader *sqlite.Reader, at kb.Point, prefixes ...string) error {
	return warnEach(c, func(yield func(asof.Stale, error) bool) {
		for _, prefix := range prefixes {
			for stale, err := range reader.Stale(c.Context, prefix, at) {
				if !yield(stale, err) {
					return
				}
			}
		}
	})
}

// warnEach is warnStale for some documents.
func warnEach(c *cli.Context, documents iter.Seq2[asof.Stale, error]) error {
	var names []string
	count := 0
	var since kb.Instant
	for stale, err := range documents {
		if err != nil {
			return err
		}
		if count == 0 || stale.Since < since {
			since = stale.Since
		}
		if count++; count <= staleNames {
			names = append(names, stale.Path)
		}
	}
	switch {
	case count == 0:
	case count == 1:
		tool.Warn(c, fmt.Errorf("%s could not be read, or was too large, since %s; this may be out of date", names[0], since))
	case count <= staleNames:
		tool.Warn(c, fmt.Errorf("%s could not be read, or were too large, the first since %s; they may be out of date", strings.Join(names, ", "), since))
	default:
		tool.Warn(c, fmt.Errorf("%s and %d more could not be read, or were too large, the first since %s; they may be out of date", strings.Join(names, ", "), count-staleNames, since))
	}
	return nil
}
