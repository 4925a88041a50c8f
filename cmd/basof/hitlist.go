package main

import (
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/tool"
)

const (
	excerptLines = 6
	widestText   = 100 // columns
	textIndent   = "    "
)

// hitList prints hits for people.
type hitList struct {
	out      io.Writer
	show     string // the command that prints a citation; "" if none is listed
	terminal bool
	color    bool
	columns  int
	now      kb.Instant
	begun    bool
}

func newHitList(out io.Writer, show string) *hitList {
	return &hitList{
		out: out, show: show, color: tool.Color(out), terminal: tool.IsTerminal(out),
		columns: tool.Columns(out, widestText), now: kb.InstantOf(time.Now()),
	}
}

// paint colours text as grep and rg do: names magenta, lines green, matches bold
// and red.
type paint string

const (
	nameColor  paint = "35"
	linesColor paint = "32"
	boldColor  paint = "1"
	faintColor paint = "2"
	markColor  paint = "1;31"
	plainColor paint = ""
)

func (l *hitList) paint(color paint, text string) string {
	if !l.color || text == "" || color == plainColor {
		return text
	}
	return "\x1b[" + string(color) + "m" + text + "\x1b[m"
}

// print writes a hit, after an empty line if there was one before.
func (l *hitList) print(hit *asof.Hit) error {
	var b strings.Builder
	if l.begun {
		b.WriteByte('\n')
	}
	l.begun = true
	name, lines := tool.Display(hit.Version.Path, l.terminal), ""
	b.WriteString(l.paint(nameColor, name))
	if hit.Start > 0 {
		lines = lineRange(hit.Start, hit.End)
		b.WriteString(":" + l.paint(linesColor, lines))
	}
	if heading := headingOf(hit); len(heading) > 0 {
		b.WriteString(l.gap(name, ":", lines, textOf(heading)))
		l.write(&b, heading, boldColor)
	}
	b.WriteByte('\n')
	times, fate := l.standing(hit)
	b.WriteString("  " + l.paint(faintColor, times))
	if fate != "" {
		b.WriteString(l.gap("  ", times, fate) + l.paint(faintColor, fate))
	}
	b.WriteByte('\n')
	if l.show != "" {
		fmt.Fprintf(&b, "  %s\n", l.paint(faintColor, scores(hit)))
		fmt.Fprintf(&b, "  %s\n", l.paint(faintColor, l.show+" "+shellArgument(hit.Cite().String())))
	}
	const margin = len(textIndent) + 2 // for the mark of what is left out
	for _, line := range excerpt(hit.Text, hit.Marks.Text, l.columns-margin, excerptLines) {
		b.WriteString(textIndent)
		l.write(&b, line, plainColor)
		b.WriteByte('\n')
	}
	_, err := io.WriteString(l.out, b.String())
	return err
}

// write writes a line with what is marked in the colour of that.
func (l *hitList) write(b *strings.Builder, line []fragment, color paint) {
	for _, part := range line {
		if part.marked {
			b.WriteString(l.paint(markColor, part.text))
		} else {
			b.WriteString(l.paint(color, part.text))
		}
	}
}

// gap is what stands before the last of the parts of a line: blanks, or the end of
// the line on a terminal that is too narrow for all.
func (l *hitList) gap(parts ...string) string {
	const blanks = "  "
	used := len(blanks)
	for _, r := range strings.Join(parts, "") {
		used += columnsOf(r)
	}
	if l.terminal && used > l.columns {
		return "\n" + blanks
	}
	return blanks
}

func lineRange(start, end int) string {
	if start == end {
		return strconv.Itoa(start)
	}
	return fmt.Sprintf("%d-%d", start, end)
}

// standing says from when to when the passage stands in its document, and what
// became of it.
func (l *hitList) standing(hit *asof.Hit) (times, fate string) {
	switch {
	case hit.Current == asof.Same && hit.To <= l.now:
		fate = "there again"
	case hit.Current == asof.Same:
	case hit.From > l.now:
		fate = "not yet there"
	case hit.Current == asof.Gone:
		fate = "gone"
	case hit.Now == nil:
		fate = "changed"
	default:
		fate = fmt.Sprintf("changed, now %.12s of %s", hit.Now.SHA256, hit.Now.ValidFrom)
	}
	return stretch(hit.From, hit.To, l.now), fate
}

// stretchColumns is how wide the stretch of an interval with both its ends is.
const stretchColumns = 58

// stretch writes an interval; the open end of one that has begun is "in force".
func stretch(from, to, now kb.Instant) string {
	switch {
	case to != kb.Forever:
		return fmt.Sprintf("%s .. %s", from, to)
	case from > now:
		return fmt.Sprintf("%s .. from then on", from)
	default:
		return fmt.Sprintf("%s .. in force", from)
	}
}

func scores(hit *asof.Hit) string {
	text := fmt.Sprintf("score %.3f", hit.Score)
	if hit.TextScore != nil {
		text += fmt.Sprintf(", of words %.3f", *hit.TextScore)
	}
	if hit.Cosine != nil {
		text += fmt.Sprintf(", cosine %.3f", *hit.Cosine)
	}
	return text
}

// shellArgument writes text so that a shell gives it to a program as an argument
// that is no flag.
func shellArgument(text string) string {
	if strings.HasPrefix(text, "-") {
		return "-- " + shellWord(text)
	}
	return shellWord(text)
}

// shellWord writes text so that a shell reads it as one word.
func shellWord(text string) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789@%+=:,./-_#"
	if strings.Trim(text, plain) == "" && !strings.HasPrefix(text, "#") {
		return text
	}
	if shown := tool.Display(text, true); shown != text {
		return shown
	}
	return "'" + strings.ReplaceAll(text, "'", `'\''`) + "'"
}
