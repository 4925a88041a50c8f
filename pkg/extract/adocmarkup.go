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
	case "menu": // menu:File[Save]
		short = append(short, target...)
		if text != "" {
			short = append(short, ' ')
		}
		return append(short, text...), next
	case "kbd", "btn", "pass", "stem", "latexmath", "asciimath": // the target says how to read the text
		return append(short, text...), next
	case "footnote", "footnoteref":
		return append(append(append(short, " ("...), text...), ')'), next
	case "icon", "anchor", "indexterm":
		return short, next
	}
	return dst, i
}
