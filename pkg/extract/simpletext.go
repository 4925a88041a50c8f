package extract

import (
	"html"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/yuin/goldmark/util"
)

// running reads running text: code, links, emphasis, tags, references, and what is
// no markup where it stands.
type running struct {
	defined bool // [words] may be a link

	text   string
	pieces []piece
	begin  int   // of what is in no piece yet
	open   []int // pieces that may begin emphasis
}

// piece is a piece of text, or a run of signs that may begin or end emphasis.
type piece struct {
	text         string
	at           int  // in the text that is read
	sign         byte // 0 for text
	opens, shuts bool
	length       int // of the run
}

// mostRuns is how many runs of signs a text may have.
const mostRuns = 250

// write writes a text without its markup, which begins on a line, and reports
// whether it could. If not, it may have written a part.
func (r *running) write(b *builder, text string, line int) bool {
	r.text, r.pieces, r.begin = text, r.pieces[:0], 0
	if !r.read(0, len(text)) {
		return false
	}
	if len(text) <= LinesKept {
		for _, p := range r.pieces {
			b.fold(p.text)
		}
		return true
	}
	read := 0
	for _, p := range r.pieces {
		line += strings.Count(text[read:p.at], "\n")
		read = p.at
		b.from(line, line)
		b.fold(p.text)
	}
	return true
}

// add adds the text that is in no piece yet up to i, and goes on at next.
func (r *running) add(i, next int) {
	if r.begin < i {
		r.pieces = append(r.pieces, piece{text: r.text[r.begin:i], at: r.begin})
	}
	r.begin = next
}

// insert adds a piece that stands in the place of the text from i to next.
func (r *running) insert(i, next int, p piece) {
	r.add(i, next)
	p.at = i
	r.pieces = append(r.pieces, p)
}

// mayMark has the characters at which markup may begin or end.
var mayMark = func() (may [256]bool) {
	for _, c := range []byte("\n\\`*_~[]<&") {
		may[c] = true
	}
	return may
}()

// read reads a part of the text within which emphasis begins and ends.
func (r *running) read(from, to int) bool {
	first, text := len(r.pieces), r.text[:to]
	for i := from; i < to; {
		for ; i < len(text) && !mayMark[text[i]]; i++ {
		}
		if i == to {
			break
		}
		next := r.markup(i)
		if next <= i || next > to {
			return false
		}
		i = next
	}
	r.add(to, to)
	return r.emphasize(first)
}

// markup reads what may be markup at i, and gives where the text goes on; i if it
// cannot tell.
func (r *running) markup(i int) (next int) {
	switch rest := r.text[i:]; rest[0] {
	case '\n':
		if strings.HasSuffix(r.text[r.begin:i], "  ") {
			r.insert(i, i, piece{text: lineBreak})
		}
		return i + 1
	case '\\':
		return r.backslash(i)
	case '`':
		return r.codeSpan(i)
	case '[':
		return r.bracket(i)
	case ']':
		if strings.HasPrefix(rest, "](") {
			return i
		}
		return i + 1
	case '<':
		return r.angle(i)
	case '&':
		return r.reference(i)
	}
	return r.run(i)
}

func (r *running) backslash(i int) (next int) {
	rest := r.text[i+1:]
	switch {
	case strings.HasPrefix(strings.TrimLeft(rest, " "), "\n"):
		return i
	case rest == "" || !util.IsPunct(rest[0]):
		return i + 1
	}
	r.add(i, i+1)
	return i + 2
}

// codeSpan reads `code`.
func (r *running) codeSpan(i int) (next int) {
	fence := r.text[i:]
	fence = fence[:len(fence)-len(strings.TrimLeft(fence, "`"))]
	begin, end := i+len(fence), 0
	for next = begin; next-end != len(fence) || end == 0; {
		n := strings.IndexByte(r.text[next:], '`')
		if n < 0 {
			return begin
		}
		end = next + n
		next = len(r.text) - len(strings.TrimLeft(r.text[end:], "`"))
	}
	code := r.text[begin:end]
	switch trimmed := strings.Trim(code, " \n"); {
	case trimmed == "" || trimmed == code:
	case strings.Contains(code, "\n"):
		return i
	case code[0] == ' ' && code[len(code)-1] == ' ':
		code = code[1 : len(code)-1]
	}
	r.insert(i, next, piece{text: code})
	return next
}

