package extract

import (
	"strings"
	"unicode"
	"unicode/utf8"
)

// asciidoc reads AsciiDoc line by line.
func asciidoc(b *builder, text string) {
	r := adocReader{b: b, l: lines{rest: text}, attributes: map[string]string{}, budget: len(text), inline: adocInline}
	r.inline.special, r.inline.verbatim = r.special, r.verbatim
	r.header()
	r.read()
}

type adocReader struct {
	b          *builder
	l          lines
	p          paragraph
	marks      []string // of the lists that are open, by which the depth of an item is known
	attributes map[string]string
	budget     int // bytes that attributes may still put into the text
	next       tableSpec
	inItem     bool // the next paragraph belongs to the item before it
	verse      bool // the breaks of the lines of the next paragraph or block count
	inline     inline
	plain      []byte
}

// header reads the title of the document and the lines below it, of which nothing
// is text: the authors, the revision and attributes.
func (r *adocReader) header() {
	for {
		before := r.l
		line, ok := r.l.next()
		line = shown(line)
		switch {
		case !ok:
			return
		case blank(line), adocComment(line), adocCondition(trimRight(line)), r.attribute(line, true):
			continue
		}
		title, found := strings.CutPrefix(line, "= ")
		if !found {
			r.l = before
			return
		}
		r.add(Heading, 1, title, r.l.n, r.l.n)
		break
	}
	for said := 0; ; {
		before := r.l
		written, ok := r.l.next()
		line := shown(written)
		switch {
		case !ok:
			return
		case adocComment(line), adocMacro(trimRight(line)), r.attribute(line, true):
			continue
		case line != written || blank(line) || strings.ContainsAny(line[:1], "=[.*-|'") || strings.Contains(line, "::"):
			r.l = before
			return
		case said == 0 && r.authors(line):
			r.b.meta("author", strings.TrimSpace(line), r.l.n, r.l.n)
		case said == 1 && strings.ContainsAny(line, "0123456789{"): // the revision
		default:
			r.l = before
			return
		}
		said++
	}
}

func adocComment(line string) bool {
	return strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "////")
}

// mostNames is how many words a line of authors has that nothing else tells from
// text.
const mostNames = 5

// authors reports whether the line that was read, the first below the title, is
// not the first one of the text: it is short, has an address, or attributes come
// below it.
func (r *adocReader) authors(line string) bool {
	if len(strings.Fields(line)) <= mostNames {
		return true
	}
	_, address, _ := strings.Cut(line, " <")
	address, after, ok := strings.Cut(address, ">")
	if ok && strings.Contains(address, "@") && !strings.Contains(address, " ") && (blank(after) || after[0] == ';') {
		return true
	}
	ahead := r.l
	for range 2 { // the first may be the revision
		below, _ := ahead.next()
		if _, _, ok := adocAttribute(below); ok {
			return true
		}
		if blank(below) {
			break
		}
	}
	return false
}

func (r *adocReader) read() {
	for {
		line, ok := r.l.next()
		if !ok {
			r.close()
			return
		}
		line = trimRight(shown(line))
		switch {
		case adocCondition(line): // a processor takes the line out before it sees blocks
		case line == "":
			r.close()
		case r.skip(line), r.delimited(line):
		case r.p.open() && r.p.kind == Paragraph && !strings.HasPrefix(line, "//"):
			r.line(line)
		case !r.section(line) && !r.item(line):
			r.text(line)
		}
	}
}

// skip passes over lines that are not text.
func (r *adocReader) skip(line string) bool {
	switch {
	case line == "+":
		r.inItem = len(r.marks) > 0
	case strings.HasPrefix(line, "//") && !strings.HasPrefix(line, "////"), line == "<<<", line == "'''":
	case adocAttributes(line):
		r.close()
		r.next.read(line)
		r.quoted(line)
	case strings.HasPrefix(line, "[[") && strings.Index(line, "]]") == len(line)-len("]]"):
	case !r.p.open() && r.attribute(line, false):
	case adocMacro(line):
	default:
		return false
	}
	if !strings.HasPrefix(line, "//") {
		r.close()
	}
	return true
}

// adocAttributes reports the line that says something of the block below it.
func adocAttributes(line string) bool {
	if len(line) < 2 || line[0] != '[' || line[len(line)-1] != ']' {
		return false
	}
	first, _ := utf8.DecodeRuneInString(line[1:])
	return unicode.IsLetter(first) || strings.ContainsRune(`]_.#%{,"'`, first)
}

