package extract

import (
	"strings"
)

// org reads Org line by line.
func org(b *builder, text string) {
	r := orgReader{b: b, l: lines{rest: text}, states: set("TODO", "DONE", "NEXT", "WAITING", "WAIT", "HOLD", "CANCELLED", "CANCELED"), end: -1,
		macros: map[string]string{}, budget: len(text), inline: orgInline}
	r.inline.special = r.special
	r.read()
}

type orgReader struct {
	b      *builder
	l      lines
	p      paragraph
	nest   nest
	states map[string]bool // words that say how far the task of a heading is
	macros map[string]string
	budget int // bytes that macros may still put into the text
	inline inline
	plain  []byte

	// end is how much text is left at the line that ends a drawer, or at the heading
	// that comes first.
	end    int
	closed bool // it ends a drawer

	// endless has, by the name of a block, how much text is left from where on an end
	// may be found that was looked for in vain before.
	endless map[string]int
}

func (r *orgReader) read() {
	for {
		before := r.l
		line, ok := r.l.next()
		if !ok {
			r.close()
			return
		}
		line = trimRight(line)
		text := strings.TrimSpace(line)
		switch {
		case text == "":
			r.close()
		case r.heading(line):
		case strings.HasPrefix(text, "#+"):
			r.close()
			r.keyword(text[2:])
		case text == "#" || strings.HasPrefix(text, "# "), r.planning(text), r.drawer(text):
		case text == ":" || strings.HasPrefix(text, ": "):
			r.close()
			r.fixed(before)
		case text[0] == '|':
			r.close()
			r.row(text)
		case len(text) >= 5 && strings.Trim(text, "-") == "":
			r.close()
		default:
			r.text(line, text)
		}
	}
}

func (r *orgReader) close() {
	if r.p.open() {
		r.add(r.p.kind, r.p.level, string(r.p.text), r.p.start, r.p.end)
	}
	r.p = paragraph{text: r.p.text[:0]}
}

func (r *orgReader) add(kind Kind, level int, text string, start, end int) {
	r.plain = r.inline.strip(r.plain[:0], text)
	r.b.add(kind, level, string(r.plain), start, end)
}

// orgHeading reports the line of a heading, which ends all that is open.
func orgHeading(line string) bool {
	return line != "" && line[0] == '*' && strings.HasPrefix(strings.TrimLeft(line, "*"), " ")
}

// heading reads "* TODO [#A] Title [1/2] :tag:".
func (r *orgReader) heading(line string) bool {
	title := strings.TrimLeft(line, "*")
	level := len(line) - len(title)
	if level == 0 || title == "" || title[0] != ' ' {
		return false
	}
	r.close()
	r.nest = r.nest[:0]
	title = strings.TrimSpace(title)
	if state, rest, _ := strings.Cut(title, " "); r.states[state] {
		title = strings.TrimSpace(rest)
	}
	if strings.HasPrefix(title, "[#") && len(title) > 3 && title[3] == ']' {
		title = strings.TrimSpace(title[4:])
	}
	if at := strings.LastIndexAny(title, " \t"); strings.HasSuffix(title, ":") && len(title)-at > 3 && title[at+1] == ':' {
		title = strings.TrimSpace(title[:at+1])
	}
	if at := strings.LastIndexByte(title, '['); at > 0 && strings.HasSuffix(title, "]") && strings.Trim(title[at:], "[]0123456789/%") == "" {
		title = title[:at]
	}
	r.add(Heading, min(level, 6), title, r.l.n, r.l.n)
	return true
}

// keyword reads what "#+" begins: a block, or something to know of the document.
func (r *orgReader) keyword(text string) {
	name, value, found := strings.Cut(text, ":")
	if begin, _, _ := strings.Cut(text, " "); len(begin) > 6 && strings.EqualFold(begin[:6], "begin_") {
		r.block(strings.ToLower(begin[6:]))
		return
	}
	value = strings.TrimSpace(value)
	if !found || value == "" || strings.ContainsAny(name, " \t") {
		return
	}
	switch name = strings.ToLower(name); name {
	case "title":
		r.b.title(value, r.l.n, r.l.n)
	case "todo", "seq_todo", "typ_todo":
		for state := range strings.FieldsSeq(value) {
			state, _, _ = strings.Cut(state, "(")
			r.states[state] = true
		}
	case "macro":
		name, text, _ := strings.Cut(value, " ")
		r.macros[strings.ToLower(name)] = strings.TrimSpace(text)
	case "caption":
		r.add(Paragraph, 0, value, r.l.n, r.l.n)
	case "author", "date", "email", "description", "keywords", "filetags", "language", "subtitle", "category":
		r.b.meta(name, value, r.l.n, r.l.n)
	}
}

