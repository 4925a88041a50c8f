package extract

import "strings"

// mdx reads Markdown with components: their tags are taken off as those of HTML
// are; imports and exports are left out.
func mdx(b *builder, source string) {
	l := frontMatter(b, source)
	r := componentReader{text: l.rest, kept: make([]byte, 0, len(l.rest))}
	r.read()
	markdownBody(b, lines{rest: string(r.kept), n: l.n})
}

// componentReader makes Markdown of MDX, with as many lines.
type componentReader struct {
	text string
	kept []byte
	code int // how long the mark is that ends the code which goes on from the line before

	// The place before which no end was found of what began earlier.
	statements, tags, comments int
}

func (r *componentReader) read() {
	var at segmenter
	begins := true // a block
	for i := 0; i < len(r.text); {
		line := r.text[i:r.lineEnd(i)]
		at.pass(strings.TrimSuffix(line, "\n"))
		switch {
		case at.fence != "" || blank(line):
			r.kept, r.code = append(r.kept, line...), 0
			i += len(line)
		case begins && isStatement(line):
			i = r.leaveOut(i, r.statementEnd(i))
		default:
			i = r.line(i)
		}
		begins = blank(line)
	}
}

// lineEnd gives where the line ends that a place is in, with its line break.
func (r *componentReader) lineEnd(i int) int {
	if n := strings.IndexByte(r.text[i:], '\n'); n >= 0 {
		return i + n + 1
	}
	return len(r.text)
}

// leaveOut keeps the line breaks alone of the text from i to next, and gives next.
func (r *componentReader) leaveOut(i, next int) int {
	for range strings.Count(r.text[i:next], "\n") {
		r.kept = append(r.kept, '\n')
	}
	return next
}

// keep keeps the text from i to next, and gives next.
func (r *componentReader) keep(i, next int) int {
	r.kept = append(r.kept, r.text[i:next]...)
	return next
}

// line keeps the line at i without the tags of components and without comments,
// but for those in code, and gives the line after it, and after what goes on below
// it.
func (r *componentReader) line(i int) int {
	for end := r.lineEnd(i); i < end; {
		line := r.text[i:end]
		if r.code > 0 {
			n := codeEnd(line, r.code)
			if n < 0 {
				return r.keep(i, end)
			}
			i, r.code = r.keep(i, i+n), 0
			continue
		}
		n := strings.IndexAny(line, "<{`\\")
		if n < 0 {
			return r.keep(i, end)
		}
		i = r.keep(i, i+n)
		next, out := i+1, i
		switch line = line[n:]; line[0] {
		case '\\':
			next = min(i+2, end)
		case '`':
			n := len(line) - len(strings.TrimLeft(line, "`"))
			if next = i + n; codeEnds(line[n:], r.text[end:], n) {
				r.code = n
			}
		case '<':
			out = r.tagEnd(i, line)
		case '{':
			out = r.commentEnd(i)
		}
		if out == i {
			i = r.keep(i, next)
			continue
		}
		if i = r.leaveOut(i, out); i > end {
			end = r.lineEnd(i)
		}
	}
	return i
}

// isStatement reports whether a line is an import or an export if it begins a
// block.
func isStatement(line string) bool {
	return strings.HasPrefix(line, "import ") || strings.HasPrefix(line, "export ")
}

// longestStatement and longestTag bound, in bytes, how far the end is looked for of
// an export with empty lines inside, and of a tag.
const (
	longestStatement = 1 << 16
	longestTag       = 1 << 14
)

// statementEnd gives where the import or export at i ends: before an empty line
// that is in no brackets, or the first one if brackets are left open up to the next
// heading or statement.
func (r *componentReader) statementEnd(i int) int {
	first := i
	for first < len(r.text) && !blank(r.text[first:r.lineEnd(first)]) {
		first = r.lineEnd(first)
	}
	if i < r.statements {
		return first
	}
	text := r.text[:min(len(r.text), i+longestStatement)]
	depth, at := 0, i
	for ; at < len(text); at = scriptPiece(text, at) {
		depth += nesting(text[at])
		if text[at] != '\n' {
			continue
		}
		line := r.text[at+1 : r.lineEnd(at+1)]
		if depth <= 0 && blank(line) {
			return at + 1
		}
		if at >= first && (isStatement(line) || strings.HasPrefix(line, "#")) {
			break
		}
	}
	if depth <= 0 && at >= len(r.text) {
		return len(r.text)
	}
	r.statements = at
	return first
}

