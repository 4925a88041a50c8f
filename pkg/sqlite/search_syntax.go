package sqlite

import "strings"

// A query in the syntax of FTS5 is a list of strings, which are words or stand in
// quotes, and of signs and operators between them.

// syntaxOf returns a query in the syntax of FTS5 for the text index: strings with
// spaceless writing are phrases of pairs, and all others have letters as spelling
// has them. Names of columns, operators and numbers stay, and so do mistakes.
func syntaxOf(query string) string {
	list := syntaxTokens(composed(query))
	sign := func(i int) byte { // what the token i begins with
		if i < 0 || i >= len(list) || list[i].text == "" {
			return 0
		}
		return list[i].text[0]
	}
	var b strings.Builder
	braces := false
	for i, token := range list {
		b.WriteString(token.space)
		switch sign(i) {
		case '{', '}':
			braces = sign(i) == '{'
		}
		next := sign(i + 1)
		name := braces || next == ':' || next == '(' || sign(i-1) == ','
		if !token.isString || name || !strings.ContainsFunc(token.text, isSpaceless) {
			b.WriteString(respelledToken(token))
			continue
		}
		after := i + 1
		if next == '*' {
			after++
		}
		text := unquoted(token.text)
		if sign(after) == '+' { // the phrase goes on after the end of the run
			words, _ := indexed(text)
			b.WriteString(quoted(words))
			continue
		}
		words, prefix := phraseWords(text)
		b.WriteString(quoted(words))
		if prefix && next != '*' {
			b.WriteByte('*')
		}
	}
	return b.String()
}

// respelledToken returns a token as spelling has it. A string of which nothing is
// left stays one.
func respelledToken(token syntaxToken) string {
	text := respelled(token.text)
	if token.isString && text == "" {
		return `""`
	}
	return text
}

func quoted(text string) string { return `"` + strings.ReplaceAll(text, `"`, `""`) + `"` }

func unquoted(text string) string {
	if text[0] != '"' {
		return text
	}
	return strings.ReplaceAll(text[1:len(text)-1], `""`, `"`)
}

// syntaxToken is a part of a query with the white space before it.
type syntaxToken struct {
	space, text string
	isString    bool
}

// syntaxTokens splits a query as fts5ExprGetToken does.
func syntaxTokens(query string) []syntaxToken {
	var list []syntaxToken
	for query != "" {
		var token syntaxToken
		text := strings.TrimLeft(query, " \t\n\r")
		token.space = query[:len(query)-len(text)]
		var n int
		n, token.isString = syntaxTokenLength(text)
		token.text, query = text[:n], text[n:]
		list = append(list, token)
	}
	return list
}

// syntaxTokenLength returns how long the token is that a text begins with, and
// whether it is a string. What FTS5 does not read is one token.
func syntaxTokenLength(text string) (n int, isString bool) {
	switch {
	case text == "":
		return 0, false
	case text[0] == 0:
		return len(text), false
	case text[0] == '"':
		for n = 1; n < len(text) && text[n] != 0; n++ {
			if text[n] != '"' {
				continue
			}
			if n++; n == len(text) || text[n] != '"' {
				return n, true
			}
		}
		return len(text), false // it has no end
	}
	for n < len(text) && isBare(text[n]) {
		n++
	}
	return max(n, 1), n > 0
}

// isBare reports whether a byte may be part of a string without quotes.
func isBare(c byte) bool { return c >= 0x80 || asciiOfWord[c] || c == '_' || c == 0x1A }
