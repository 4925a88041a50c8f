package main

import (
	"errors"
	"fmt"
	"io"
	"iter"
	"math"
	"slices"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func logCommand() *cli.Command {
	l := &log{question: newQuestion()}
	l.addAtOrEver()
	l.addKnown()
	l.limit = l.set.Int("limit", "TEMPORAL_QUERY_LIMIT", 1000, 1, math.MaxInt64, "print `N` versions at most, the latest ones")
	return &cli.Command{
		Name:      "log",
		Usage:     "lists the versions of a document, the latest first",
		ArgsUsage: "PATH",
		UsageText: `basof log docs/guide.md
basof log -json docs/guide.md | jq -r '[.valid_from, .sha256] | @tsv'
basof log -known 2025-03-01 docs/guide.md    # what was known of it then`,
		Description: `Each line says from when to when the document held something, what it was, and when the knowledge base learned it. A version marked superseded was replaced by another of the same moment.

Below a version stand the corrections that it made, or that lie within its time: when the knowledge base learned better, and what it believed until then, about which time. Ask basof show -known for a moment before to see it.

Of what could not be read, or was left out as too large, no version is listed; from when on is told on stderr.`,
		Flags:  tool.Flags(&l.set),
		Action: l.run,
	}
}

type log struct {
	*question
	limit *int64
}

func (l *log) run(c *cli.Context) (err error) {
	name, err := document(c)
	if err != nil {
		return err
	}
	reader, point, err := l.open(c)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	if err := remembered(c, reader, point.Point, name); err != nil {
		return err
	}
	count, err := l.walk(c, reader, name, &point)
	if err != nil {
		return err
	}
	if count > 0 {
		return errors.Join(l.writeBeginning(c, reader, name, &point), warnGaps(c, reader, name, point.Point))
	}
	_, err = asof.Held(c.Context, reader, name, point.Point)
	var absent *asof.AbsentError
	if errors.As(err, &absent) {
		return explainGone(c, reader, absent)
	}
	return err
}

// walk prints the versions of a document, and with each what it corrected.
func (l *log) walk(c *cli.Context, reader *sqlite.Reader, name string, point *asked) (count int64, err error) {
	print := l.printer(c, point)
	next, stop := iter.Pull2(asof.Amendments(c.Context, reader, name, point.Point))
	defer stop()
	ahead, err, more := next()
	for span, spanErr := range asof.Log(c.Context, reader, name, point.Point) {
		if err = errors.Join(err, spanErr); err != nil {
			return count, err
		}
		if count == *l.limit {
			tool.Warn(c, tool.WithHint(cutList("latest", count), "raise -limit or TEMPORAL_QUERY_LIMIT to see more"))
			break
		}
		if count == 0 && !point.when.ever { // its end may lie after -at
			whole, err := asof.Whole(c.Context, reader, &span.Version, point.Point)
			if err != nil {
				return count, err
			}
			span.ValidTo = whole.ValidTo
		}
		count++
		var amended []asof.Amendment // that are about a time from the beginning of this version on
		for more && err == nil && ahead.From >= span.ValidFrom {
			amended = append(amended, ahead)
			ahead, err, more = next()
		}
		if err := print(&span, amended); err != nil {
			return count, err
		}
	}
	return count, err
}

// warnGaps tells of a document from when on it is not known what it held, at the
// point or before any of its versions began.
func warnGaps(c *cli.Context, reader *sqlite.Reader, name string, point kb.Point) error {
	missed, err := reader.Missed(c.Context, name, point)
	if err != nil || missed == nil {
		return err
	}
	var gaps []string
	for next, err := range reader.Back(c.Context, name, point) { // the equal ones too, that are one in the list
		if err != nil {
			return err
		}
		before := kb.Point{Valid: next.ValidFrom - 1, Known: point.Known}
		for stale, err := range reader.Stale(c.Context, name, before) {
			if err != nil {
				return err
			}
			if since := stale.Since.String(); stale.Path == name && !slices.Contains(gaps, since) {
				gaps = append(gaps, since)
			}
			break // the document comes first
		}
	}
	slices.Reverse(gaps)
	if n := len(gaps); n > 0 {
		at := strings.Join(gaps[:min(n, staleNames)], ", ")
		if n > staleNames {
			at += fmt.Sprintf(" and %d more times", n-staleNames)
		}
		tool.Warn(c, fmt.Errorf("%s could not be read, or was too large, at %s; from then to the next version it is not known what it held", name, at))
	}
	return warnStale(c, reader, point, name)
}

// writeBeginning prints where memory begins, if something was forgotten.
func (l *log) writeBeginning(c *cli.Context, reader *sqlite.Reader, name string, point *asked) error {
	forgotten, err := memoryBegins(c, reader, name)
	if err != nil || forgotten == nil {
		return err
	}
	if !*l.json {
		_, err = fmt.Fprintf(c.App.Writer, "forgotten before %s\n", forgotten.Before)
		return err
	}
	beginning := struct {
		Path            string     `json:"path"`
		PathBytes       []byte     `json:"path_bytes,omitempty"`
		ForgottenBefore kb.Instant `json:"forgotten_before"`
		stamp
	}{ForgottenBefore: forgotten.Before, stamp: point.stamp()}
	beginning.Path, beginning.PathBytes = kb.Readable(name)
	return kb.NewJSONEncoder(c.App.Writer).Encode(&beginning)
}

// logAnswer is a version in JSON with what it corrected.
type logAnswer struct {
	*answer
	Corrections []correction `json:"corrections,omitempty"`
}

// correction is a time of which something else was believed, in JSON.
type correction struct {
	RecordedAt kb.Instant  `json:"recorded_at"` // of what corrected it
	ValidFrom  kb.Instant  `json:"valid_from"`
	ValidTo    *kb.Instant `json:"valid_to"` // null if nothing later was known then
	Before     *side       `json:"before"`   // what was believed until then; null if that it was gone
}

func (l *log) printer(c *cli.Context, point *asked) func(*asof.Span, []asof.Amendment) error {
	if *l.json {
		enc, about := kb.NewJSONEncoder(c.App.Writer), point.stamp()
		return func(span *asof.Span, amended []asof.Amendment) error {
			line := logAnswer{answer: answerOf(span, about)}
			for i := range amended {
				a := &amended[i]
				one := correction{RecordedAt: a.At, ValidFrom: a.From, ValidTo: openEnd(a.To)}
				if !a.Before.Gone {
					one.Before = sideOf(&a.Before)
				}
				line.Corrections = append(line.Corrections, one)
			}
			return enc.Encode(line)
		}
	}
	now := kb.InstantOf(time.Now())
	return func(span *asof.Span, amended []asof.Amendment) error {
		to := kb.Forever
		if span.ValidTo != nil {
			to = *span.ValidTo
		}
		what := heldText(&span.Version)
		if span.Superseded {
			what += "  superseded"
		}
		if span.Source != "" {
			what += "  " + tool.Display(span.Source, tool.IsTerminal(c.App.Writer))
		}
		var b strings.Builder
		fmt.Fprintf(&b, "%-*s  recorded %s  %s\n", stretchColumns, stretch(span.ValidFrom, to, now), span.RecordedAt, what)
		for i := range amended {
			a := &amended[i]
			before := heldText(&a.Before)
			if !a.Before.Gone {
				before = "to hold " + before
			}
			fmt.Fprintf(&b, "    corrected %s: until then it was believed %s from %s %s\n", a.At, before, a.From, toText(a.To))
		}
		_, err := io.WriteString(c.App.Writer, b.String())
		return err
	}
}

// heldText says in short what a version holds.
func heldText(v *kb.Version) string {
	if v.Gone {
		return "gone"
	}
	return fmt.Sprintf("%.12s %s %d bytes", v.SHA256, modeText(v.Mode), v.Size)
}

// toText writes the end of an interval.
func toText(to kb.Instant) string {
	if to == kb.Forever {
		return "on"
	}
	return "to " + to.String()
}
