package extract

import (
	"strconv"
	"strings"
	"unicode"
	"unicode/utf16"
	"unicode/utf8"
)

// longestFrontMatter bounds, in lines, how far the end of front matter is looked
// for.
const longestFrontMatter = 1000

// frontMatter reads the block of YAML, TOML or JSON that a text may begin with, and
// gives where the text goes on. Only what is asked for of a document is read:
// scalars at the top level and lists of them.
func frontMatter(b *builder, text string) lines {
	if strings.HasPrefix(text, "{") {
		return jsonFrontMatter(b, text)
	}
	l := lines{rest: text}
	fence, _ := l.next()
	fence = trimRight(fence)
	if fence != "---" && fence != "+++" && fence != ";;;" {
		return lines{rest: text}
	}
	body := l
	for l.n < longestFrontMatter {
		before := l
		line, ok := l.next()
		if !ok {
			break
		}
		if line = trimRight(line); line == fence || fence == "---" && line == "..." {
			fields := fieldsOf(span(body, before), fence)
			if fields == nil {
				break // two rules, with text between them
			}
			for _, f := range fields {
				b.meta(f.name, f.value, 1+f.start, 1+f.end)
			}
			return l
		}
	}
	return lines{rest: text}
}

// field is a scalar of front matter.
type field struct {
	name, value string
	start, end  int // lines between the fences
}

// fieldsOf reads the lines of front matter, which is of the format that a fence
// tells; nil if they are none.
func fieldsOf(text, fence string) []field {
	toml, sep := fence == "+++", ":"
	switch fence {
	case "+++":
		sep = "="
	case ";;;":
		fields, size := jsonFields(text)
		if !blank(text[size:]) {
			return nil
		}
		return fields
	}
	fields := []field{}
	for l := (lines{rest: text}); ; {
		line, ok := l.next()
		switch {
		case !ok:
			return fields
		case blank(line), strings.HasPrefix(line, "#"):
			continue
		case toml && strings.HasPrefix(line, "["):
			return fields // the tables, which come last
		}
		name, value, ok := strings.Cut(line, sep)
		name = strings.Trim(name, ` "'`+"\t")
		start := l.n
		if !ok || name == "" || line[0] == ' ' || line[0] == '-' || !toml && value != "" && value[0] != ' ' && value[0] != '\t' {
			return nil
		}
		below := l.takeWhile(func(line string) bool {
			return blank(line) || strings.ContainsRune(" \t-]", rune(line[0])) || toml && line[0] != '[' && !strings.Contains(line, "=")
		})
		if value, ok = scalar(strings.TrimSpace(value), below); ok {
			fields = append(fields, field{name, value, start, l.n})
		}
	}
}

// scalar gives the value after a name, which may go on in the lines below it;
// false if it is a mapping.
func scalar(value, below string) (string, bool) {
	switch {
	case strings.HasPrefix(value, "|"), strings.HasPrefix(value, ">"):
		return strings.Join(strings.Fields(below), " "), true
	case strings.HasPrefix(value, "["):
		value, _, _ = strings.Cut(strings.TrimPrefix(value+" "+below, "["), "]")
		return list(strings.Split(value, ",")), true
	case strings.HasPrefix(value, `"""`), strings.HasPrefix(value, "'''"):
		value, _, _ = strings.Cut(value[3:]+"\n"+below, value[:3])
		return strings.Join(strings.Fields(value), " "), true
	case value == "" || value[0] == '#':
		return sequence(below)
	case strings.HasPrefix(value, "{"):
		return "", false
	}
	if strings.ContainsRune(`"'`, rune(value[0])) {
		return unquote(value + "\n" + below), true
	}
	value, _, _ = strings.Cut(value, " #")
	return strings.Join(strings.Fields(value+" "+below), " "), true
}

// sequence reads the members of a list that stand one on a line.
func sequence(below string) (string, bool) {
	var members []string
	for line := range strings.Lines(below) {
		line = strings.TrimSpace(line)
		if line == "" {
			continue
		}
		member, found := strings.CutPrefix(line, "-")
		if !found || strings.Contains(member, ": ") && !strings.ContainsAny(member, `"'`) {
			return "", false
		}
		members = append(members, member)
	}
	return list(members), true
}

func list(members []string) string {
	kept := members[:0]
	for _, m := range members {
		if m = unquote(strings.TrimSpace(m)); m != "" {
			kept = append(kept, m)
		}
	}
	return strings.Join(kept, ", ")
}

// unquote takes the quotes off a value, and what comes after them. A line break
// inside is a space, and nothing after a backslash.
func unquote(value string) string {
	if value == "" || value[0] != '"' && value[0] != '\'' {
		return value
	}
	quote := value[0]
	var b strings.Builder
	for i := 1; i < len(value); i++ {
		switch c := value[i]; {
		case c == '\\' && quote == '"' && i+1 < len(value):
			char, n := escaped(value[i+1:])
			if char != 0 {
				b.WriteRune(char)
			}
			i += n
		case c == '\n':
			b.WriteByte(' ')
			i += whiteSpace(value[i+1:])
		case c == quote && quote == '\'' && i+1 < len(value) && value[i+1] == quote:
			i++
			b.WriteByte(quote)
		case c == quote:
			return b.String()
		default:
			b.WriteByte(c)
		}
	}
	return strings.TrimRight(b.String(), " ")
}

// whiteSpace gives the length of the white space that a text begins with.
func whiteSpace(text string) int { return len(text) - len(strings.TrimLeft(text, " \t\n")) }

// escaped gives the character that stands after a backslash in YAML and TOML, and
// its length there. White space is a space; what is no text is 0: a control
// character, or the end of a line.
func escaped(s string) (char rune, n int) {
	switch s[0] {
	case '\n':
		return 0, 1 + whiteSpace(s[1:])
	case 'n', 't', 'r', 'v', 'f', 'N', 'L', 'P', '_':
		return ' ', 1
	case '0', 'a', 'b', 'e':
		return 0, 1
	case 'x':
		return codePoint(s, 2)
	case 'U':
		return codePoint(s, 8)
	case 'u':
		char, n = codePoint(s, 4)
		if utf16.IsSurrogate(char) && strings.HasPrefix(s[n:], `\u`) { // as in JSON
			low, more := codePoint(s[n+1:], 4)
			if pair := utf16.DecodeRune(char, low); pair != utf8.RuneError {
				return pair, n + 1 + more
			}
		}
		return char, n
	}
	return utf8.DecodeRuneInString(s)
}

// codePoint reads a letter and the digits of a character after it; the letter
// itself if there are not as many.
func codePoint(s string, digits int) (char rune, n int) {
	if len(s) > digits {
		if code, err := strconv.ParseUint(s[1:1+digits], 16, 32); err == nil {
			return visible(rune(code)), 1 + digits
		}
	}
	return rune(s[0]), 1
}

// visible gives 0 for a control character.
func visible(char rune) rune {
	switch {
	case unicode.IsSpace(char):
		return ' '
	case unicode.IsControl(char):
		return 0
	}
	return char
}