// quoted reads who said or wrote what is below a line of attributes, and where:
// "[quote, who, where]". They stand before it, since that may take many blocks.
func (r *adocReader) quoted(line string) {
	list := line[1 : len(line)-1]
	var values [3]string
	for i := range values {
		values[i], list = firstValue(list)
	}
	style := values[0]
	if n := strings.IndexAny(style, "#.%"); n >= 0 {
		style = style[:n]
	}
	r.verse = style == "verse" || r.verse && style == ""
	if style != "quote" && style != "verse" {
		return
	}
	who, where := values[1], values[2]
	if value, _, ok := cutAfter(line, "attribution="); ok {
		who = value
	}
	if value, _, ok := cutAfter(line, "citetitle="); ok {
		where = value
	}
	if who != "" && where != "" {
		who += ", "
	}
	if who += where; who != "" {
		r.add(Paragraph, 0, who, r.l.n, r.l.n)
	}
}

// firstValue cuts the first value off a list of attributes; that of one with a name
// is "".
func firstValue(list string) (value, rest string) {
	list = strings.TrimSpace(list)
	if list != "" && (list[0] == '"' || list[0] == '\'') {
		if value, rest, ok := strings.Cut(list[1:], list[:1]); ok {
			_, rest, _ = strings.Cut(rest, ",")
			return value, rest
		}
	}
	value, rest, _ = strings.Cut(list, ",")
	if name, _, named := strings.Cut(value, "="); named && !strings.ContainsAny(name, " :") {
		value = ""
	}
	return strings.TrimSpace(value), rest
}

// cutAfter gives what stands in quotes after a name, or up to a comma or bracket.
func cutAfter(line, name string) (value, rest string, ok bool) {
	_, after, found := strings.Cut(line, name)
	if !found {
		return "", "", false
	}
	if after != "" && (after[0] == '"' || after[0] == '\'') {
		return strings.Cut(after[1:], after[:1])
	}
	value, rest, _ = strings.Cut(strings.TrimSuffix(after, "]"), ",")
	return value, rest, true
}

// countColumns counts the columns of a table that is declared as "1,2,3", "3*" or
// "3".
func countColumns(spec string) int {
	n := 0
	if spec != "" && strings.Trim(spec, "0123456789") == "" {
		spec += "*"
	}
	for part := range strings.FieldsFuncSeq(spec, func(r rune) bool { return r == ',' || r == ';' }) {
		times := 0
		digits, _, repeated := strings.Cut(part, "*")
		for _, c := range strings.TrimSpace(digits) {
			if repeated && c >= '0' && c <= '9' && times < maxColumns {
				times = times*10 + int(c-'0')
			}
		}
		n += max(times, 1)
	}
	return min(n, maxColumns)
}

func (r *adocReader) close() {
	if r.p.open() {
		text := strings.TrimSuffix(string(r.p.text), " +") // a line break, but no line comes
		r.add(r.p.kind, r.p.level, text, r.p.start, r.p.end)
		r.verse = false
	}
	r.p = paragraph{text: r.p.text[:0]}
}

// line adds a line to the open paragraph.
func (r *adocReader) line(text string) {
	if r.verse {
		text += lineBreak
	}
	r.p.line(text, r.l.n)
}

// add makes a block of text with markup.
func (r *adocReader) add(kind Kind, level int, text string, start, end int) {
	r.plain = r.inline.strip(r.plain[:0], text)
	r.b.add(kind, level, string(r.plain), start, end)
}

// section reads a title: "== Title", or a line with a line of signs below it.
func (r *adocReader) section(line string) bool {
	sign := line[:1]
	if sign == "=" || sign == "#" {
		title := strings.TrimLeft(line, sign)
		if level := len(line) - len(title); level <= 6 && strings.HasPrefix(title, " ") {
			r.leaveLists()
			r.close()
			r.add(Heading, level, strings.TrimSpace(strings.TrimRight(title, sign)), r.l.n, r.l.n)
			return true
		}
	}
	below, _ := r.l.peek()
	below = trimRight(below)
	if r.p.open() || len(below) < 2 || below == "--" && indentOf(line) > 0 || strings.Trim(below, below[:1]) != "" {
		return false
	}
	level := strings.Index("=-~^+", below[:1]) + 1
	if width := utf8.RuneCountInString(line); level == 0 || width < 2 || len(below) < width-1 || len(below) > width+1 {
		return false
	}
	r.l.next()
	r.leaveLists()
	r.add(Heading, level, line, r.l.n-1, r.l.n)
	return true
}

// delimited reads a block between two equal lines, if a line begins one that is
// not just text.
func (r *adocReader) delimited(line string) bool {
	if !isDelimiter(line) {
		return false
	}
	end := line
	var read func(body string, start int)
	switch sign := line[:1]; {
	case sign == "`":
		end, read = "```", r.code
	case sign == "_" && r.verse:
		read = r.verses
	case line == "--", strings.Contains("=*_", sign):
		r.close() // what is inside is text
		return true
	case strings.Contains("-.", sign):
		read = r.code
	case strings.Contains("/+", sign):
		read = func(string, int) {}
	default:
		read = func(body string, start int) { r.table(sign, body, start) }
	}
	r.close()
	start := r.l.n + 1
	body := r.l.takeWhile(func(line string) bool { return trimRight(line) != end })
	r.l.next()
	read(body, start)
	r.verse = false
	return true
}

