package extract

import (
	"strings"
)

var adocInline = inline{
	marks: []mark{
		{sign: "``", verbatim: true, anywhere: true}, {sign: "`", verbatim: true}, {sign: "+", verbatim: true},
		{sign: "**", anywhere: true}, {sign: "*"}, {sign: "__", anywhere: true}, {sign: "_"}, {sign: "#"},
	},
	signs: "`+*_#:<{([\\\"\n",
}

// special reads macros, cross references, attributes and anchors.
func (r *adocReader) special(dst []byte, s string, i int) ([]byte, int) {
	switch s[i] {
	case '\\':
		if i+1 < len(s) && strings.IndexByte("*_`#+{<[:\\", s[i+1]) >= 0 {
			return append(dst, s[i+1]), i + 2
		}
	case '\n': // " +" before it is a line break
		if n := len(dst); n > 1 && dst[n-1] == '+' && dst[n-2] == ' ' {
			return append(dst[:n-2], lineBreak...), i + 1
		}
	case '`': // `+code that has no markup+`
		if text, next, ok := between(s, i, "`+", "+`"); ok && text != "" {
			return append(dst, text...), next
		}
	case '"': // "`quotes`"
		if text, next, ok := between(s, i, `"`+"`", "`"+`"`); ok {
			return append(append(append(dst, '"'), text...), '"'), next
		}
	case '<':
		if text, next, ok := between(s, i, "<<", ">>"); ok {
			if _, name, found := strings.Cut(text, ","); found {
				text = strings.TrimSpace(name)
			}
			return append(dst, text...), next
		}
	case '(':
		if text, next, ok := between(s, i, "(((", ")))"); ok && text != "" {
			return dst, next
		}
		if text, next, ok := between(s, i, "((", "))"); ok && text != "" && !strings.ContainsAny(text, "()") {
			return append(dst, text...), next
		}
	case '{':
		if name, next, ok := between(s, i, "{", "}"); ok && name != "" && !strings.ContainsAny(name, " {\n") {
			if value, set := r.attributes[strings.ToLower(name)]; set && len(value) <= r.budget {
				r.budget -= len(value)
				return append(dst, value...), next
			}
		}
	case '[': // [[anchor]], [.role]#text#
		if _, next, ok := between(s, i, "[[", "]]"); ok {
			return dst, next
		}
		if role, next, ok := between(s, i, "[", "]"); ok && role != "" && len(role) < 40 && next < len(s) &&
			strings.IndexByte("#*_`", s[next]) >= 0 {
			return dst, next
		}
	case ':':
		return adocInlineMacro(dst, s, i)
	}
	return dst, i
}

// adocInlineMacro reads name:target[text], of which the name has been written
// already when its colon is met, and addresses with a text.
func adocInlineMacro(dst []byte, s string, i int) ([]byte, int) {
	from := i
	for from > 0 && i-from < 12 && s[from-1] >= 'a' && s[from-1] <= 'z' {
		from--
	}
	name := s[from:i]
	if name == "" || len(dst) < len(name) || string(dst[len(dst)-len(name):]) != name {
		return dst, i
	}
	target, next, ok := between(s, i, ":", "[")
	if !ok || strings.ContainsAny(target, " \t\n<>") {
		return dst, i
	}
	text, next, ok := between(s, next, "", "]")
	if !ok {
		return dst, i
	}
	short := dst[:len(dst)-len(name)]
	text, _, _ = strings.Cut(text, ",role=")
	text = strings.TrimSuffix(strings.Trim(text, `"`), "^")
	switch name {
	case "link", "http", "https", "ftp", "irc", "mailto", "xref":
		switch {
		case text != "":
			return append(short, text...), next
		case name == "link" || name == "mailto" || name == "xref":
			return append(short, target...), next
		}
		return append(append(append(dst, ':'), target...), ' '), next
	case "image":
		alt, _, _ := strings.Cut(text, ",")
		return append(short, alt...), next
	case "kbd", "btn", "menu", "pass", "stem", "latexmath", "asciimath":
		return append(append(short, target...), text...), next
	case "footnote", "footnoteref":
		return append(append(append(short, " ("...), text...), ')'), next
	case "icon", "anchor", "indexterm":
		return short, next
	}
	return dst, i
}

// table reads the cells of a table and puts them into rows: as many a row as were
// declared, or as there are on the first line.
func (r *adocReader) table(body string, start int) {
	t := adocTable{r: r, columns: r.columns}
	r.columns = 0
	for l := (lines{rest: body, n: start - 1}); ; {
		line, ok := l.next()
		if !ok {
			break
		}
		t.line(line, l.n)
	}
	t.cell()
	t.row()
}

type adocTable struct {
	r          *adocReader
	columns    int
	count      int // cells of the row so far
	text       []byte
	start, end int
	open       bool // a cell is
}

func (t *adocTable) line(line string, n int) {
	if strings.HasPrefix(line, "//") {
		return
	}
	first := true
	for part := range strings.SplitSeq(line, "|") {
		if first {
			first = false
			if t.open {
				t.add("\n"+part, n)
			}
			continue
		}
		t.cell()
		if t.columns > 0 && t.count >= t.columns {
			t.row()
		}
		t.open = true
		t.add(part, n)
	}
	if t.columns == 0 {
		t.columns = strings.Count(line, "|")
	}
}

func (t *adocTable) add(text string, n int) {
	t.text = append(t.text, text...)
	if blank(text) {
		return
	}
	if t.start == 0 {
		t.start = n
	}
	t.end = n
}

// cell ends the cell that is open. What says how the next one spans or looks
// stands before its line and is not part of it.
func (t *adocTable) cell() {
	if !t.open {
		return
	}
	text := string(t.text)
	if at := strings.LastIndexAny(text, " \n"); at >= 0 && len(text)-at < 8 && strings.Trim(text[at+1:], "0123456789.+*<>^adehlmsv") == "" {
		text = text[:at]
	}
	t.r.b.part(nextCell)
	t.r.plain = t.r.inline.strip(t.r.plain[:0], text)
	t.r.b.fold(string(t.r.plain))
	t.count++
	t.open, t.text = false, t.text[:0]
}

func (t *adocTable) row() {
	t.r.b.flush(Row, 0, t.start, t.end)
	t.count, t.start = 0, 0
}
