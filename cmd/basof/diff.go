package main

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"math"
	"sync"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func diffCommand() *cli.Command {
	d := &diff{question: newQuestion()}
	d.from = d.set.String("from", "", "", "what was so at `TIME`; required")
	d.flag = "-to"
	d.at = d.set.String("to,at", "", "now", "and what was so at `TIME`")
	d.addKnown()
	d.patch = d.set.Bool("p", "", "print what changed in each document, as a unified diff that git apply and patch take in")
	d.stat = d.set.Bool("stat", "", "print how many lines were added and removed in each document")
	d.renames = d.set.Bool("M", "", "take a document that went and one that came for a renamed one where half of the content is the same")
	d.limit = d.set.Int("limit", "", 0, 0, math.MaxInt64, "print `N` documents at most; 0 is all")
	return &cli.Command{
		Name:      "diff",
		Usage:     "says what changed between two moments",
		ArgsUsage: "[PREFIX]",
		UsageText: `basof diff -from yesterday
basof diff -from 2025-01-01 -to 2025-02-01 docs
basof diff -from "1 week ago" -p docs/guide.md
basof diff -from @3f0c2ab -to @9d41e07 -M
basof diff -from 2025-01-01 -p -M | git apply
basof diff -from 2025-01-01 -stat`,
		Description: `By default a letter and a name a line: A for a document that came, M for one that changed, D for one that went, and with -M, R for one that was renamed, with both its names.

A patch of -p changes nothing outside the folder that it is applied in: a leading / or ../ of names is left out. A document whose name becomes another's is left out and told, and the exit code is 3.`,
		Flags:  tool.Flags(&d.set),
		Action: d.run,
	}
}

type diff struct {
	*question
	from                 *string
	patch, stat, renames *bool
	limit                *int64
}

func (d *diff) run(c *cli.Context) (err error) {
	switch {
	case *d.from == "":
		return tool.Usagef("diff needs -from, and takes -to (now if not given)")
	case c.Args().Len() > 1:
		return tool.Usagef("diff takes one prefix, but there are %d arguments", c.Args().Len())
	case *d.patch && (*d.stat || *d.json), *d.stat && *d.json:
		return tool.Usagef("of -p, -stat and -json, only one")
	}
	before, err := d.moment(c, "-from", *d.from)
	if err != nil {
		return err
	}
	reader, to, err := d.open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	from, err := d.ask(c, reader, before, to.known.moment)
	if err != nil {
		return err
	}
	if *d.verbose {
		tool.Note(c, "compared with what was so "+from.String())
	}
	prefix := kb.CleanPrefix(c.Args().First())
	for _, point := range []kb.Point{from.Point, to.Point} {
		if err := remembered(c, reader, point, prefix); err != nil {
			return err
		}
	}
	sum, err := d.walk(c, reader, prefix, &from, &to)
	if err != nil {
		return err
	}
	if err := warnEach(c, asof.StaleAtEither(c.Context, reader, prefix, from.Point, to.Point)); err != nil {
		return err
	}
	if sum.files == 0 && prefix != "" {
		return neverThere(c, reader, prefix, from.Point, to.Point)
	}
	if sum.leftOut > 0 {
		return tool.Exit(tool.ExitPartial, errors.New("the patch lacks "+tool.Count(sum.leftOut, "document")))
	}
	if *d.stat && sum.files > 0 {
		_, err = fmt.Fprintf(c.App.Writer, "%s changed, %s added, %d removed\n", tool.Count(sum.files, "document"), tool.Count(sum.added, "line"), sum.removed)
	}
	return err
}

