package extract

import (
	"strings"

	"github.com/yuin/goldmark/parser"
	"github.com/yuin/goldmark/util"
)

// A parser of Markdown holds hundreds of bytes for each that it reads of some
// texts, and takes time with the square of others. So Markdown is parsed in
// segments, cut where no block can reach across, and those that would still take
// too long are read line by line.
const (
	usualSegment   = 16 << 10 // bytes after which a segment ends where it may
	largestSegment = 64 << 10 // bytes of a segment that is parsed
	deepest        = 24       // containers that begin on one line
	openBrackets   = 48       // brackets of one kind that are open in a paragraph
)

// segmenter cuts Markdown at lines that begin a block at the outermost level,
// whatever stood before them.
type segmenter struct {
	l      lines
	fence  string // the end of the fenced code that is open
	raw    string // the end of the HTML that is open
	within bool   // HTML that an empty line ends is open
	inList bool   // the lines since the last empty one belong to a list
}

// next gives a segment and the line at which it begins.
func (s *segmenter) next() (segment string, first int, ok bool) {
	begin := s.l
	empty := false
	if len(begin.rest) <= usualSegment {
		s.l.rest = ""
		return begin.rest, begin.n + 1, begin.rest != ""
	}
	for {
		before := s.l
		line, ok := s.l.next()
		if !ok {
			break
		}
		if len(begin.rest)-len(before.rest) >= usualSegment && s.outermost(line, empty) {
			s.l = before
			break
		}
		s.pass(line)
		empty = blank(line)
	}
	segment = span(begin, s.l)
	return segment, begin.n + 1, segment != ""
}

// outermost reports whether a line begins a block at the outermost level.
func (s *segmenter) outermost(line string, afterEmpty bool) bool {
	if s.fence != "" || s.raw != "" || s.within || blank(line) || line[0] == ' ' || line[0] == '\t' {
		return false
	}
	if afterEmpty {
		return true
	}
	mark, text := bullet(line, "-*+")
	return s.inList && mark != "" && text != ""
}

// pass follows what is open after a line.
func (s *segmenter) pass(line string) {
	text := strings.TrimLeft(line, " ")
	indent := len(line) - len(text)
	switch {
	case s.fence != "":
		closing := trimRight(text)
		if indent < 4 && len(closing) >= len(s.fence) && strings.Trim(closing, s.fence[:1]) == "" {
			s.fence = ""
		}
	case s.raw != "":
		if containsFold(line, s.raw) {
			s.raw = ""
		}
	case blank(line):
		s.within, s.inList = false, false
	case indent > 3:
	case strings.HasPrefix(text, "```"), strings.HasPrefix(text, "~~~"):
		fence := text[:len(text)-len(strings.TrimLeft(text, text[:1]))]
		if fence[0] != '`' || !strings.Contains(text[len(fence):], "`") {
			s.fence = fence
		}
	case text[0] == '<':
		s.raw = rawEnd(text)
		s.within = s.raw == ""
	default:
		if mark, rest := bullet(text, "-*+"); mark != "" && rest != "" {
			s.inList = true
		}
	}
}

// rawHTML has the beginnings of HTML blocks that only their own end ends.
var rawHTML = []struct{ begin, end string }{
	{"<script", "</script>"}, {"<pre", "</pre>"}, {"<style", "</style>"}, {"<textarea", "</textarea>"},
	{"<!--", "-->"}, {"<![CDATA[", "]]>"}, {"<?", "?>"}, {"<!", ">"},
}

// rawEnd gives the end of the HTML block that a line begins and does not end; ""
// for other lines.
func rawEnd(line string) string {
	for _, block := range rawHTML {
		if len(line) >= len(block.begin) && strings.EqualFold(line[:len(block.begin)], block.begin) {
			if containsFold(line[len(block.begin):], block.end) {
				return ""
			}
			return block.end
		}
	}
	return ""
}

func containsFold(line, part string) bool {
	return strings.Contains(line, part) || strings.Contains(strings.ToLower(line), part)
}

// hostile reports whether parsing a segment would take much longer than its
// length warrants: containers or brackets are nested beyond reason, or a table
// has more cells than bytes.
func hostile(segment string) bool {
	// Hardly any text has as much of all this as it would take, and then its
	// paragraphs need not be looked at one by one.
	brackets := strings.Count(segment, "(") > openBrackets || strings.Count(segment, "[") > openBrackets
	tables := strings.Count(segment, "|")*(strings.Count(segment, "\n")+1) > freeCells
	var p crowd
	for l := (lines{rest: segment}); ; {
		line, ok := l.next()
		if !ok {
			return false
		}
		if containers(line) > deepest {
			return true
		}
		if (brackets || tables) && p.line(line) {
			return true
		}
	}
}

// freeCells is how many more cells than bytes a table may have.
const freeCells = 1000

// crowd counts what a paragraph holds.
type crowd struct{ round, square, columns, cells, length int }

// line adds a line, and reports whether the paragraph is hostile.
func (p *crowd) line(line string) bool {
	if blank(line) {
		*p = crowd{}
		return false
	}
	p.length += len(line) + 1
	if strings.Trim(line, "|:- \t>") == "" {
		p.columns = max(p.columns, strings.Count(line, "|"))
	}
	if p.cells += p.columns; p.cells > p.length+freeCells {
		return true
	}
	for i := range len(line) {
		switch line[i] {
		case '(':
			p.round++
		case ')':
			p.round = max(0, p.round-1)
		case '[':
			p.square++
		case ']':
			p.square = max(0, p.square-1)
		}
		if p.round > openBrackets || p.square > openBrackets {
			return true
		}
	}
	return false
}

// containers counts the quotes, items and footnotes that begin on a line, and
// those that its indentation may continue.
func containers(line string) int {
	n := 0
	for line != "" {
		switch c := line[0]; {
		case c == ' ' || c == '\t':
			line = line[1:]
			continue
		case c == '>':
			line = line[1:]
		case c >= 'A' && c <= 'z' && c != '[':
			return n // as most lines begin
		case strings.HasPrefix(line, "[^"):
			end := strings.Index(line[:min(len(line), 100)], "]:")
			if end < 0 {
				return n
			}
			line = line[end+2:]
		default:
			mark, _ := bullet(line, "-*+")
			if mark == "" {
				return n
			}
			line = line[len(mark):]
		}
		n++
	}
	return n
}

// definitions finds the link definitions of a document, which may stand anywhere
// in it. All that counts of one is that it is there.
func definitions(source string) map[string]parser.Reference {
	var refs map[string]parser.Reference
	if len(source) <= usualSegment {
		return nil // it is one segment, or its parts are far larger than is usual
	}
	for line := range strings.Lines(source) {
		text := strings.TrimLeft(line, " >")
		if text == "" || text[0] != '[' || len(line)-len(text) > 8 {
			continue
		}
		label, _, found := strings.Cut(text[1:], "]:")
		if !found || label == "" || label[0] == '^' || len(label) > 999 || strings.ContainsAny(label, "[]") {
			continue
		}
		if refs == nil {
			refs = map[string]parser.Reference{}
		}
		key := util.ToLinkReference([]byte(label))
		refs[key] = parser.NewReference([]byte(label), []byte("#"), nil)
	}
	return refs
}
