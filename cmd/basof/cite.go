package main

import (
	"errors"
	"fmt"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// ever is the point at which everything that is known has begun.
var ever = kb.Point{Valid: kb.Forever, Known: kb.Forever}

// citation returns the citation that the user typed in the place of a document.
// A document that has the name of one comes first.
func citation(c *cli.Context, reader *sqlite.Reader) (cite asof.Cite, ok bool, err error) {
	cite, ok = asof.ParseCite(c.Args().First())
	if !ok {
		return cite, false, nil
	}
	document, err := reader.InForce(c.Context, kb.CleanPrefix(c.Args().First()), ever)
	return cite, document == nil, err
}

// printCited prints what a citation names, or in JSON which versions it is of.
func (s show) printCited(c *cli.Context, reader *sqlite.Reader, cite asof.Cite) error {
	if *s.json {
		return printCitedVersions(c, reader, cite)
	}
	return explainCite(c, reader, asof.WriteCite(c.Context, reader, c.App.Writer, cite), cite)
}

// printCitedVersions prints the versions of a document with the content that is
// cited, the latest first.
func printCitedVersions(c *cli.Context, reader *sqlite.Reader, cite asof.Cite) error {
	if cite.Path == "" {
		return tool.Usagef("-json needs a citation with the path of a document before the @")
	}
	enc := kb.NewJSONEncoder(c.App.Writer)
	found := false
	for span, err := range asof.Log(c.Context, reader, cite.Path, ever) {
		if err != nil {
			return err
		}
		named, err := cite.Names(c.Context, reader, &span.Version)
		if err != nil {
			return err
		}
		if !named {
			continue
		}
		found = true
		if err := enc.Encode(answerOf(&span, stamp{})); err != nil {
			return err
		}
	}
	if found {
		return nil
	}
	err := cite.Check(c.Context, reader)
	if err == nil {
		err = tool.Exit(tool.ExitNothing, fmt.Errorf("%s: that text was replaced by bingest reindex, and of which versions it was is not kept", cite))
	}
	return explainCite(c, reader, err, cite)
}

// explainCite says what to do about a citation that names nothing.
func explainCite(c *cli.Context, reader *sqlite.Reader, err error, cite asof.Cite) error {
	switch {
	case errors.Is(err, asof.ErrNoLine):
		return tool.Exit(tool.ExitNothing, err)
	case !errors.Is(err, asof.ErrNotCited):
		return err
	}
	noSuch := err
	err = tool.Exit(tool.ExitNothing, err)
	var prefixes []string
	if cite.Path != "" {
		err = tool.WithHint(err, "see what it held with: basof log "+shellArgument(cite.Path))
		prefixes = append(prefixes, cite.Path)
	}
	if errors.Is(noSuch, asof.ErrNoText) {
		err = tool.WithHint(err, "a text that bingest reindex made anew is kept, as it was, until bingest forget drops something")
	}
	forgotten, ferr := memoryBegins(c, reader, prefixes...)
	switch {
	case ferr != nil:
		return ferr
	case forgotten != nil:
		return tool.WithHint(err, fmt.Sprintf("what was there before %s is forgotten, and may be what is cited", forgotten.Before))
	}
	return err
}
