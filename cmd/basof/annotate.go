package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func annotateCommand() *cli.Command {
	q := newQuestion()
	q.addAt()
	q.addKnown()
	return &cli.Command{
		Name:      "annotate",
		Usage:     "says of each line of a document since when it has stood there",
		ArgsUsage: "PATH",
		UsageText: `basof annotate docs/guide.md
basof annotate -at 2025-01-15 docs/guide.md
basof annotate docs/guide.md | sort | tail -1    # the latest change
basof annotate -json docs/guide.md | jq -r 'select(.source != null) | .source' | sort | uniq -c`,
		Description: `Each line says since when it has stood there, what the version that brought it came from, its number, and the line. A line that went and came back has stood there since it came back; one that was moved, since it was.`,
		Flags:       tool.Flags(&q.set),
		Action:      q.annotate,
	}
}

func (q *question) annotate(c *cli.Context) (err error) {
	name, err := document(c)
	if err != nil {
		return err
	}
	reader, point, err := q.open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if err := remembered(c, reader, point.Point, name); err != nil {
		return err
	}
	lines, err := asof.Annotate(c.Context, reader, name, point.Point)
	var absent *asof.AbsentError
	switch {
	case errors.As(err, &absent):
		return explainGone(c, reader, absent)
	case errors.Is(err, asof.ErrNoLines):
		return tool.WithHint(err, "see its versions with: basof log "+shellArgument(name))
	case err != nil:
		return err
	}
	if err := warnStale(c, reader, point.Point, name); err != nil {
		return err
	}
	if err := warnForgotten(c, reader, name, lines); err != nil {
		return err
	}
	print := q.linePrinter(c, name, lines, point.stamp())
	for i := range lines {
		if err := print(i+1, &lines[i]); err != nil {
			return err
		}
	}
	return nil
}

// warnForgotten tells of lines that may be older than what is remembered.
func warnForgotten(c *cli.Context, reader *sqlite.Reader, name string, lines []asof.Line) error {
	forgotten, err := memoryBegins(c, reader, name)
	if err != nil || forgotten == nil {
		return err
	}
	if slices.ContainsFunc(lines, func(l asof.Line) bool { return l.Since.ValidFrom <= forgotten.Before }) {
		tool.Warn(c, fmt.Errorf("what was there before %s is forgotten; lines that stood there then may have stood longer", forgotten.Before))
	}
	return nil
}

// lineAnswer is a line in JSON, with the version since which it has stood there.
type lineAnswer struct {
	Path       string     `json:"path"`
	PathBytes  []byte     `json:"path_bytes,omitempty"`
	Line       int        `json:"line"`                 // from 1
	Text       string     `json:"text"`                 // without its end
	TextBytes  []byte     `json:"text_bytes,omitempty"` // where the text is not UTF-8
	ValidFrom  kb.Instant `json:"valid_from"`
	RecordedAt kb.Instant `json:"recorded_at"`
	SHA256     kb.Hash    `json:"sha256"` // of the version
	Source     *string    `json:"source"`
	stamp
}

// linePrinter returns what prints one line.
func (q *question) linePrinter(c *cli.Context, name string, lines []asof.Line, about stamp) func(int, *asof.Line) error {
	out := c.App.Writer
	if *q.json {
		enc := kb.NewJSONEncoder(out)
		return func(n int, line *asof.Line) error {
			v := line.Since
			a := lineAnswer{Line: n, ValidFrom: v.ValidFrom, RecordedAt: v.RecordedAt, SHA256: v.SHA256, stamp: about}
			a.Path, a.PathBytes = kb.Readable(name)
			a.Text, a.TextBytes = kb.Readable(strings.TrimSuffix(line.Text, "\n"))
			if v.Source != "" {
				a.Source = &v.Source
			}
			return enc.Encode(a)
		}
	}
	terminal, columns, shown := tool.IsTerminal(out), 0, tool.Visible(out)
	for i := range lines {
		columns = max(columns, utf8.RuneCountInString(sourceText(lines[i].Since, terminal)))
	}
	digits := len(strconv.Itoa(len(lines)))
	return func(n int, line *asof.Line) error {
		source := sourceText(line.Since, terminal)
		source += strings.Repeat(" ", columns-utf8.RuneCountInString(source))
		_, err := fmt.Fprintf(shown, "%s  %s  %*d  %s\n", line.Since.ValidFrom, source, digits, n, strings.TrimSuffix(line.Text, "\n"))
		return err
	}
}

// sourceText says in short where a version came from: of a commit, as many digits
// as are enough.
func sourceText(v *kb.Version, terminal bool) string {
	const digits = 12
	commit, is := strings.CutPrefix(v.Source, kb.CommitSource)
	switch {
	case v.Source == "":
		return "-"
	case is && len(commit) > digits:
		return kb.CommitSource + commit[:digits]
	default:
		return tool.Display(v.Source, terminal)
	}
}
