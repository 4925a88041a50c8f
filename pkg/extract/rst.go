package extract

import (
	"slices"
	"strings"
	"unicode/utf8"
)

// restructured reads reStructuredText line by line.
func restructured(b *builder, text string) {
	r := rstReader{b: b, l: lines{rest: text}, defined: substitutions(text), budget: substituted * len(text), inline: rstInline}
	r.inline.special = r.special
	r.read()
}

type rstReader struct {
	b      *builder
	l      lines
	p      paragraph
	hangs  bool // the lines after the first may stand in further
	nest   nest
	styles []string // of section titles, by first use; the level of a title is the place of its style
	inline inline
	plain  []byte

	defined map[string]substitution
	within  []string // names of the substitutions whose text is read
	budget  int      // bytes that substitutions may still put into the text
}

func (r *rstReader) read() {
	for {
		before := r.l
		line, ok := r.l.next()
		if !ok {
			r.close()
			return
		}
		line = expandTabs(strings.ReplaceAll(line, "\f", " "))
		switch {
		case blank(line):
			if indent := r.p.indent; r.close() {
				r.literal(indent)
			}
		case r.p.open() && r.inParagraph(line):
		default:
			r.close()
			r.block(before, line)
		}
	}
}

// inParagraph adds a line to the open paragraph, if it belongs there.
func (r *rstReader) inParagraph(line string) bool {
	indent, text := indentOf(line), strings.TrimSpace(line)
	switch {
	case indent < r.p.indent || isOption(text):
		return false
	case indent > r.p.indent && r.p.kind == Item && r.hangs && isBullet(text): // of a list inside the item
		return false
	case r.hangs || indent == r.p.indent:
	case r.p.start == r.p.end: // a term, and the first line of its definition
		r.p.kind, r.p.level = Item, r.nest.enter(r.p.indent)
		return false
	}
	r.p.line(text, r.l.n)
	return true
}

// isOption reports the line of a command's option: its name, and what it does
// after two spaces.
func isOption(text string) bool {
	name, _, ok := strings.Cut(text, "  ")
	return ok && len(name) > 1 && len(name) < 60 && name[0] == '-' && name[1] != ' ' && strings.Trim(name, "-") != ""
}

// close ends the open paragraph, and reports whether it announces a literal block,
// which comes after an empty line.
func (r *rstReader) close() (literal bool) {
	if !r.p.open() {
		return false
	}
	text := string(r.p.text)
	literal = strings.HasSuffix(text, "::")
	if literal {
		text = strings.TrimSuffix(text, ":")
		if rest := strings.TrimSuffix(text, ":"); rest == "" || strings.HasSuffix(rest, " ") || strings.HasSuffix(rest, "\n") {
			text = rest
		}
	}
	r.add(r.p.kind, r.p.level, text, r.p.start, r.p.end)
	r.p = paragraph{text: r.p.text[:0]}
	return literal
}

// add makes a block of text with markup.
func (r *rstReader) add(kind Kind, level int, text string, start, end int) {
	r.plain = r.inline.strip(r.plain[:0], text)
	r.b.add(kind, level, string(r.plain), start, end)
}

// literal reads the block of literal text that a paragraph at a column announces:
// lines that stand in further, or lines that begin with the same mark.
func (r *rstReader) literal(indent int) {
	r.l.takeWhile(blank)
	start := r.l.n + 1
	line, ok := r.l.peek()
	if !ok {
		return
	}
	if indentOf(line) > indent {
		r.b.code(dedent(r.l.takeDeeper(indent)), start)
		return
	}
	if quote := strings.TrimSpace(line)[:1]; strings.ContainsAny(quote, `!"#$%&'()*+,-./:;<=>?@[\]^_{|}~`) && !isItem(line) {
		r.b.code(dedent(r.l.takeWhile(func(line string) bool { return strings.HasPrefix(strings.TrimSpace(line), quote) })), start)
	}
}

func isBullet(text string) bool {
	return len(text) > 2 && strings.IndexByte("-*+", text[0]) >= 0 && text[1] == ' '
}

// hasNoText reports a target, which names what comes after it, or a comment.
func hasNoText(text string) bool {
	rest, ok := strings.CutPrefix(text, ".. ")
	if !ok {
		return false
	}
	line, _, _ := strings.Cut(rest, "\n")
	return strings.HasPrefix(rest, "_") || !strings.Contains(line, "::") && strings.IndexAny(rest, "[|") != 0
}

func isItem(line string) bool {
	mark, _ := rstBullet(strings.TrimSpace(expandTabs(line)))
	return mark != ""
}

// block reads what a line begins when no paragraph is open. The reader stands
// after it.
func (r *rstReader) block(before lines, line string) {
	indent, text := indentOf(line), strings.TrimSpace(line)
	if !strings.HasPrefix(text, "..") || len(text) > 2 && text[2] != ' ' && text[2] != '\t' {
		if r.section(line) || r.table(before, text) {
			return
		}
	} else {
		r.explicit(indent, strings.TrimSpace(text[2:]))
		return
	}
	switch {
	case strings.HasPrefix(text, ">>> "):
		r.l = before
		r.b.code(dedent(r.l.takeWhile(func(line string) bool { return !blank(line) })), before.n+1)
	case inLineBlock(text):
		r.l = before
		r.lineBlock()
	case strings.HasPrefix(text, "__ "):
	default:
		r.begin(indent, text)
	}
}

