package extract

import (
	"strings"
)

// org reads Org line by line.
func org(b *builder, text string) {
	r := orgReader{b: b, l: lines{rest: text}, states: set("TODO", "DONE", "NEXT", "WAITING", "WAIT", "HOLD", "CANCELLED", "CANCELED")}
	r.lastDrawerEnd = strings.LastIndex(strings.ToUpper(text), ":END:")
	r.length = len(text)
	r.read()
}

type orgReader struct {
	b      *builder
	l      lines
	p      paragraph
	nest   nest
	states map[string]bool // words that say how far the task of a heading is
	plain  []byte

	length, lastDrawerEnd int // of the text, to know whether a drawer can have an end

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
	r.plain = orgInline.strip(r.plain[:0], text)
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
		r.b.code(dedent(body), start)
	case name == "verse":
		n := start
		for line := range strings.Lines(body) {
			r.b.from(n, n)
			n++
			r.plain = orgInline.strip(r.plain[:0], line)
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

// planning passes over the line of dates below a heading.
func (r *orgReader) planning(text string) bool {
	for _, name := range []string{"SCHEDULED:", "DEADLINE:", "CLOSED:", "CLOCK:"} {
		if strings.HasPrefix(text, name) {
			return true
		}
	}
	return false
}

// drawer passes over ":NAME:" up to ":END:", unless a heading comes first.
func (r *orgReader) drawer(text string) bool {
	if len(text) < 3 || text[0] != ':' || text[len(text)-1] != ':' || strings.ContainsAny(text[1:len(text)-1], ": \t") {
		return false
	}
	if r.length-len(r.l.rest) > r.lastDrawerEnd {
		return strings.EqualFold(text, ":end:")
	}
	r.close()
	ended := false
	r.l.takeWhile(func(line string) bool {
		if ended || orgHeading(line) {
			return false
		}
		ended = strings.EqualFold(strings.TrimSpace(line), ":end:")
		return true
	})
	return true
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
		r.plain = orgInline.strip(r.plain[:0], cell)
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
	return strings.Replace(text, " :: ", ": ", 1)
}

var orgInline = inline{
	marks: []mark{
		{sign: "=", verbatim: true}, {sign: "~", verbatim: true}, {sign: "*"}, {sign: "/"}, {sign: "_"}, {sign: "+"},
	},
	special: orgSpecial,
	signs:   "=~*/_+[<",
}

// orgSpecial reads links, footnotes and targets.
func orgSpecial(dst []byte, s string, i int) ([]byte, int) {
	switch s[i] {
	case '[':
		if link, next, ok := between(s, i, "[[", "]]"); ok {
			target, text, found := strings.Cut(link, "][")
			if !found {
				text = strings.TrimPrefix(target, "file:")
			}
			return append(dst, text...), next
		}
		if note, next, ok := between(s, i, "[fn:", "]"); ok {
			if _, text, found := strings.Cut(note, ":"); found {
				return append(append(append(dst, " ("...), strings.TrimSpace(text)...), ')'), next
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
	}
	return dst, i
}