// walk prints what changed.
func (d *diff) walk(c *cli.Context, reader *sqlite.Reader, prefix string, from, to *asked) (sum total, err error) {
	renames := new(asof.Renames)
	if *d.renames {
		if renames, err = asof.FindRenames(c.Context, reader, prefix, from.Point, to.Point); err != nil {
			return sum, err
		}
		if renames.Limited {
			tool.Warn(c, tool.WithHint(errors.New("too many documents came and went to compare all of them; some renames are shown as both"),
				"name a folder to compare fewer"))
		}
	}
	print := d.printer(c, reader, prefix, from, to)
	for change, err := range reader.Changes(c.Context, prefix, from.Point, to.Point) {
		if err != nil {
			return sum, err
		}
		change, shown := renames.Apply(change)
		if !shown {
			continue
		}
		if *d.limit > 0 && sum.files == *d.limit {
			tool.Warn(c, fmt.Errorf("%w, as -limit says", cutList("first", sum.files)))
			break
		}
		sum.files++
		if err := print(&change, &sum); err != nil {
			return sum, err
		}
	}
	return sum, nil
}

// neverThere fails where nothing was under the prefix at any of the points, as
// when its name is mistyped.
func neverThere(c *cli.Context, reader *sqlite.Reader, prefix string, points ...kb.Point) error {
	for _, point := range points {
		for _, err := range reader.List(c.Context, prefix, point) {
			return err
		}
	}
	return tool.Exit(tool.ExitNothing, tool.WithHint(
		fmt.Errorf("%s: nothing was there at either moment", prefix), "see what is there with: basof ls"))
}

// total is what a diff adds up to.
type total struct{ files, added, removed, leftOut int64 }

// printer returns what prints one change in the form asked for.
func (d *diff) printer(c *cli.Context, reader *sqlite.Reader, prefix string, from, to *asked) func(*asof.Change, *total) error {
	out := c.App.Writer
	switch {
	case *d.json:
		enc, about := kb.NewJSONEncoder(out), changeStamp{stamp: to.stamp()}
		before := from.stamp()
		about.FromAsOf, about.FromAsOfCommit = before.AsOf, before.AsOfCommit
		since := func(v *kb.Version, at *asked) (*kb.Version, error) {
			if v == nil {
				return nil, nil
			}
			return asof.Since(c.Context, reader, v, at.Point)
		}
		return func(change *asof.Change, _ *total) (err error) {
			whole := *change
			if whole.Old, err = since(change.Old, from); err != nil {
				return err
			}
			if whole.New, err = since(change.New, to); err != nil {
				return err
			}
			return enc.Encode(changeOf(&whole, about))
		}
	case *d.patch:
		return d.patcher(c, reader, prefix, from, to)
	case *d.stat:
		return func(change *asof.Change, sum *total) error {
			patch, err := patchOf(c, reader, change)
			if err != nil {
				return err
			}
			name := names(change, " => ", tool.IsTerminal(out))
			if patch.Binary {
				_, err = fmt.Fprintf(out, "%7s %7s  %s\n", "-", "-", name)
				return err
			}
			sum.added += int64(patch.Added)
			sum.removed += int64(patch.Removed)
			_, err = fmt.Fprintf(out, "%7s %7s  %s\n", fmt.Sprintf("+%d", patch.Added), fmt.Sprintf("-%d", patch.Removed), name)
			return err
		}
	}
	return func(change *asof.Change, _ *total) error {
		_, err := fmt.Fprintf(out, "%c\t%s\n", letter(change), names(change, "\t", tool.IsTerminal(out)))
		return err
	}
}

// patcher returns what prints the patch of one change.
func (d *diff) patcher(c *cli.Context, reader *sqlite.Reader, prefix string, from, to *asked) func(*asof.Change, *total) error {
	names := asof.NewPatchNames(reader, prefix, from.Point, to.Point, func(err error) { tool.Warn(c, err) })
	hashed := sync.OnceValues(func() (bool, error) { return hasSHA256(c, reader) })
	return func(change *asof.Change, sum *total) error {
		why, err := names.Refuse(c.Context, change)
		if err != nil {
			return err
		}
		if why != "" {
			tool.Warn(c, fmt.Errorf("%s is left out: %s", change.Path, why))
			sum.leftOut++
			return nil
		}
		patch, err := patchOf(c, reader, change)
		if err == nil && patch.Binary {
			patch.SHA256, err = hashed()
		}
		if err != nil {
			return err
		}
		return patch.Write(tool.Visible(c.App.Writer), change)
	}
}

