package main

import (
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/text/width"

	"github.com/seed16713943/btools/pkg/asof"
)

// fragment is a part of a line that is marked, or is not, as a whole.
type fragment struct {
	text   string
	marked bool
}

// byteRange is a part of a text, by its bytes.
type byteRange struct{ from, to int }

// excerpt breaks a text into lines of at most so many columns, and returns those
// that lie together and have the most different words marked in them.
func excerpt(text string, marks [][2]int, columns, most int) [][]fragment {
	lines := wrapText(text, max(columns, 20))
	first := bestWindow(text, lines, marks, most)
	last := min(first+most, len(lines))
	var shown [][]fragment
	for i, line := range lines[first:last] {
		var fragments []fragment
		if i == 0 && first > 0 {
			fragments = append(fragments, fragment{text: "… "})
			line.from = line.to - len(strings.TrimLeft(text[line.from:line.to], " \t"))
		}
		fragments = append(fragments, fragmentsOf(text, line, marks)...)
		if first+i == last-1 && last < len(lines) {
			fragments = append(fragments, fragment{text: " …"})
		}
		shown = append(shown, fragments)
	}
	return shown
}

// bestWindow returns the first of the lines to show. Of windows that are equally
// good, the middle one has some lines before the marks and some after.
func bestWindow(text string, lines []byteRange, marks [][2]int, most int) int {
	best, bestValue, run := 0, -1, 0
	for first := 0; first+most <= len(lines); first++ {
		value := windowValue(text, byteRange{lines[first].from, lines[first+most-1].to}, marks)
		switch {
		case value > bestValue:
			best, bestValue, run = first, value, 1
		case value == bestValue && first == best+run:
			run++
		}
	}
	if bestValue <= 0 {
		return 0
	}
	return best + (run-1)/2
}

// windowValue is greater for more different words, and then for more marks.
func windowValue(text string, window byteRange, marks [][2]int) int {
	words := map[string]bool{}
	count := 0
	for _, mark := range marks {
		if mark[0] >= window.from && mark[1] <= window.to {
			words[strings.ToLower(text[mark[0]:mark[1]])] = true
			count++
		}
	}
	return len(words)<<16 + count
}

// wrapText breaks a text into lines, without the empty ones.
func wrapText(text string, columns int) []byteRange {
	var lines []byteRange
	from := 0
	for line := range strings.SplitAfterSeq(text, "\n") {
		to := from + len(strings.TrimRightFunc(line, unicode.IsSpace))
		if to > from {
			lines = append(lines, wrapLine(text, byteRange{from, to}, columns)...)
		}
		from += len(line)
	}
	return lines
}

// wrapLine breaks a line at its blanks, before wide characters, or where nothing
// else is left anywhere.
func wrapLine(text string, line byteRange, columns int) []byteRange {
	var lines []byteRange
	start, cut, used := line.from, line.from, 0
	for i := line.from; i < line.to; {
		r, size := utf8.DecodeRuneInString(text[i:line.to])
		w := columnsOf(r)
		if r == ' ' || r == '\t' || w == 2 {
			cut = i
		}
		if used+w <= columns || i == start {
			used += w
			i += size
			continue
		}
		if strings.TrimSpace(text[start:cut]) == "" {
			cut = i
		}
		if strings.TrimSpace(text[start:cut]) != "" { // and not an indentation that fills the line
			lines = append(lines, byteRange{start, cut})
		}
		start = cut + len(text[cut:line.to]) - len(strings.TrimLeft(text[cut:line.to], " \t"))
		i, cut, used = start, start, 0
	}
	return append(lines, byteRange{start, line.to})
}

const tabColumns = 4

// columnsOf returns how wide a terminal draws a character.
func columnsOf(r rune) int {
	switch {
	case r == '\t':
		return tabColumns
	case unicode.In(r, unicode.Mn, unicode.Me, unicode.Cf):
		return 0
	}
	switch width.LookupRune(r).Kind() {
	case width.EastAsianWide, width.EastAsianFullwidth:
		return 2
	}
	return 1
}

// fragmentsOf cuts a line at the marks, which are in order.
func fragmentsOf(text string, line byteRange, marks [][2]int) []fragment {
	var fragments []fragment
	add := func(from, to int, marked bool) {
		if from < to {
			fragments = append(fragments, fragment{plainText(text[from:to]), marked})
		}
	}
	at := line.from
	for _, mark := range marks {
		from, to := max(mark[0], at), min(mark[1], line.to)
		if from >= to {
			continue
		}
		add(at, from, false)
		add(from, to, true)
		at = to
	}
	add(at, line.to, false)
	return fragments
}

// headingOf returns the path of headings of a hit as a line.
func headingOf(hit *asof.Hit) []fragment {
	text := strings.Join(hit.Heading, "\n")
	var line []fragment
	from := 0
	for _, heading := range hit.Heading {
		if from > 0 {
			line = append(line, fragment{text: " › "})
		}
		line = append(line, fragmentsOf(text, byteRange{from, from + len(heading)}, hit.Marks.Heading)...)
		from += len(heading) + len("\n")
	}
	return line
}

// textOf returns the text of a line.
func textOf(line []fragment) string {
	var b strings.Builder
	for _, part := range line {
		b.WriteString(part.text)
	}
	return b.String()
}

// plainText makes text harmless to a terminal: tabs become blanks, what turns
// the direction of writing is dropped, and the replacement character stands for
// every other control character.
func plainText(text string) string {
	text = strings.ReplaceAll(text, "\t", strings.Repeat(" ", tabColumns))
	return strings.Map(func(r rune) rune {
		switch {
		case unicode.IsControl(r):
			return utf8.RuneError
		case unicode.Is(unicode.Bidi_Control, r):
			return -1
		}
		return r
	}, text)
}