// begin opens the paragraph, item or field that a line begins.
func (r *rstReader) begin(indent int, text string) {
	mark, rest := rstBullet(text)
	if r.numberInText(mark, indent) {
		mark = ""
	}
	for mark != "" {
		level := r.nest.enter(indent)
		inner := indent + len(text) - len(rest)
		if rest == "" || hasNoText(rest) {
			return
		}
		r.p.begin(Item, level, inner, r.l.n)
		indent, text = inner, rest
		mark, rest = rstBullet(text)
	}
	name, value, field := rstField(text)
	if !r.p.open() && (field || isOption(text)) {
		if field {
			text = strings.TrimSpace(name + ": " + value)
		}
		r.p.begin(Item, r.nest.enter(indent), indent+1, r.l.n)
		r.p.line(text, r.l.n)
		r.hangs = true
		return
	}
	if !r.p.open() {
		r.nest.leave(indent)
		if len(r.nest) > 0 {
			r.p.begin(Item, len(r.nest), indent, r.l.n)
		} else {
			r.p.begin(Paragraph, 0, indent, r.l.n)
		}
		r.hangs = false
	} else {
		r.hangs = true
	}
	r.p.line(text, r.l.n)
}

// numberInText reports whether a mark with a number or letter, which stands at a
// column, is text: the line after it begins at the same column and is no item.
func (r *rstReader) numberInText(mark string, column int) bool {
	if !strings.HasSuffix(mark, ".") && !strings.HasSuffix(mark, ")") {
		return false
	}
	next, _ := r.l.peek()
	return !blank(next) && indentOf(next) == column && !isItem(next)
}

// rstBullet cuts the mark of an item off.
func rstBullet(text string) (mark, rest string) {
	if mark, rest = bullet(text, "-*+"); mark != "" {
		return mark, rest
	}
	if len(text) > 3 && text[0] == '(' { // (1) or (a)
		if end := strings.Index(text[:min(len(text), 6)], ") "); end == 2 || end > 1 && strings.Trim(text[1:end], "0123456789ivx") == "" {
			return text[:end+1], strings.TrimSpace(text[end+1:])
		}
	}
	if len(text) > 3 && (text[1] == '.' || text[1] == ')') && text[2] == ' ' && text[0] >= 'a' && text[0] <= 'z' {
		return text[:2], strings.TrimSpace(text[2:])
	}
	return "", text
}

// rstField splits the line that begins a field.
func rstField(text string) (name, value string, ok bool) {
	if len(text) < 3 || text[0] != ':' || text[1] == ' ' || text[1] == ':' || text[1] == '`' {
		return "", "", false
	}
	for i := 1; i < min(len(text), 200); i++ {
		if text[i] == ':' && (i+1 == len(text) || text[i+1] == ' ') {
			return text[1:i], strings.TrimSpace(text[i+1:]), true
		}
		if text[i] == '`' {
			break
		}
	}
	return "", "", false
}

// inLineBlock reports a line whose break counts.
func inLineBlock(text string) bool {
	return text == "|" || strings.HasPrefix(text, "|") && strings.IndexByte(" \t\f", text[1]) >= 0
}

// lineBlock reads lines whose breaks count.
func (r *rstReader) lineBlock() {
	start := r.l.n + 1
	n := start
	for text := range strings.Lines(r.l.takeWhile(func(line string) bool { return inLineBlock(strings.TrimSpace(line)) })) {
		r.b.part(hardBreak)
		r.b.from(n, n)
		n++
		r.plain = r.inline.strip(r.plain[:0], strings.TrimPrefix(strings.TrimSpace(text), "|"))
		r.b.fold(string(r.plain))
	}
	r.b.flush(Paragraph, 0, start, r.l.n)
}

// adornment gives the character that a line consists of, if it can stand under or
// over a title.
func adornment(line string) (sign string, ok bool) {
	line = trimRight(line)
	if line == "" || !strings.ContainsRune(`!"#$%&'()*+,-./:;<=>?@[\]^_{|}~`+"`", rune(line[0])) {
		return "", false
	}
	return line[:1], strings.Trim(line, line[:1]) == ""
}

// section reads the title of a section, or a line between sections.
func (r *rstReader) section(line string) bool {
	start := r.l.n
	text := strings.TrimSpace(line)
	ahead := r.l
	below, _ := ahead.next()
	sign, over := adornment(line)
	if over && len(text) > 1 {
		title, after := below, ahead
		if under, _ := after.next(); !blank(title) && trimRight(under) == trimRight(line) {
			r.l = after
			r.title("over"+sign, title, start, r.l.n)
			return true
		}
		if len(text) >= 4 && blank(title) {
			return true
		}
	}
	sign, under := adornment(strings.TrimSpace(below))
	if indent := indentOf(line); indent != indentOf(below) || indent > 0 && !r.inDirective(sign, text, below) {
		return false
	}
	below = strings.TrimSpace(below)
	if !under || len(trimRight(below)) < min(4, utf8.RuneCountInString(text)) || strings.TrimSpace(below) == "::" {
		return false
	}
	if len(trimRight(below))*2 < utf8.RuneCountInString(text) {
		return false
	}
	if len(text) == 1 && over || isItem(text) && len(trimRight(below)) == 1 { // an item without text
		return false
	}
	r.l = ahead
	r.title(sign, text, start, r.l.n)
	return true
}

// inDirective reports whether lines that stand in may be a title, as they are in
// directives such as only: with a sign that is known, and as wide as the text.
func (r *rstReader) inDirective(sign, text, below string) bool {
	return slices.Contains(r.styles, sign) && utf8.RuneCountInString(text) <= len(strings.TrimSpace(below))
}

func (r *rstReader) title(style, text string, start, end int) {
	level := slices.Index(r.styles, style) + 1
	if level == 0 {
		if len(r.styles) < 64 {
			r.styles = append(r.styles, style)
		}
		level = len(r.styles)
	}
	r.nest = r.nest[:0]
	r.add(Heading, min(level, 6), text, start, end)
}