// hasSHA256 reports whether the history that was taken in is one of a repository whose
// objects are named by their SHA-256, for those that live scans have changed since.
func hasSHA256(c *cli.Context, reader *sqlite.Reader) (bool, error) {
	some, err := reader.Commits(c.Context, "", 1)
	return len(some) > 0 && len(some[0].Hash) == 2*sha256.Size, err
}

// names writes the name of a document, and before it the one that it had.
func names(change *asof.Change, between string, terminal bool) string {
	name := tool.Display(change.Path, terminal)
	if change.Renamed() {
		name = tool.Display(change.Old.Path, terminal) + between + name
	}
	return name
}

func letter(change *asof.Change) rune {
	switch {
	case change.Old == nil:
		return 'A'
	case change.New == nil:
		return 'D'
	case change.Renamed():
		return 'R'
	default:
		return 'M'
	}
}

func patchOf(c *cli.Context, reader *sqlite.Reader, change *asof.Change) (*asof.Patch, error) {
	var sides [2]bytes.Buffer
	for i, v := range []*kb.Version{change.Old, change.New} {
		if v == nil {
			continue
		}
		if err := reader.WriteContent(c.Context, &sides[i], v.SHA256); err != nil {
			return nil, err
		}
	}
	return asof.NewPatch(sides[0].Bytes(), sides[1].Bytes()), nil
}

// changeAnswer is a change in JSON.
type changeAnswer struct {
	Path         string `json:"path"`
	PathBytes    []byte `json:"path_bytes,omitempty"`
	Status       string `json:"status"`             // added, modified, deleted or renamed
	OldPath      string `json:"old_path,omitempty"` // of one that was renamed
	OldPathBytes []byte `json:"old_path_bytes,omitempty"`
	Similarity   int    `json:"similarity,omitempty"` // of one that was renamed, in percent
	Old          *side  `json:"old"`                  // null if it was not there
	New          *side  `json:"new"`
	changeStamp
}

// changeStamp is the two points that a change lies between, in JSON.
type changeStamp struct {
	FromAsOf       *kb.Instant `json:"from_as_of"`
	FromAsOfCommit string      `json:"from_as_of_commit,omitempty"`
	stamp
}

// side is one side of a change.
type side struct {
	ValidFrom  kb.Instant  `json:"valid_from"`
	RecordedAt kb.Instant  `json:"recorded_at"`
	SHA256     kb.Hash     `json:"sha256"`
	Size       int64       `json:"size"`
	Mode       *kb.Mode    `json:"mode"`
	MTime      *kb.Instant `json:"mtime"`
	Source     *string     `json:"source"` // null for a live scan
}

func changeOf(change *asof.Change, about changeStamp) *changeAnswer {
	a := &changeAnswer{
		Status: map[rune]string{'A': "added", 'M': "modified", 'D': "deleted", 'R': "renamed"}[letter(change)],
		Old:    sideOf(change.Old), New: sideOf(change.New), Similarity: change.Similarity, changeStamp: about,
	}
	a.Path, a.PathBytes = kb.Readable(change.Path)
	if change.Renamed() {
		a.OldPath, a.OldPathBytes = kb.Readable(change.Old.Path)
	}
	return a
}

func sideOf(v *kb.Version) *side {
	if v == nil {
		return nil
	}
	s := &side{v.ValidFrom, v.RecordedAt, v.SHA256, v.Size, v.Mode, v.MTime, nil}
	if v.Source != "" {
		s.Source = &v.Source
	}
	return s
}
