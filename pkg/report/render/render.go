// Package render shows reports: to people as text, Markdown or a page of HTML,
// and to monitoring as metrics of Prometheus.
//
//	var series report.Series // of one report, or of many
//	err := render.Markdown(os.Stdout, &series)
//
// A series of one report is shown as a run; of a longer one, the course of it and
// the newest run. What is written depends on the reports alone, not on the clock.
// Names and messages come from anywhere, and can do nothing but be read.
package render

import (
	"cmp"
	"fmt"
	"math"
	"slices"
	"strconv"
	"strings"
	"unicode"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
)

// complete is the status of a run that did all it was to do.
const complete = "complete"

// visible writes what is not printable as it would be written in a program, so
// that a name stays on its line and cannot command a terminal or turn the text
// around it.
func visible(s string) string {
	plain := func(r rune) bool { return unicode.IsPrint(r) && r != utf8.RuneError }
	if strings.IndexFunc(s, func(r rune) bool { return !plain(r) }) < 0 {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		if plain(r) || r == utf8.RuneError {
			b.WriteRune(r)
			continue
		}
		quoted := strconv.QuoteRuneToASCII(r)
		b.WriteString(quoted[1 : len(quoted)-1])
	}
	return b.String()
}

// shorten cuts a text that is longer than most characters.
func shorten(s string, most int) string {
	if utf8.RuneCountInString(s) <= most {
		return s
	}
	return string([]rune(s)[:most-1]) + "…"
}

// count writes a whole number with commas: 1,234,567.
func count(n int64) string {
	digits := strconv.FormatInt(n, 10)
	for i := len(digits) - 3; i > 0; i -= 3 {
		digits = digits[:i] + "," + digits[i:]
	}
	return digits
}

// counted writes a number of things: 1 record, 2,000 records.
func counted(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return count(n) + " " + one + "s"
}

// decimal writes a number with as many decimals as say something.
func decimal(x float64) string {
	if x >= 100 || x == math.Trunc(x) {
		return count(int64(math.Round(x)))
	}
	return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0")
}

// seconds writes a length of time: 0.03 s, 12.3 s, 3m20s, 2h5m, 40 days.
func seconds(x float64) string {
	const minute, hour, day = 60, 3600, 86400
	switch {
	case x < 1:
		return strconv.FormatFloat(math.Round(100*x)/100, 'f', -1, 64) + " s"
	case x < 2*minute:
		return strings.TrimSuffix(strconv.FormatFloat(x, 'f', 1, 64), ".0") + " s"
	case x < 2*hour:
		whole := int64(math.Round(x))
		return fmt.Sprintf("%dm%02ds", whole/minute, whole%minute)
	case x < 4*day:
		whole := int64(math.Round(x / minute))
		return fmt.Sprintf("%dh%02dm", whole/60, whole%60)
	}
	return count(int64(math.Round(x/day))) + " days"
}

// size writes a number of bytes: 12.4 MiB.
func size(n int64) string {
	if n < 1024 {
		return counted(n, "byte")
	}
	x := float64(n)
	units := []string{"KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	for _, unit := range units {
		if x /= 1024; x < 1024 || unit == units[len(units)-1] {
			return decimal(x) + " " + unit
		}
	}
	return ""
}

// peak writes the most memory of a run, in units of 1,048,576 bytes and without
// them.
func peak(p *report.Performance) string {
	if !p.Measured() {
		return "?"
	}
	return decimal(p.PeakMemoryMB)
}

// memory writes units of 1,048,576 bytes, which reports call MB.
func memory(mb float64) string { return decimal(mb) + " MiB" }

func percent(x float64) string { return strconv.FormatFloat(x, 'f', -1, 64) + "%" }

const timeLayout = "2006-01-02 15:04:05"

// at writes a time of a report, in UTC.
func at(i kb.Instant) string { return i.Time().Format(timeLayout) }

// baseName names a knowledge base among others.
func baseName(db string) string {
	if db == "" {
		return "(not named)"
	}
	return visible(db)
}

// name names a run: run 7 of kb.sqlite.
func name(r *report.Run) string {
	text := fmt.Sprintf("run %d", r.Run)
	if db := r.DB(); db != "" {
		text += " of " + visible(db)
	}
	return text
}

// totals sums a run up in a line. Of no records none has succeeded.
func totals(r *report.Run) string {
	p, m := &r.Processing, &r.Performance
	text := fmt.Sprintf("%s in %s, %s a second, %s", counted(p.TotalFiles, "record"), seconds(m.ElapsedSeconds), decimal(m.FilesPerSecond), size(p.Bytes))
	if p.TotalFiles > 0 {
		text += ", " + percent(p.SuccessRate) + " succeeded"
	}
	return text
}

// tally is a number of things of the same kind.
type tally struct {
	name string
	n    int64
}

func outcomes(r *report.Run) []tally {
	p := &r.Processing
	return []tally{
		{"stored", p.Stored}, {"unchanged", p.Unchanged}, {"deleted", p.Deleted}, {"skipped", p.Skipped}, {"failed", p.Failed},
	}
}