// block reads a block that "#+begin_" begins.
func (r *orgReader) block(name string) {
	switch name {
	case "src", "example", "export", "comment", "verse":
	default:
		return // what is inside is text
	}
	start := r.l.n + 1
	body, ok := r.blockBody(name)
	switch {
	case !ok:
	case name == "src" || name == "example":
		r.b.code(dedent(withoutCommas(body)), start)
	case name == "verse":
		n := start
		for line := range strings.Lines(body) {
			r.b.from(n, n)
			n++
			r.plain = r.inline.strip(r.plain[:0], line)
			r.b.part(hardBreak)
			r.b.fold(string(r.plain))
		}
		r.b.flush(Paragraph, 0, start, r.l.n-1)
	}
}

// blockBody reads what is inside of a block, and the line that ends it. A block
// without an end, or with a heading before it, is none: its lines are text.
func (r *orgReader) blockBody(name string) (body string, ok bool) {
	if stop, known := r.endless[name]; known && len(r.l.rest) > stop {
		return "", false
	}
	end := "#+end_" + name
	ahead := r.l
	body = ahead.takeWhile(func(line string) bool {
		return !orgHeading(line) && !strings.EqualFold(strings.TrimSpace(line), end)
	})
	if last, more := ahead.peek(); !more || orgHeading(last) {
		if r.endless == nil {
			r.endless = map[string]int{}
		}
		r.endless[name] = len(ahead.rest)
		return "", false
	}
	ahead.next()
	r.l = ahead
	return body, true
}

// withoutCommas takes off the comma before what would be a heading or a keyword if it
// were not code.
func withoutCommas(body string) string {
	if !strings.Contains(body, ",*") && !strings.Contains(body, ",#+") {
		return body
	}
	kept := make([]byte, 0, len(body))
	for line := range strings.Lines(body) {
		text := strings.TrimLeft(line, " \t")
		if rest := strings.TrimLeft(text, ","); rest != text && (strings.HasPrefix(rest, "*") || strings.HasPrefix(rest, "#+")) {
			kept = append(kept, line[:len(line)-len(text)]...)
			line = text[1:]
		}
		kept = append(kept, line...)
	}
	return string(kept)
}

// planning passes over the line of dates below a heading.
func (r *orgReader) planning(text string) bool {
	name, date, _ := strings.Cut(text, ":")
	switch name {
	case "SCHEDULED", "DEADLINE", "CLOSED", "CLOCK":
		date = strings.TrimSpace(date)
		return date != "" && strings.IndexByte("<[=", date[0]) >= 0
	}
	return false
}

// drawer reads the line that begins or ends a drawer. What is inside is text, but in
// a drawer of properties or of what was done when.
func (r *orgReader) drawer(text string) bool {
	if len(text) < 3 || text[0] != ':' || text[len(text)-1] != ':' || strings.Trim(text[1:len(text)-1], drawerName) != "" {
		return false
	}
	switch name := strings.ToLower(text[1 : len(text)-1]); {
	case name == "end":
	case !r.ends():
		return false
	case name == "properties" || name == "logbook":
		r.l.takeWhile(func(line string) bool { return !drawerEnd(line) })
	}
	r.close()
	return true
}

// drawerName has what the name of a drawer consists of.
const drawerName = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_"

func drawerEnd(line string) bool { return strings.EqualFold(strings.TrimSpace(line), ":end:") }

// ends reports whether a drawer that begins here has an end: no heading comes first.
func (r *orgReader) ends() bool {
	if r.end >= 0 && len(r.l.rest) >= r.end {
		return r.closed
	}
	ahead := r.l
	ahead.takeWhile(func(line string) bool { return !orgHeading(line) && !drawerEnd(line) })
	last, _ := ahead.peek()
	r.end, r.closed = len(ahead.rest), drawerEnd(last)
	return r.closed
}

// fixed reads lines that begin with a colon.
func (r *orgReader) fixed(before lines) {
	r.l = before
	start := r.l.n + 1
	var code strings.Builder
	for line := range strings.Lines(r.l.takeWhile(func(line string) bool {
		text := strings.TrimSpace(line)
		return text == ":" || strings.HasPrefix(text, ": ")
	})) {
		line = strings.TrimPrefix(strings.TrimSpace(line), ":")
		code.WriteString(strings.TrimPrefix(line, " "))
		code.WriteByte('\n')
	}
	r.b.code(code.String(), start)
}

