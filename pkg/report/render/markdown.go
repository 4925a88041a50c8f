package render

import (
	"fmt"
	"io"
	"regexp"
	"strings"

	"github.com/seed16713943/btools/pkg/report"
)

const (
	// markdownRuns and markdownFailures keep a summary far below the 1 MiB that
	// GitHub shows of one.
	markdownRuns     = 50
	markdownFailures = 50
	markdownName     = 300 // characters of a name or a message
)

// Markdown writes a series for the summary of a CI job.
func Markdown(w io.Writer, s *report.Series) error {
	m := new(markdown)
	last := s.Last()
	m.line("## Ingest " + escaped(name(last)) + ": " + mark(last) + escaped(visible(last.Status)))
	m.line("")
	m.run(last)
	if len(s.Runs) > 1 {
		m.series(s)
	}
	_, err := io.WriteString(w, m.b.String())
	return err
}

// mark is what the eye finds first.
func mark(r *report.Run) string {
	switch {
	case r.Status == "failed":
		return "❌ "
	case r.Status != complete, r.Processing.Failed > 0, r.Processing.Withheld > 0, r.Processing.Unread > 0, r.Text.Failed() > 0:
		return "⚠️ "
	}
	return "✅ "
}

// markdown is Markdown in the making.
type markdown struct{ b strings.Builder }

func (m *markdown) line(s string) { m.b.WriteString(s + "\n") }

func (m *markdown) row(cells ...string) { m.line("| " + strings.Join(cells, " | ") + " |") }

func (m *markdown) run(r *report.Run) {
	for _, warning := range warnings(r) {
		m.line("> **" + escaped(shorten(warning, 3*markdownName)) + "**")
		m.line("")
	}
	m.line(escaped(totals(r) + "; " + at(r.Timestamp) + " UTC"))
	m.line("")
	var heads, rules, cells []string
	for _, o := range outcomes(r) {
		heads, rules = append(heads, o.name), append(rules, "--:")
		cell := count(o.n)
		if o.name == "failed" && o.n > 0 {
			cell = "**" + cell + "**"
		}
		cells = append(cells, cell)
	}
	m.row(heads...)
	m.row(rules...)
	m.row(cells...)
	m.line("")
	for _, f := range facts(r) {
		m.line("- " + f.name + ": " + escaped(f.text))
	}
	m.curves(overRun(r), "over the run")
	m.line("")
	if n := r.Processing.Failed; n > 0 {
		m.section("Failed: "+counted(n, "record"), failureReasons(r), failures(r, markdownFailures), n)
	}
	if r.Text.WithoutText > 0 || r.Text.Kept > 0 {
		m.section("Without text to search: "+textCounts(r), textReasons(r), textFailures(r, markdownFailures), 0)
	}
}

// curves draws curves in a line each.
func (m *markdown) curves(curves []curve, over string) {
	width := commonWidth(curves, 40)
	for _, c := range curves {
		if !c.none() {
			m.line("- " + c.name + " " + over + ": <code>" + c.spark(width) + "</code> " + escaped(c.scale()))
		}
	}
}

// section tells of what failed; of is how many there are in all, or 0.
func (m *markdown) section(title string, reasons []tally, list []failure, of int64) {
	m.line("### " + title)
	m.line("")
	for i, r := range reasons {
		if i == markdownFailures {
			m.line("- and " + counted(int64(len(reasons)-i), "other reason"))
			break
		}
		m.line("- " + count(r.n) + " " + code(r.name))
	}
	m.line("")
	if len(list) == 0 {
		return
	}
	m.row("path", "why", "message")
	m.row("---", "---", "---")
	for _, f := range list {
		m.row(code(f.path), escaped(shorten(f.reason, markdownName)), code(f.message))
	}
	m.line("")
	if more := of - int64(len(list)); more > 0 {
		m.line("and " + count(more) + " more, in the “errors” of the report")
		m.line("")
	}
}

func (m *markdown) series(s *report.Series) {
	m.line("### " + escaped(span(s)))
	m.line("")
	courses := overRuns(s)
	for _, c := range courses[:min(len(courses), mostCourses)] {
		if c.of != "" {
			m.line(code(c.of))
			m.line("")
		}
		m.curves(c.curves, "over the runs")
		m.line("")
	}
	if more := len(courses) - mostCourses; more > 0 {
		m.line("and " + counted(int64(more), "other knowledge base"))
		m.line("")
	}
	columns := columnsFor(s, markdownName)
	var heads, rules []string
	for _, c := range columns {
		heads = append(heads, c.head)
		if c.left {
			rules = append(rules, "---")
		} else {
			rules = append(rules, "--:")
		}
	}
	m.row(heads...)
	m.row(rules...)
	for i := len(s.Runs) - 1; i >= max(0, len(s.Runs)-markdownRuns); i-- {
		var cells []string
		for _, c := range columns {
			cells = append(cells, escaped(c.text(s.Runs[i])))
		}
		m.row(cells...)
	}
	m.line("")
	if more := len(s.Runs) - markdownRuns; more > 0 {
		m.line("and " + counted(int64(more), "earlier run"))
		m.line("")
	}
}

// escaped writes text so that no Markdown is seen in it. A character reference
// stands for a character and never for markup, whatever is around it.
func escaped(s string) string {
	var b strings.Builder
	var before rune
	for i, r := range s {
		address := r == '.' && before|0x20 == 'w' // www. would become a link
		inWord := r == '-' && isWord(before)      // and not the beginning of a list or a line
		inTime := r == ':' && isClock(s, i)
		if r < 0x80 && !strings.ContainsRune(" ,.%/;()", r) && !isWord(r) && !inWord && !inTime || address {
			fmt.Fprintf(&b, "&#%d;", r)
		} else {
			b.WriteRune(r)
		}
		before = r
	}
	return b.String()
}

// isClock reports whether the colon at i stands between two digits and two, as
// in a time of day. Other colons can make an address or an emoji: there is a
// :100:, but none of two digits.
func isClock(s string, i int) bool {
	return pairBefore.MatchString(s[max(i-3, 0):i]) && pairAfter.MatchString(s[i+1:min(i+4, len(s))])
}

var (
	pairBefore = regexp.MustCompile(`^[^0-9A-Za-z_+-]*[0-9]{2}$`)
	pairAfter  = regexp.MustCompile(`^[0-9]{2}[^0-9A-Za-z_+-]*$`)
)

func isWord(r rune) bool {
	return '0' <= r && r <= '9' || 'A' <= r && r <= 'Z' || 'a' <= r && r <= 'z'
}

// code writes text as code, in which GitHub finds no names of users, no issues
// and no addresses.
func code(s string) string {
	if s == "" {
		return ""
	}
	return "<code>" + escaped(shorten(s, markdownName)) + "</code>"
}
