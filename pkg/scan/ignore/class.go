package ignore

import "strings"

// compileClass reads a class whose first byte after the bracket is text[i]. It
// returns the bytes accepted and where the pattern goes on; ok is false for a
// class that is not closed or names a set that does not exist. No class accepts
// a slash.
func compileClass(text string, i int) (set *[256]bool, end int, ok bool) {
	set = new([256]bool)
	negated := i < len(text) && (text[i] == '!' || text[i] == '^')
	if negated {
		i++
	}
	var low byte // the byte that a following "-" would make the start of a range; 0 for none
	for first := true; ; first = false {
		if i >= len(text) {
			return nil, 0, false
		}
		if text[i] == ']' && !first {
			break
		}
		if name, next, found := namedSet(text, i); found {
			accepts := namedSets[name]
			if accepts == nil {
				return nil, 0, false
			}
			for c := range set {
				set[c] = set[c] || accepts(byte(c))
			}
			i, low = next, 0
			continue
		}
		ranged := text[i] == '-' && low != 0 && i+1 < len(text) && text[i+1] != ']'
		if ranged {
			i++
		}
		if text[i] == '\\' {
			i++
			if i == len(text) {
				return nil, 0, false
			}
		}
		high := text[i]
		i++
		if !ranged {
			set[high], low = true, high
			continue
		}
		for c := int(low); c <= int(high); c++ {
			set[c] = true
		}
		low = 0
	}
	for c := range set {
		set[c] = set[c] != negated && c != '/'
	}
	return set, i + 1, true
}

// namedSet reads "[:name:]" at text[i]. A bracket and colon that no ":]" closes
// before the next bracket are bytes like any other.
func namedSet(text string, i int) (name string, next int, ok bool) {
	if !strings.HasPrefix(text[i:], "[:") {
		return "", 0, false
	}
	body, _, closed := strings.Cut(text[i+2:], "]")
	if !closed {
		return "", len(text), true // runs to the end: not closed, so no set
	}
	name, ok = strings.CutSuffix(body, ":")
	return name, i + 2 + len(body) + 1, ok
}

// namedSets are the sets of the C locale, less the vertical tab and the form
// feed, which are no space to git.
var namedSets = map[string]func(c byte) bool{
	"alnum":  func(c byte) bool { return isAlpha(c) || isDigit(c) },
	"alpha":  isAlpha,
	"blank":  func(c byte) bool { return c == ' ' || c == '\t' },
	"cntrl":  func(c byte) bool { return c < ' ' || c == 0x7F },
	"digit":  isDigit,
	"graph":  isGraph,
	"lower":  isLower,
	"print":  func(c byte) bool { return c == ' ' || isGraph(c) },
	"punct":  func(c byte) bool { return isGraph(c) && !isAlpha(c) && !isDigit(c) },
	"space":  func(c byte) bool { return c == ' ' || c == '\t' || c == '\n' || c == '\r' },
	"upper":  isUpper,
	"xdigit": func(c byte) bool { return isDigit(c) || 'a' <= c|0x20 && c|0x20 <= 'f' },
}

func isLower(c byte) bool { return 'a' <= c && c <= 'z' }
func isUpper(c byte) bool { return 'A' <= c && c <= 'Z' }
func isAlpha(c byte) bool { return isLower(c) || isUpper(c) }
func isDigit(c byte) bool { return '0' <= c && c <= '9' }
func isGraph(c byte) bool { return ' ' < c && c < 0x7F }