func (r *orgReader) row(text string) {
	if strings.HasPrefix(text, "|-") {
		return
	}
	for cell := range strings.SplitSeq(text, "|") {
		r.b.part(nextCell)
		r.plain = r.inline.strip(r.plain[:0], cell)
		r.b.fold(string(r.plain))
	}
	r.b.flush(Row, 0, r.l.n, r.l.n)
}

// text reads a line of running text or of a list.
func (r *orgReader) text(line, text string) {
	indent := indentOf(line)
	marks := "-+*"
	if indent == 0 {
		marks = "-+"
	}
	mark, rest := bullet(text, marks)
	switch {
	case mark != "" && mark != "#." && rest != "":
		r.close()
		r.p.begin(Item, r.nest.enter(indent), indent+1, r.l.n)
		text = orgItem(rest)
	case strings.HasPrefix(text, "[fn:") && indent == 0:
		if _, next, ok := between(text, 0, "[fn:", "]"); ok && next < len(text) {
			r.close()
			r.nest = r.nest[:0]
			r.p.begin(Paragraph, 0, 0, r.l.n)
			text = text[next:]
		}
	case r.p.open() && (r.p.kind != Item || indent >= r.p.indent):
	default:
		r.close()
		r.nest.leave(indent)
		if len(r.nest) > 0 {
			r.p.begin(Item, len(r.nest), indent, r.l.n)
		} else {
			r.p.begin(Paragraph, 0, 0, r.l.n)
		}
	}
	if !r.p.open() {
		r.p.begin(Paragraph, 0, 0, r.l.n)
	}
	text, broken := strings.CutSuffix(text, `\\`)
	if broken {
		text += lineBreak
	}
	r.p.line(text, r.l.n)
}

// orgItem takes the counter and the box off an item, and makes "term :: text" a
// sentence.
func orgItem(text string) string {
	if text[0] == '[' {
		if inside, next, ok := between(text, 0, "[", "]"); ok {
			if inside == " " || inside == "X" || inside == "-" || strings.HasPrefix(inside, "@") {
				text = strings.TrimSpace(text[next:])
			}
		}
	}
	if term, ok := strings.CutSuffix(text, " ::"); ok {
		return term + ":"
	}
	return strings.Replace(text, " :: ", ": ", 1)
}

var orgInline = inline{
	marks: []mark{
		{sign: "=", verbatim: true}, {sign: "~", verbatim: true}, {sign: "*"}, {sign: "/"}, {sign: "_"}, {sign: "+"},
	},
	signs: "=~*/_+[<@{",
}

// special reads links, footnotes, targets, macros and what is for one format alone.
func (r *orgReader) special(dst []byte, s string, i int) ([]byte, int) {
	switch s[i] {
	case '[':
		if link, next, ok := between(s, i, "[[", "]]"); ok {
			target, text, found := strings.Cut(link, "][")
			if found {
				return r.inline.strip(dst, text), next
			}
			return append(dst, strings.TrimPrefix(strings.TrimPrefix(target, "file:"), "*")...), next
		}
		if note, next, ok := between(s, i, "[fn:", "]"); ok {
			if _, text, found := strings.Cut(note, ":"); found {
				return append(r.inline.strip(append(dst, " ("...), strings.TrimSpace(text)), ')'), next
			}
			return dst, next
		}
	case '<':
		if word, next, ok := between(s, i, "<<<", ">>>"); ok && !strings.Contains(word, "\n") {
			return append(dst, word...), next // which is shown, unlike the name of a target
		}
		if target, next, ok := between(s, i, "<<", ">>"); ok && !strings.Contains(target, "\n") {
			return dst, next
		}
	case '@': // @@html:<b>@@
		if snippet, next, ok := between(s, i, "@@", "@@"); ok {
			if format, _, named := strings.Cut(snippet, ":"); named && format != "" && strings.Trim(format, drawerName) == "" {
				return dst, next
			}
		}
	case '{': // {{{macro}}}, which may have arguments
		if name, next, ok := between(s, i, "{{{", "}}}"); ok {
			name, _, _ = strings.Cut(name, "(")
			text, known := r.macros[strings.ToLower(name)]
			if known && len(text) <= r.budget && !strings.Contains(text, "$") {
				r.budget -= len(text)
				return append(dst, text...), next
			}
		}
	}
	return dst, i
}
