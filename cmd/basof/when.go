package main

import (
	"errors"
	"fmt"
	"math"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func whenCommand() *cli.Command {
	w := &said{question: newQuestion()}
	w.addAtOrEver()
	w.addKnown()
	w.limit = w.set.Int("limit", "TEMPORAL_QUERY_LIMIT", 1000, 1, math.MaxInt64, "print `N` lines at most")
	return &cli.Command{
		Name:      "when",
		Usage:     "says since when, and until when, documents said a phrase",
		ArgsUsage: "PHRASE [PREFIX]...",
		UsageText: `basof when "three attempts"
basof when "three attempts" docs/operations
basof when -known 2025-03-01 "three attempts"    # as it was known then
basof when -json "three attempts" | jq -r 'select(.valid_to == null) | .path'    # who still says it`,
		Description: `Each line says from when to when a document said it. The words of PHRASE are found one after the other; case, accents and what stands between words do not matter. A phrase that begins in one passage, such as a section, and ends in the next is not found.

A PREFIX is the name of a document or of a folder; with any, only what is under one of them is looked at.`,
		Flags:  tool.Flags(&w.set),
		Action: w.run,
	}
}

// said asks when something was said.
type said struct {
	*question
	limit *int64
}

func (w *said) run(c *cli.Context) (err error) {
	phrase := c.Args().First()
	if strings.TrimSpace(phrase) == "" {
		return tool.Usagef("say which phrase")
	}
	reader, point, err := w.open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	prefixes := cleanNames(c.Args().Tail())
	if err := remembered(c, reader, point.Point, prefixes...); err != nil {
		return err
	}
	forgotten, err := memoryBegins(c, reader, prefixes...)
	if err != nil {
		return err
	}
	about := sayingAnswer{stamp: point.stamp()}
	if forgotten != nil {
		about.ForgottenBefore = &forgotten.Before
		tool.Warn(c, fmt.Errorf("what was said before %s is forgotten, at least in part; what stood then may have stood longer", forgotten.Before))
	}
	warnForeign(c, reader, &point)
	print := w.printer(c, about)
	var count int64
	var still []string // documents that say it at the point
	for saying, err := range asof.When(c.Context, reader, phrase, prefixes, point.Point) {
		if err != nil {
			return explainSearch(err, "")
		}
		if count == *w.limit {
			tool.Warn(c, tool.WithHint(cutList("first", count), "raise -limit or TEMPORAL_QUERY_LIMIT to see more"))
			break
		}
		count++
		if err := print(&saying); err != nil {
			return err
		}
		if last := len(still) - 1; (saying.To == kb.Forever || point.Valid < saying.To) && (last < 0 || still[last] != saying.Path) {
			still = append(still, saying.Path)
		}
	}
	if count > 0 {
		return warnStale(c, reader, point.Point, still...)
	}
	return neverSaid(c, reader, phrase, prefixes, &point)
}

// neverSaid says that no document ever said a phrase, or none that was in force.
func neverSaid(c *cli.Context, reader *sqlite.Reader, phrase string, prefixes []string, point *asked) error {
	for _, prefix := range prefixes {
		_, err := asof.Held(c.Context, reader, prefix, ever)
		var absent *asof.AbsentError
		if errors.As(err, &absent) && !absent.Folder && absent.First == nil && absent.Overtaken == nil {
			return hintQuotes(c, explain(c, reader, absent), prefix)
		}
	}
	index, err := reader.SearchIndex(c.Context)
	switch {
	case err != nil:
		return err
	case index.Empty:
		return nothing(c, reader, "", ever)
	}
	if len(reader.SplitWords(phrase)) == 0 {
		return wordless(phrase)
	}
	where := "no document"
	if len(prefixes) > 0 {
		where = "nothing in " + strings.Join(prefixes, ", ")
	}
	if !point.when.ever {
		where += " that is known up to " + thenText(point.Point)
	} else if point.Known != kb.Forever {
		where += ", as it was known at " + point.Known.String() + ","
	}
	err = fmt.Errorf("%s ever said %s", where, quoted(phrase))
	overtaken, lookErr := reader.Overtaken(point.Point)
	switch {
	case lookErr != nil:
		return lookErr
	case overtaken:
		err = tool.WithHint(fmt.Errorf("%s said %s for any length of time", where, quoted(phrase)),
			"a version that was overtaken at the very moment at which it began is not looked at; basof log lists it, and -at @COMMIT finds what it said")
	}
	return tool.Exit(tool.ExitNothing, tool.WithHint(err, "see what comes near it with: basof search WORDS"))
}

// sayingAnswer is a saying in JSON.
type sayingAnswer struct {
	Path      string      `json:"path"`
	PathBytes []byte      `json:"path_bytes,omitempty"`
	ValidFrom kb.Instant  `json:"valid_from"`
	ValidTo   *kb.Instant `json:"valid_to"` // null while it is said
	// ForgottenBefore is of the whole answer. It stands in every line, since a line of
	// its own, without valid_to, would pass for something that is said still.
	ForgottenBefore *kb.Instant `json:"forgotten_before,omitempty"`
	stamp
}

// printer returns what prints a saying. In JSON, all have the fields of one.
func (w *said) printer(c *cli.Context, about sayingAnswer) func(*asof.Saying) error {
	out := c.App.Writer
	if *w.json {
		enc := kb.NewJSONEncoder(out)
		return func(s *asof.Saying) error {
			a := about
			a.ValidFrom, a.ValidTo = s.From, openEnd(s.To)
			a.Path, a.PathBytes = kb.Readable(s.Path)
			return enc.Encode(a)
		}
	}
	now, terminal := kb.InstantOf(time.Now()), tool.IsTerminal(out)
	return func(s *asof.Saying) error {
		_, err := fmt.Fprintf(out, "%-*s  %s\n", stretchColumns, stretch(s.From, s.To, now), tool.Display(s.Path, terminal))
		return err
	}
}