// reasonsOf lists reasons, those of most records first.
func reasonsOf[K comparable](counts map[K]int64, name func(K) string) []tally {
	var list []tally
	for key, n := range counts {
		list = append(list, tally{shorten(visible(name(key)), longestReason), n})
	}
	slices.SortFunc(list, func(a, b tally) int {
		return cmp.Or(cmp.Compare(b.n, a.n), strings.Compare(a.name, b.name))
	})
	return list
}

func failureReasons(r *report.Run) []tally {
	return reasonsOf(r.Reasons, report.Reason.String)
}

// textCounts says how many versions have no text, and how many an old one: a document
// counts for each content that it was taken in with.
func textCounts(r *report.Run) string {
	counts := counted(r.Text.WithoutText, "version")
	if n := r.Text.Kept; n > 0 {
		counts += "; with an old text, as a filter failed: " + count(n)
	}
	return counts
}

func textReasons(r *report.Run) []tally {
	return reasonsOf(r.Text.Codes, func(code kb.Code) string { return string(code) })
}

// longestReason is how many characters of a class and a code are shown.
const longestReason = 80

// failure is one record that failed, or one document without text.
type failure struct {
	path, reason, message string
}

func failures(r *report.Run, most int) []failure {
	var list []failure
	for _, e := range r.Failures[:min(most, len(r.Failures))] {
		why := report.Reason{Class: e.Class, Code: e.Code}.String()
		if e.Attempts > 1 {
			why += fmt.Sprintf(", %d attempts", e.Attempts)
		}
		path := visible(e.Path)
		if path == "" {
			path = "(no path)"
		}
		list = append(list, failure{path, shorten(visible(why), longestReason), visible(e.Message)})
	}
	return list
}

func textFailures(r *report.Run, most int) []failure {
	var list []failure
	for _, e := range r.Text.Errors[:min(most, len(r.Text.Errors))] {
		list = append(list, failure{visible(e.Path), shorten(visible(string(e.Code)), longestReason), visible(e.Message)})
	}
	return list
}

// fact is one thing about the cost of a run.
type fact struct{ name, text string }

// facts tells what a run cost, and leaves out what says nothing.
func facts(r *report.Run) []fact {
	p := &r.Performance
	s := p.Seconds
	list := []fact{{"memory", "not known"}}
	if p.Measured() {
		list = []fact{
			{"time", fmt.Sprintf("read %s, extract %s, embed %s, store %s", seconds(s.Read), seconds(s.Extract), seconds(s.Embed), seconds(s.Store))},
			{"memory", fmt.Sprintf("%s at the end, %s at most", memory(p.MemoryMB), memory(p.PeakMemoryMB))},
		}
	}
	if passages := passages(p); passages != "" {
		list = append(list, fact{"passages", passages})
	}
	if p.Retries > 0 {
		list = append(list, fact{"tried again", counted(p.Retries, "time") + ", waiting " + seconds(p.SecondsLostToRetries)})
	}
	if f := r.Forgotten; f != nil {
		list = append(list, fact{"forgotten", fmt.Sprintf("%s and %s (%s) from before %s UTC",
			counted(f.Versions, "version"), counted(f.Contents, "content"), size(f.Bytes), at(f.Before))})
	}
	return list
}

func passages(p *report.Performance) string {
	var parts []string
	for _, n := range []tally{
		{"embedded", p.PassagesEmbedded}, {"reused", p.PassagesReused}, {"without a vector", p.PassagesRejected}, {"waiting for a vector", p.PassagesWaiting},
	} {
		if n.n > 0 {
			parts = append(parts, count(n.n)+" "+n.name)
		}
	}
	return strings.Join(parts, ", ")
}

// warnings are what a reader should know of a run before all else.
func warnings(r *report.Run) []string {
	var list []string
	switch r.Status {
	case complete:
	case "incomplete":
		list = append(list, "the input ended before its scan was complete, and so nothing that it did not list is recorded as gone")
	case "interrupted":
		list = append(list, "interrupted; to finish, run the same line again")
	case "failed":
		if r.Fatal == "" {
			list = append(list, "failed")
		}
	default:
		list = append(list, "the status is not one that this version knows")
	}
	if r.Fatal != "" {
		list = append(list, visible(r.Fatal))
	}
	if n := r.Processing.Unread; n > 0 {
		list = append(list, counted(n, "folder")+" could not be read, and nothing is known of what lies below")
	}
	if n := r.Processing.Withheld; n > 0 {
		verb := "are"
		if n == 1 {
			verb = "is"
		}
		list = append(list, counted(n, "deletion")+" "+verb+" withheld, more than -max-delete allows")
	}
	return list
}

// span is a number of runs, from when to when, and how they ended.
func span(s *report.Series) string {
	first, last := s.Runs[0], s.Last()
	text := counted(int64(len(s.Runs)), "run")
	if n := len(s.Bases()); n > 1 {
		text += " of " + counted(int64(n), "knowledge base")
	}
	text += fmt.Sprintf(" from %s to %s UTC", at(first.Timestamp), at(last.Timestamp))
	ends := make(map[string]int64)
	for _, r := range s.Runs {
		ends[r.Status]++
	}
	var parts []string
	for _, end := range reasonsOf(ends, func(status string) string { return status }) {
		parts = append(parts, count(end.n)+" "+end.name)
	}
	return text + ": " + strings.Join(parts, ", ")
}