// tagEnd gives where the tag of a component ends that a line has at i, or the tag
// of HTML with values that HTML does not know; i if it is none. What HTML says of
// an image is not left out.
func (r *componentReader) tagEnd(i int, line string) int {
	name := strings.TrimPrefix(line[1:], "/")
	if name == "" || !isWordByte(name[0]) || name[0] <= '9' || strings.HasPrefix(name, "img") {
		return i
	}
	component := name[0] <= 'Z'
	if i >= r.tags {
		end, read, values := tagOverLines(r.text[i:min(len(r.text), i+longestTag)])
		if end > 0 && (component || values) {
			return i + end
		}
		r.tags = i + read
	}
	if end := strings.IndexAny(line[1:], "<>") + 1; component && end > 0 && line[end] == '>' {
		return i + end + 1
	}
	return i
}

// tagOverLines gives the length of the tag that a text begins with, whose values
// may have anything in quotes and braces; 0 if it is none. It says how much it
// read, and whether there are braces.
func tagOverLines(text string) (length, read int, values bool) {
	lines, attributes := 0, true // whether all that was read looks like them
	for at := 1; at < len(text); {
		switch c := text[at]; c {
		case '>':
			if lines > 0 && !attributes {
				return 0, at, false
			}
			return at + 1, at + 1, values
		case '<':
			return 0, at, false
		case '"', '\'':
			n := strings.IndexByte(text[at+1:], c)
			if n < 0 {
				return 0, at, false
			}
			at += 1 + n + 1
		case '{':
			end := bracesEnd(text, at)
			if end == at {
				return 0, len(text), false
			}
			at, values = end, true
		case '\n':
			lines++
			at++
			if line, _, _ := strings.Cut(text[at:], "\n"); blank(line) {
				return 0, at, false
			}
		default:
			attributes = attributes && (isWordByte(c) || strings.IndexByte(" \t/-.:=$_", c) >= 0)
			at++
		}
	}
	return 0, len(text), false
}

// commentEnd gives where the comment ends that begins at i; i if there is none.
func (r *componentReader) commentEnd(i int) int {
	if i < r.comments || !strings.HasPrefix(r.text[i:], "{/*") {
		return i
	}
	n := strings.Index(r.text[i+3:], "*/}")
	if n < 0 {
		r.comments = len(r.text)
		return i
	}
	return i + 3 + n + 3
}

// bracesEnd gives where the expression ends that begins with the brace at i; i if
// it does not end.
func bracesEnd(text string, i int) int {
	depth := 0
	for at := i; at < len(text); at = scriptPiece(text, at) {
		if depth += nesting(text[at]); depth == 0 {
			return at + 1
		}
	}
	return i
}

// nesting gives by how much a character of a script changes the number of open
// brackets.
func nesting(c byte) int {
	switch c {
	case '(', '[', '{':
		return 1
	case ')', ']', '}':
		return -1
	}
	return 0
}

// scriptPiece gives where the piece of a script ends that is at a place: a string,
// a comment or a character. A quote without another one on its line is an
// apostrophe, as text of a component may have it.
func scriptPiece(text string, i int) int {
	rest := text[i:]
	switch c := rest[0]; {
	case c == '\\':
		return min(i+2, len(text))
	case c == '"' || c == '\'' || c == '`':
		for n := 1; n < len(rest) && (c == '`' || rest[n] != '\n'); n++ {
			switch rest[n] {
			case '\\':
				n++
			case c:
				return i + n + 1
			}
		}
	case strings.HasPrefix(rest, "/*"):
		if n := strings.Index(rest[2:], "*/"); n >= 0 {
			return i + 2 + n + 2
		}
		return len(text)
	case strings.HasPrefix(rest, "//") && (i == 0 || text[i-1] != ':'):
		if n := strings.IndexByte(rest, '\n'); n >= 0 {
			return i + n
		}
		return len(text)
	}
	return i + 1
}

// codeEnd gives where the code goes to that a run of n backticks ends, and the run;
// -1 if none does.
func codeEnd(text string, n int) int {
	for at := 0; ; {
		begin := strings.IndexByte(text[at:], '`')
		if begin < 0 {
			return -1
		}
		begin += at
		at = len(text) - len(strings.TrimLeft(text[begin:], "`"))
		if at-begin == n {
			return at
		}
	}
}

// codeEnds reports whether a run of n backticks ends what begins before a text: in
// it, or in the lines below it up to an empty one. It is not looked for far.
func codeEnds(text, below string, n int) bool {
	if codeEnd(text[:min(len(text), window)], n) >= 0 {
		return true
	}
	for line := range strings.Lines(below[:min(len(below), max(0, window-len(text)))]) {
		if blank(line) {
			break
		}
		if codeEnd(line, n) >= 0 {
			return true
		}
	}
	return false
}
