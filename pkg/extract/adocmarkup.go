package extract

import (
	"html"
	"regexp"
	"strings"
)

var adocInline = inline{
	marks: []mark{
		{sign: "``", verbatim: true, anywhere: true}, {sign: "`", verbatim: true}, {sign: "+", verbatim: true},
		{sign: "**", anywhere: true}, {sign: "*"}, {sign: "__", anywhere: true}, {sign: "_"}, {sign: "#"},
	},
	signs: "`+*_#:<{([\\\"\n^~&$",
}

// special reads macros, cross references, attributes and anchors.
func (r *adocReader) special(dst []byte, s string, i int) ([]byte, int) {
	switch s[i] {
	case '\\':
		if i+1 < len(s) && strings.IndexByte("*_`#+{<[:\\^~", s[i+1]) >= 0 {
			return append(dst, s[i+1]), i + 2
		}
	case '\n': // " +" before it is a line break
		if n := len(dst); n > 1 && dst[n-1] == '+' && dst[n-2] == ' ' && i > 0 && s[i-1] == '+' {
			return append(dst[:n-2], lineBreak...), i + 1
		}
	case '$': // $$without markup$$
		if text, next, ok := between(s, i, "$$", "$$"); ok && text != "" {
			return append(dst, text...), next
		}
	case '`': // `+code that has no markup+`, ``quotes''
		if text, next, ok := between(s, i, "``", "''"); ok && !strings.Contains(text, "`") {
			return append(r.inline.strip(append(dst, '"'), text), '"'), next
		}
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
				return r.inline.strip(dst, strings.TrimSpace(name)), next
			}
			return append(dst, text...), next
		}
	case '(':
		if text, next, ok := between(s, i, "(((", ")))"); ok && text != "" {
			return dst, next
		}
		if text, next, ok := between(s, i, "((", "))"); ok && text != "" && !strings.ContainsAny(text, "()") {
			return r.inline.strip(dst, text), next
		}
	case '+': // +++passed on+++, ++without markup++
		if text, next, ok := between(s, i, "+++", "+++"); ok && text != "" {
			return append(dst, rawText(text)...), next
		}
		if text, next, ok := between(s, i, "++", "++"); ok && text != "" && opens(s, i, i+2) {
			return append(dst, text...), next
		}
	case '^', '~': // above or below the line
		if text, next, ok := between(s, i, s[i:i+1], s[i:i+1]); ok && text != "" && text[0] != '/' && !strings.ContainsAny(text, " \t\n") {
			return r.inline.strip(dst, text), next
		}
	case '{':
		return r.attributeInText(dst, s, i)
	case '&':
		return adocCharacter(dst, s, i)
	case '[': // [[[entry of a bibliography]]], [[anchor]], [.role]#text#
		if label, next, ok := between(s, i, "[[[", "]]]"); ok && !strings.ContainsAny(label, "[]\n") {
			if _, shown, found := strings.Cut(label, ","); found {
				label = strings.TrimSpace(shown)
			}
			return append(append(append(dst, '['), label...), ']'), next
		}
		if _, next, ok := between(s, i, "[[", "]]"); ok {
			return dst, next
		}
		if role, next, ok := between(s, i, "[", "]"); ok && role != "" && len(role) < 40 && next < len(s) &&
			strings.IndexByte("#*_`", s[next]) >= 0 {
			return dst, next
		}
	case ':':
		return r.macro(dst, s, i)
	}
	return dst, i
}

// verbatim reads what stands between marks of code: attributes and characters have
// been put into it, and what is passed on.
func (r *adocReader) verbatim(dst []byte, sign, s string) []byte {
	if sign[0] != '`' {
		return append(dst, s...)
	}
	for {
		before, after, found := strings.Cut(s, "pass:")
		if !found {
			return r.expand(dst, s)
		}
		dst = r.expand(dst, before)
		kind, list, next, ok := adocTarget(after, 0)
		if !ok {
			return r.expand(append(dst, "pass:"...), after)
		}
		dst = append(dst, passed(kind, list)...)
		s = after[next:]
	}
}

// attributeInText reads the reference to an attribute, which may be an address with
// a text: {name}[text] or {name}/path[text].
func (r *adocReader) attributeInText(dst []byte, s string, i int) ([]byte, int) {
	value, next, set := r.reference(s, i)
	if next == i {
		return dst, i
	}
	path, list, after, linked := adocTarget(s, next)
	text := linkText(list)
	switch {
	case set && linked && isAddress(value):
		if text != "" {
			return r.inline.strip(dst, text), after
		}
		return append(r.expand(append(dst, value...), path), ' '), after
	case set:
		return append(dst, value...), next
	case linked && (path == "" || path[0] == '/') && (strings.Contains(s[i:next], "-") || strings.Contains(text, " ")): // no index
		return r.inline.strip(dst, text), after
	}
	return dst, i
}