// isDelimiter reports a line above or below a block.
func isDelimiter(line string) bool {
	switch {
	case line == "--" || strings.HasPrefix(line, "```"):
		return true
	case len(line) < 4:
		return false
	case strings.ContainsAny(line[:1], "|,:!"):
		return strings.Trim(line[1:], "=") == ""
	}
	return strings.ContainsAny(line[:1], "-./+=*_") && strings.Trim(line, line[:1]) == ""
}

// verses reads a block of lines whose breaks count.
func (r *adocReader) verses(body string, start int) {
	body = strings.TrimRight(withoutLines(body, adocDirective), "\n")
	r.add(Paragraph, 0, strings.ReplaceAll(body, "\n", lineBreak+"\n"), start, start+strings.Count(body, "\n"))
}

// code reads the lines of a block of code.
func (r *adocReader) code(body string, start int) {
	r.b.code(withoutLines(body, adocDirective), start)
}

// item reads the first line of an item of a list.
func (r *adocReader) item(line string) bool {
	text := strings.TrimSpace(line)
	mark, rest := adocMark(text)
	if mark == "" {
		if !strings.Contains(text, "::") && !strings.Contains(text, ";;") {
			return false
		}
		return r.term(text)
	}
	r.close()
	r.p.begin(Item, r.depth(mark), 0, r.l.n)
	for _, box := range []string{"[ ] ", "[x] ", "[X] ", "[*] "} {
		rest = strings.TrimPrefix(rest, box)
	}
	r.p.line(rest, r.l.n)
	return true
}

// adocMark cuts the mark of an item off.
func adocMark(text string) (mark, rest string) {
	for _, sign := range []string{"*", ".", "-"} {
		rest := strings.TrimLeft(text, sign)
		if n := len(text) - len(rest); n > 0 && n <= 6 && strings.HasPrefix(rest, " ") {
			return text[:n], strings.TrimSpace(rest)
		}
	}
	if number, rest := bullet(text, ""); number != "" && number[0] >= '0' && number[0] <= '9' && rest != "" {
		return "1.", rest
	}
	if number, next, ok := between(text, 0, "<", "> "); ok && strings.Trim(number, "0123456789.") == "" {
		return "<1>", text[next:]
	}
	return "", ""
}

// term reads the line of a term, and of its definition if it stands beside it.
func (r *adocReader) term(text string) bool {
	for _, sign := range []string{"::::", ":::", "::", ";;"} {
		term, rest, found := strings.Cut(text, sign)
		if !found || term == "" || rest != "" && rest[0] != ' ' {
			continue
		}
		r.close()
		level := r.depth(sign)
		r.add(Item, level, term, r.l.n, r.l.n)
		if rest = strings.TrimSpace(rest); rest != "" {
			r.p.begin(Item, level, 0, r.l.n)
			r.p.line(rest, r.l.n)
		}
		r.inItem = rest == ""
		return true
	}
	return false
}

// leaveLists ends all lists that are open.
func (r *adocReader) leaveLists() { r.marks, r.inItem = r.marks[:0], false }

// depth gives how deep an item with a mark is nested.
func (r *adocReader) depth(mark string) int {
	for i, open := range r.marks {
		if open == mark {
			r.marks = r.marks[:i+1]
			return i + 1
		}
	}
	r.marks = append(r.marks, mark)
	return len(r.marks)
}

// text reads a line of running text.
func (r *adocReader) text(line string) {
	switch {
	case r.p.open():
	case (line[0] == ' ' || line[0] == '\t') && !r.inItem:
		start := r.l.n
		literal := line + "\n" + r.l.takeWhile(func(line string) bool {
			line = trimRight(line)
			return line != "" && !isDelimiter(line) && !adocAttributes(line) && (line != "+" || len(r.marks) == 0)
		})
		r.b.code(dedent(withoutLines(literal, adocDirective)), start)
		return
	case line[0] == '.' && len(line) > 1 && line[1] != '.' && line[1] != ' ': // the title of a block
		r.add(Paragraph, 0, line[1:], r.l.n, r.l.n)
		return
	case r.inItem:
		r.p.begin(Item, len(r.marks), 0, r.l.n)
		r.inItem = false
		line = strings.TrimSpace(line)
	default:
		if line[0] != ' ' {
			r.leaveLists()
		}
		r.p.begin(Paragraph, 0, 0, r.l.n)
		if strings.HasPrefix(line, "image::") {
			line = "image:" + line[len("image::"):]
		}
	}
	r.line(line)
}
