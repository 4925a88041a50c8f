package render

import (
	"fmt"
	"io"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/seed16713943/btools/pkg/report"
)

// TextOptions say where text is written to.
type TextOptions struct {
	Columns int  // that a line may have
	Color   bool // whether it may be coloured
}

// leastColumns is what text needs: a narrower terminal breaks its lines.
const leastColumns = 40

// textFailuresShown is how many failures text names.
const textFailuresShown = 20

// Text writes a series for people at a terminal.
func Text(w io.Writer, s *report.Series, opts TextOptions) error {
	t := text{columns: max(opts.Columns, leastColumns), color: opts.Color}
	if courses := overRuns(s); courses != nil {
		t.wrapped("", "", span(s), bold)
		t.line("")
		t.table(s)
		t.line("")
		for _, c := range courses {
			t.wrapped("  ", "  ", c.of, bold)
			t.curves(c.curves)
			t.line("")
		}
	}
	t.run(s.Last())
	_, err := io.WriteString(w, t.b.String())
	return err
}

// text is text in the making.
type text struct {
	b       strings.Builder
	columns int
	color   bool
}

type paint string

const (
	bold   paint = "1"
	faint  paint = "2"
	red    paint = "31"
	green  paint = "32"
	yellow paint = "33"
	violet paint = "35"
)

func (t *text) paint(color paint, s string) string {
	if !t.color || s == "" {
		return s
	}
	return "\x1b[" + string(color) + "m" + s + "\x1b[m"
}

func (t *text) line(s string) { t.b.WriteString(s + "\n") }

// status is the status of a run in its colour.
func (t *text) status(r *report.Run, padded string) string {
	switch r.Status {
	case complete:
		return t.paint(green, padded)
	case "failed":
		return t.paint(red, padded)
	}
	return t.paint(yellow, padded)
}

// run writes about one run.
func (t *text) run(r *report.Run) {
	status, end := visible(r.Status), ", "+at(r.Timestamp)+" UTC"
	gap := " "
	if columnsOf(name(r)+": "+status+end) > t.columns {
		gap = "\n  "
	}
	t.line(t.paint(bold, name(r)) + ":" + gap + t.status(r, status) + end)
	for _, warning := range warnings(r) {
		t.wrapped("  ", "  ", warning, red)
	}
	t.line("")
	t.wrapped("  ", "  ", totals(r), "")
	t.outcomes(r)
	t.line("")
	for _, f := range facts(r) {
		t.wrapped(fmt.Sprintf("  %-11s  ", f.name), strings.Repeat(" ", 15), f.text, "")
	}
	if curves := overRun(r); curves != nil {
		t.line("  over the run")
		t.curves(curves)
	}
	if n := r.Processing.Failed; n > 0 {
		t.section("failed: "+counted(n, "record"), failureReasons(r))
		t.failures(failures(r, textFailuresShown), n)
	}
	if r.Text.WithoutText > 0 || r.Text.Kept > 0 {
		t.section("without text to search: "+textCounts(r), textReasons(r))
		t.failures(textFailures(r, textFailuresShown), 0)
	}
}

// outcomes draws a bar for each.
func (t *text) outcomes(r *report.Run) {
	list := outcomes(r)
	var digits int
	var most int64
	for _, o := range list {
		digits = max(digits, len(count(o.n)))
		most = max(most, o.n)
	}
	room := min(40, t.columns-digits-16)
	for _, o := range list {
		bar := bar(o.n, most, room)
		if o.name == "failed" {
			bar = t.paint(red, bar)
		}
		t.line(strings.TrimRight(fmt.Sprintf("  %-11s  %*s  %s", o.name, digits, count(o.n), bar), " "))
	}
}

// bar is as long as its part of the room; what is not nothing can be seen.
func bar(n, most int64, room int) string {
	if n == 0 || room <= 0 {
		return ""
	}
	eighths := []rune("▏▎▍▌▋▊▉")
	length := max(1, int(float64(n)/float64(most)*float64(room*8)))
	text := strings.Repeat("█", length/8)
	if rest := length % 8; rest > 0 {
		text += string(eighths[rest-1])
	}
	return text
}

// curves draws curves under each other, each as wide as the others.
func (t *text) curves(curves []curve) {
	width := commonWidth(curves, 60)
	for _, c := range curves {
		width = min(width, max(t.columns-15-2-len(c.scale()), 5))
	}
	for _, c := range curves {
		if c.none() {
			t.line(fmt.Sprintf("  %-11s  none", c.name))
			continue
		}
		t.line(fmt.Sprintf("  %-11s  %s  %s", c.name, c.spark(width), t.paint(faint, c.scale())))
	}
}

func (t *text) section(title string, reasons []tally) {
	t.line("")
	t.line(t.paint(bold, title))
	digits := 0
	for _, r := range reasons {
		digits = max(digits, len(count(r.n)))
	}
	for i, r := range reasons {
		if i == textFailuresShown {
			t.line(fmt.Sprintf("  and for %s", counted(int64(len(reasons)-i), "other reason")))
			break
		}
		t.line(fmt.Sprintf("  %*s  %s", digits, count(r.n), r.name))
	}
}

// failures names what failed; of is how many there are in all, or 0.
func (t *text) failures(list []failure, of int64) {
	if len(list) > 0 {
		t.line("")
	}
	for _, f := range list {
		t.line("  " + t.paint(violet, f.path) + "  " + t.paint(faint, f.reason))
		t.wrapped("    ", "    ", shorten(f.message, 1000), "")
	}
	if more := of - int64(len(list)); more > 0 && len(list) > 0 {
		t.wrapped("  ", "  ", "and "+count(more)+` more, in the "errors" of the report`, faint)
	}
}

// wrapped writes text in lines of the width that there is.
func (t *text) wrapped(first, others, s string, color paint) {
	indent, line, used := first, "", 0
	flush := func() {
		t.line(indent + t.paint(color, line))
		indent, line, used = others, "", 0
	}
	for word := range strings.FieldsSeq(s) {
		columns := columnsOf(word)
		if used > 0 && columnsOf(indent)+used+1+columns > t.columns {
			flush()
		}
		if used > 0 {
			line += " "
			used++
		}
		line += word
		used += columns
	}
	if used > 0 {
		flush()
	}
}

// columnsOf returns how wide a terminal draws a text.
func columnsOf(s string) int {
	if len(s) == utf8.RuneCountInString(s) {
		return len(s)
	}
	n := 0
	for _, r := range s {
		switch {
		case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
			continue
		case slices.Contains([]width.Kind{width.EastAsianWide, width.EastAsianFullwidth}, width.LookupRune(r).Kind()):
			n++
		}
		n++
	}
	return n
}
