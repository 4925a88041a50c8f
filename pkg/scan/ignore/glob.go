package ignore

import "strings"

// glob is a compiled pattern. The empty glob matches the empty string.
type glob []token

type token struct {
	kind tokenKind
	char byte
	set  *[256]bool // the bytes that a class accepts
}

type tokenKind int8

const (
	literal tokenKind = iota // char
	anyChar                  // "?": one byte, no slash
	class                    // "[…]": one byte of set
	star                     // "*": any bytes, no slash
	folders                  // "**/": nothing, or any bytes up to and with a slash
	deep                     // "**" with no slash to come: any bytes at all
)

// compileGlob compiles a pattern. ok is false if nothing can match it, as with
// a class that is not closed.
//
// "**" is special between slashes alone, where the beginning of the glob
// counts as a slash. Since a glob begins at the first wildcard of its line,
// "a**/b" has a special "**" too; that is how git reads it.
func compileGlob(text string) (g glob, ok bool) {
	for i := 0; i < len(text); {
		switch c := text[i]; c {
		case '\\':
			if i+1 == len(text) {
				return nil, false
			}
			g = append(g, token{kind: literal, char: text[i+1]})
			i += 2
		case '?':
			g = append(g, token{kind: anyChar})
			i++
		case '[':
			set, end, ok := compileClass(text, i+1)
			if !ok {
				return nil, false
			}
			g = append(g, token{kind: class, set: set})
			i = end
		case '*':
			end := i
			for end < len(text) && text[end] == '*' {
				end++
			}
			kind := star
			if end-i > 1 && (i == 0 || text[i-1] == '/') {
				kind, end = specialStars(text, end)
			}
			g = append(g, token{kind: kind})
			i = end
		default:
			g = append(g, token{kind: literal, char: c})
			i++
		}
	}
	return g, true
}

// specialStars returns what "**" means that begins a component and ends before
// text[end], and where the pattern goes on.
func specialStars(text string, end int) (tokenKind, int) {
	switch rest := text[end:]; {
	case rest == "", strings.HasPrefix(rest, `\/`):
		return deep, end
	case rest[0] == '/':
		return folders, end + 1
	default:
		return star, end
	}
}

// match is the usual matching with one point to fall back to, twice: a star
// takes more of its component, and if that does not help, the last folders or
// deep takes more of the path. One point each is enough, since an earlier star
// could only give up what the later one can take as well. The time is bounded
// by the product of the lengths.
func (g glob) match(s string) bool {
	const none = -1
	starToken, starAt := none, 0
	deepToken, deepAt := none, 0
	t, at := 0, 0
	for {
		if t == len(g) && at == len(s) {
			return true
		}
		if t < len(g) {
			switch tok := &g[t]; tok.kind {
			case star:
				starToken, starAt = t, at
				t++
				continue
			case folders, deep:
				deepToken, deepAt, starToken = t, at, none
				t++
				continue
			default:
				if at < len(s) && tok.accepts(s[at]) {
					t, at = t+1, at+1
					continue
				}
			}
		}
		switch {
		case starToken != none && starAt < len(s) && s[starAt] != '/':
			starAt++
			t, at = starToken+1, starAt
		case deepToken != none:
			more := 1
			if g[deepToken].kind == folders {
				more = strings.IndexByte(s[deepAt:], '/') + 1
			}
			if more == 0 || deepAt+more > len(s) {
				return false
			}
			deepAt += more
			t, at, starToken = deepToken+1, deepAt, none
		default:
			return false
		}
	}
}

func (t *token) accepts(c byte) bool {
	switch t.kind {
	case anyChar:
		return c != '/'
	case class:
		return t.set[c]
	default:
		return t.char == c
	}
}
