package extract

import "strings"

// simpleLine writes a line of running text, and reports whether it could: it knows
// code, links and emphasis that begin and end on the line, and signs that are no
// markup where they stand. If not, it may have written a part.
func simpleLine(b *builder, s string) bool {
	begin := 0
	for i := 0; i < len(s); {
		if !mayMark[s[i]] {
			i++
			continue
		}
		inner, next, literal := simpleMarkup(s, i)
		switch {
		case next == i:
			return false
		case literal:
		default:
			b.fold(s[begin:i])
			if s[i] == '`' {
				b.fold(inner)
			} else if !simpleLine(b, inner) {
				return false
			}
			begin = next
		}
		i = next
	}
	b.fold(s[begin:])
	return true
}

// mayMark has the characters at which markup may begin.
var mayMark = func() (may [256]bool) {
	for _, c := range []byte("\\`*_[<&~") {
		may[c] = true
	}
	return may
}()

// simpleMarkup gives the text inside the markup that begins at s[i:] and where s
// goes on after it. Where the signs mean themselves, the text is literal. If it
// cannot tell, next is i.
func simpleMarkup(s string, i int) (inner string, next int, literal bool) {
	switch s[i] {
	case '`':
		inner, next = codeSpan(s, i)
	case '*':
		if i > 0 && s[i-1] == ' ' && i+1 < len(s) && s[i+1] == ' ' {
			return "", i + 1, true
		}
		inner, next = emphasis(s, i)
	case '[':
		inner, next = inlineLink(s, i)
	case '_':
		for next = i; next < len(s) && s[next] == '_'; next++ {
		}
		if i > 0 && next < len(s) && alphanumeric(s[i-1]) && alphanumeric(s[next]) {
			return "", next, true
		}
		next = i
	case '<', '&':
		if i+1 < len(s) && s[i+1] == ' ' {
			return "", i + 1, true
		}
		next = i
	default:
		next = i
	}
	return inner, next, false
}

// codeSpan reads `code` between single signs and without spaces at its ends.
func codeSpan(s string, i int) (inner string, next int) {
	n := strings.IndexByte(s[i+1:], '`')
	if n < 1 {
		return "", i
	}
	inner, next = s[i+1:i+1+n], i+n+2
	if inner[0] <= ' ' || inner[n-1] <= ' ' || next < len(s) && s[next] == '`' {
		return "", i
	}
	return inner, next
}

// emphasis reads *words* and **words** that nothing beside them keeps from being
// emphasis.
func emphasis(s string, i int) (inner string, next int) {
	sign := "*"
	if strings.HasPrefix(s[i:], "**") {
		sign = "**"
	}
	begin := i + len(sign)
	n := strings.IndexByte(s[begin:], '*')
	if n < 1 {
		return "", i
	}
	inner, next = s[begin:begin+n], begin+n+len(sign)
	switch {
	case !strings.HasPrefix(s[begin+n:], sign), next < len(s) && !separator(s[next]), i > 0 && !separator(s[i-1]),
		!graphic[inner[0]], !graphic[inner[n-1]]:
		return "", i
	}
	return inner, next
}

// separator reports characters that emphasis may stand beside.
func separator(c byte) bool { return strings.IndexByte(" .,;:!?()\"'", c) >= 0 }

func alphanumeric(c byte) bool {
	return c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c >= '0' && c <= '9'
}

// inlineLink reads [words](address).
func inlineLink(s string, i int) (inner string, next int) {
	n := strings.IndexAny(s[i+1:], "[]")
	if n < 1 || !strings.HasPrefix(s[i+1+n:], "](") || s[i+1] == '^' || i > 0 && s[i-1] == '!' {
		return "", i
	}
	inner, next = s[i+1:i+1+n], i+n+3
	for ; next < len(s) && inAddress(s[next]); next++ {
	}
	if next == i+n+3 || next == len(s) || s[next] != ')' {
		return "", i
	}
	return inner, next + 1
}

// inAddress reports characters of addresses that never end them.
func inAddress(c byte) bool {
	return alphanumeric(c) || c != 0 && strings.IndexByte("-./_#?=%:+@,;~", c) >= 0
}