// angle reads <address> and the tags of HTML.
func (r *running) angle(i int) (next int) {
	rest := r.text[i:min(len(r.text), i+window)]
	end := strings.IndexByte(rest, '>')
	switch {
	case end < 0 && len(rest) < window, end == 1:
		return i + 1
	case end < 0, rest[1] == '!', rest[1] == '?':
		return i
	}
	inside := []byte(rest[1:end])
	if n := util.FindEmailIndex(inside); n == len(inside) || n < 0 && util.FindURLIndex(inside) == len(inside) {
		r.insert(i, i+end+1, piece{text: rest[1:end]})
		return i + end + 1
	}
	name := strings.TrimPrefix(rest[1:end], "/")
	letters := strings.TrimLeft(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-")
	if letters != "" && strings.IndexByte(" \t\n", letters[0]) >= 0 {
		end = len(tag().FindString(rest)) - 1
	} else if letters != "" && letters != "/" {
		end = -1
	}
	if letters == name || name[0] < 'A' || end < 0 {
		return i + 1
	}
	r.add(i, i+end+1)
	if breaksLine([]byte(rest[:end+1])) {
		r.insert(i+end+1, i+end+1, piece{text: lineBreak})
	}
	if text := imageText(rest[:end+1]); text != "" {
		if strings.Contains(rest[:end+1], "\n") {
			return i // on one of its lines
		}
		r.insert(i+end+1, i+end+1, piece{text: " " + text + " "})
	}
	return i + end + 1
}

// attributePattern is an attribute of a tag, with its name and its value.
const attributePattern = `[ \t\n]+([a-zA-Z_:][a-zA-Z0-9:._-]*)(?:[ \t\n]*=[ \t\n]*([^"'=<>` + "`" + `\x00-\x20]+|'[^']*'|"[^"]*"))?`

var attribute = sync.OnceValue(func() *regexp.Regexp { return regexp.MustCompile(attributePattern) })

// tag is a tag of HTML that may have attributes.
var tag = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`^<([A-Za-z][A-Za-z0-9-]*(` + attributePattern + `)*[ \t\n]*/?|/[A-Za-z][A-Za-z0-9-]*[ \t\n]*)>`)
})

// imageText gives the text that stands for an image, if a tag is one of an image.
func imageText(tag string) string {
	if len(tag) < len("<img ") || !strings.EqualFold(tag[:4], "<img") || strings.IndexByte(" \t\n", tag[4]) < 0 {
		return ""
	}
	for _, a := range attribute().FindAllStringSubmatch(tag[4:], -1) {
		if value := a[2]; value != "" && strings.EqualFold(a[1], "alt") {
			if value[0] == '"' || value[0] == '\'' {
				value = value[1 : len(value)-1]
			}
			return html.UnescapeString(value)
		}
	}
	return ""
}

// reference reads a reference to a character.
func (r *running) reference(i int) (next int) {
	rest := r.text[i:min(len(r.text), i+longestReference)]
	end := strings.IndexByte(rest, ';')
	if end < 0 {
		return i + 1
	}
	plain := html.UnescapeString(rest[:end+1])
	if plain == rest[:end+1] && !strings.Contains(plain, "\\") {
		return i + 1
	}
	for _, c := range []byte(rest[1:end]) {
		if !util.IsAlphaNumeric(c) && c != '#' {
			return i
		}
	}
	r.insert(i, i+end+1, piece{text: plain})
	return i + end + 1
}

