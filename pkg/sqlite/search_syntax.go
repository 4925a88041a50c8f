package sqlite

import "strings"

// A query in the syntax of FTS5 is a list of strings, which are words or stand in
// quotes, and of signs and operators between them.

// syntaxOf returns a query in the syntax of FTS5 for the text index: strings with
// spaceless writing are phrases of pairs, and all others have letters as spelling
// has them. Names of columns, operators and numbers stay, and so do mistakes.
//
// begun returns what is asked for in the place of the beginning of a word that
// stands by itself, as strings any of which a text has to have; nil for what there is.
func syntaxOf(query string, begun func(word string) ([]string, error)) (string, error) {
	s := parseSyntax(query)
	var b strings.Builder
	for at := 0; at < len(s.tokens); {
		end, err := s.writeTerms(&b, at, begun)
		if err != nil {
			return "", err
		}
		if end == at { // an operator, a parenthesis, or a mistake
			b.WriteString(s.asked(at, at+1))
			end++
		}
		at = end
	}
	return b.String(), nil
}

// syntax is a query as tokens, each with what the text index is asked for.
type syntax struct{ tokens []syntaxToken }

func parseSyntax(query string) *syntax {
	s := &syntax{syntaxTokens(composed(query))}
	braces := false
	for i := range s.tokens {
		token := &s.tokens[i]
		switch s.sign(i) {
		case '{', '}':
			braces = s.sign(i) == '{'
		}
		next := s.sign(i + 1)
		name := braces || next == ':' || next == '(' || s.sign(i-1) == ','
		if !token.isString || name || !strings.ContainsFunc(token.text, isSpaceless) {
			token.asked = respelledToken(*token)
			continue
		}
		after := i + 1
		if next == '*' {
			after++
		}
		text := unquoted(token.text)
		if s.sign(after) == '+' { // the phrase goes on after the end of the run
			words, _ := indexed(text)
			token.asked = quoted(words)
			continue
		}
		words, prefix := phraseWords(text)
		token.asked = quoted(words)
		if prefix && next != '*' {
			token.asked += "*"
		}
	}
	return s
}

// sign returns what a token begins with; 0 if there is none.
func (s *syntax) sign(i int) byte {
	if i < 0 || i >= len(s.tokens) || s.tokens[i].text == "" {
		return 0
	}
	return s.tokens[i].text[0]
}

// asked returns what some tokens are asked for as.
func (s *syntax) asked(from, to int) string {
	var b strings.Builder
	for _, token := range s.tokens[from:to] {
		b.WriteString(token.space)
		b.WriteString(token.asked)
	}
	return b.String()
}

// term is what stands between operators: a phrase or a group NEAR, with the columns
// that it is looked for in.
type term struct {
	start, phrase, end int    // tokens; the phrase comes after the columns
	word               string // that begins with the only word of the phrase, folded; or ""
}

// writeTerms writes the terms from a token on that stand side by side, which texts
// have to have all of, and returns where they end. FTS5 takes no AND for granted
// beside parentheses, which are needed for words begun.
func (s *syntax) writeTerms(b *strings.Builder, from int, begun func(word string) ([]string, error)) (end int, err error) {
	var terms []string
	changed := false
	end = from
	for t, ok := s.term(end); ok; t, ok = s.term(end) {
		end = t.end
		text := s.asked(t.start, t.end)
		if t.word != "" && begun != nil {
			words, err := begun(t.word)
			if err != nil {
				return end, err
			}
			if words != nil {
				first := ""
				if s.sign(t.phrase) == '^' {
					first = "^"
				}
				text = s.asked(t.start, t.phrase) + s.tokens[t.phrase].space + "(" + first + strings.Join(words, " OR "+first) + ")"
				changed = true
			}
		}
		terms = append(terms, text)
	}
	if changed && len(terms) > 1 {
		b.WriteString(" (" + strings.Join(terms, " AND ") + ")")
	} else {
		b.WriteString(strings.Join(terms, ""))
	}
	return end, nil
}

// term returns the term that begins with a token, if one does.
func (s *syntax) term(at int) (t term, ok bool) {
	t.start, t.phrase = at, s.afterColumns(at)
	at = t.phrase
	if s.sign(at) == '^' {
		at++
	}
	if s.isString(at) && s.sign(at+1) == '(' {
		for at < len(s.tokens) && s.sign(at) != ')' {
			at++
		}
		t.end = at + 1
		return t, at < len(s.tokens)
	}
	first := at
	for {
		if !s.isString(at) {
			return t, false
		}
		if at++; s.sign(at) == '*' {
			at++
		}
		if s.sign(at) != '+' {
			break
		}
		at++
	}
	t.end = at
	if at == first+2 { // so there is a *
		t.word = onlyWord(unquoted(s.tokens[first].text))
	}
	return t, true
}

// afterColumns returns the token after the columns that one begins to name, and that
// one if it does not.
func (s *syntax) afterColumns(from int) int {
	at := from
	if s.sign(at) == '-' {
		at++
	}
	if s.sign(at) == '{' {
		for at < len(s.tokens) && s.sign(at) != '}' {
			at++
		}
	}
	if at++; s.sign(at) == ':' {
		return at + 1
	}
	return from
}

// isString reports whether a token is a string, and no operator.
func (s *syntax) isString(i int) bool {
	if i >= len(s.tokens) || !s.tokens[i].isString {
		return false
	}
	switch s.tokens[i].asked {
	case "AND", "OR", "NOT":
		return false
	}
	return true
}

// onlyWord returns the word of a text that has one, folded; "" for other texts and for
// spaceless writing.
func onlyWord(text string) (word string) {
	count := 0
	eachWord(text, func(start, end int, spaceless bool) bool {
		if count++; !spaceless {
			word = fold(text[start:end])
		}
		return count < 2
	})
	if count != 1 {
		return ""
	}
	return word
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
	asked       string // what the text index is asked for
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