// isAddress reports what may stand before the brackets of a link.
func isAddress(s string) bool {
	return strings.Contains(s, "://") || strings.HasPrefix(s, "link:") || strings.HasPrefix(s, "mailto:") || strings.HasPrefix(s, "xref:")
}

// adocTarget splits target[text] at s[i:], and gives where s goes on after it.
func adocTarget(s string, i int) (target, text string, next int, ok bool) {
	target, from, ok := between(s, i, "", "[")
	if !ok || strings.ContainsAny(target, " \t\n<>") {
		return "", "", i, false
	}
	limit := min(len(s), from+window)
	for at := from; ; at++ {
		n := strings.IndexByte(s[at:limit], ']')
		if n < 0 {
			return "", "", i, false
		}
		if at += n; s[at-1] != '\\' {
			return target, strings.ReplaceAll(s[from:at], `\]`, "]"), at + 1, true
		}
	}
}

// linkText gives what a link shows of the list in its brackets: what stands before
// attributes, without the sign that asks for another window.
func linkText(list string) string {
	text := list
	if inside, rest, ok := strings.Cut(strings.TrimPrefix(list, `"`), `"`); ok && list[0] == '"' && (blank(rest) || rest[0] == ',') {
		text = inside
	} else if isAttribute(list) {
		return ""
	} else {
		for at := 0; ; {
			n := strings.IndexByte(list[at:], ',')
			if n < 0 {
				break
			}
			if at += n + 1; isAttribute(strings.TrimLeft(list[at:], " \n")) {
				text = list[:at-1]
				break
			}
		}
	}
	text = strings.TrimSpace(text)
	rest, ok := strings.CutSuffix(text, "^")
	if at := strings.LastIndexByte(rest, '^'); !ok || at >= 0 && !strings.ContainsAny(rest[at:], " \n") { // it ends what is above the line
		return text
	}
	return rest
}

// isAttribute reports a list that begins with name=value.
func isAttribute(list string) bool {
	n := 0
	for n < len(list) && isWordByte(list[n]) {
		n++
	}
	return n > 0 && n < len(list) && list[n] == '='
}

var adocTag = regexp.MustCompile(`</?[a-zA-Z][a-zA-Z0-9]*( +[a-zA-Z-]+(="[^"]*"|='[^']*')?)* */?>`)

// passed gives the text that is passed on, of which a kind says what is still read.
func passed(kind, text string) string {
	if kind == "" || kind == "none" {
		return rawText(text)
	}
	return text
}

// rawText gives the text of HTML that is passed on as it is.
func rawText(text string) string {
	return html.UnescapeString(adocTag.ReplaceAllString(text, ""))
}

// macro reads name:target[text], of which the name has been written already when
// its colon is met, and addresses with a text.
func (r *adocReader) macro(dst []byte, s string, i int) ([]byte, int) {
	from := i
	for from > 0 && i-from < 12 && s[from-1] >= 'a' && s[from-1] <= 'z' {
		from--
	}
	name := s[from:i]
	if name == "" || len(dst) < len(name) || string(dst[len(dst)-len(name):]) != name {
		return dst, i
	}
	target, list, next, ok := adocTarget(s, i+1)
	if !ok {
		return dst, i
	}
	short := dst[:len(dst)-len(name)]
	switch name {
	case "link", "http", "https", "ftp", "irc", "mailto", "xref":
		text := linkText(list)
		if name == "mailto" { // the subject and the body may come after it
			text, _, _ = strings.Cut(text, ",")
		}
		switch {
		case text != "":
			return r.inline.strip(short, text), next
		case name == "link" || name == "mailto" || name == "xref":
			return r.expand(short, target), next
		}
		return append(r.expand(append(dst, ':'), target), ' '), next
	case "linkgit": // a page of the manual of git
		return append(append(append(append(short, target...), '('), list...), ')'), next
	case "image":
		alt, _ := firstValue(list)
		if value, _, ok := cutAfter(list, "alt="); ok {
			alt = value
		}
		return r.inline.strip(short, alt), next
	case "menu": // menu:File[Save]
		short = append(short, target...)
		if list != "" {
			short = append(short, ' ')
		}
		return append(short, list...), next
	case "pass":
		return append(short, passed(target, list)...), next
	case "kbd", "btn", "stem", "latexmath", "asciimath": // the target says how to read the text
		return append(short, list...), next
	case "footnote", "footnoteref":
		if name == "footnoteref" {
			_, list, _ = strings.Cut(list, ",")
		}
		if list == "" { // it is another reference to a note
			return short, next
		}
		return append(r.inline.strip(append(short, " ("...), list), ')'), next
	case "icon", "anchor", "indexterm":
		return short, next
	}
	return dst, i
}