// bracket reads [words](address).
func (r *running) bracket(i int) (next int) {
	rest, begin := r.text[i:], i
	if i > r.begin && r.text[i-1] == '!' {
		begin-- // an image
		if i > 1 && r.text[i-2] == '\\' {
			return i
		}
	} else if strings.HasPrefix(rest, "[^") {
		return i // a footnote
	}
	end := strings.IndexAny(rest[1:], "[]") + 1
	if end < 1 || !strings.HasPrefix(rest[end:], "](") {
		if r.defined {
			return i
		}
		return i + 1
	}
	n := address(rest[end+2:])
	if n == 0 || rest[end-1] == '\\' {
		return i
	}
	r.add(begin, i+1)
	if !r.read(i+1, i+end) {
		return i
	}
	r.begin = i + end + 2 + n
	return r.begin
}

// address gives the length of an address and the ")" after it; 0 if it is not a
// simple one.
func address(s string) int {
	open := 0
	for n := 0; n < len(s) && s[n] > ' ' && s[n] != '\\' && s[n] != '<'; n++ {
		switch s[n] {
		case '(':
			open++
		case ')':
			if open--; open < 0 {
				return n + 1
			}
		}
	}
	return 0
}

// run reads a run of equal signs that may begin or end emphasis.
func (r *running) run(i int) (next int) {
	for next = i; next < len(r.text) && r.text[next] == r.text[i]; next++ {
	}
	sign := r.text[i]
	if sign == '~' && (next > i+2 || i > 0 && r.text[i-1] == '~') {
		return next
	}
	if sign == '_' && i > 0 && next < len(r.text) && util.IsAlphaNumeric(r.text[i-1]) && util.IsAlphaNumeric(r.text[next]) {
		return next
	}
	before, after := '\n', '\n'
	if i > 0 {
		before, _ = utf8.DecodeLastRuneInString(r.text[:i])
	}
	if next < len(r.text) {
		after, _ = utf8.DecodeRuneInString(r.text[next:])
	}
	left := !util.IsSpaceRune(after) && (!util.IsPunctRune(after) || util.IsSpaceRune(before) || util.IsPunctRune(before))
	right := !util.IsSpaceRune(before) && (!util.IsPunctRune(before) || util.IsSpaceRune(after) || util.IsPunctRune(after))
	opens, shuts := left, right
	if sign == '_' {
		opens, shuts = left && (!right || util.IsPunctRune(before)), right && (!left || util.IsPunctRune(after))
	}
	if opens || shuts {
		r.insert(i, next, piece{text: r.text[i:next], sign: sign, opens: opens, shuts: shuts, length: next - i})
	}
	return next
}

// emphasize takes off the signs that begin and end emphasis among the pieces from
// first. It reports whether they are not too many.
func (r *running) emphasize(first int) bool {
	r.open = r.open[:0]
	for i := first; i < len(r.pieces); i++ {
		p := &r.pieces[i]
		if p.sign == 0 {
			continue
		}
		for p.shuts && p.text != "" {
			n, at := 0, len(r.open)
			for n == 0 && at > 0 {
				at--
				n = r.pieces[r.open[at]].matches(p)
			}
			if n == 0 {
				break
			}
			opener := &r.pieces[r.open[at]]
			opener.text, p.text = opener.text[n:], p.text[n:]
			if opener.text != "" {
				at++
			}
			r.open = r.open[:at]
		}
		if p.opens && p.text != "" {
			r.open = append(r.open, i)
		}
		if len(r.open) > mostRuns {
			return false
		}
	}
	for i := first; i < len(r.pieces); i++ {
		r.pieces[i].sign = 0 // what is around them does not go with them
	}
	return true
}

// matches gives how many signs of a run begin emphasis that another one ends.
func (p *piece) matches(end *piece) int {
	switch {
	case p.sign != end.sign, (p.shuts || end.opens) && (p.length+end.length)%3 == 0 && end.length%3 != 0:
		return 0
	case len(p.text) > 1 && len(end.text) > 1:
		return 2
	}
	return 1
}
