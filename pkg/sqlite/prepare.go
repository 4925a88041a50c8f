package sqlite

import (
	"strings"
	"sync"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/sqlite/rows"
	"github.com/seed16713943/btools/pkg/sqlite/tokens"
)

// tokenizer is that of text_fts, as the schema has it.
var tokenizer = []string{
	"unicode61", "remove_diacritics", "2", "categories", "L* M* N* Co", "separators", "\uFE0E\uFE0F",
}

// preparedText is what the text index gets of a text.
type preparedText struct {
	heading, body preparedPart

	listed bool   // its tokens and unknown words are there
	age    uint32 // of vocabulary.recent, when they were unknown
}

type preparedPart struct {
	text    string // as it stands
	indexed string // as the text index has it
	differs bool
	tokens  []byte
	unknown []tokens.Word // to vocabulary.recent
}

// addColumn adds to a row what the table of texts has of a part beside its text: NULL
// where that is no different.
func (p *preparedPart) addColumn(row *rows.Rows) {
	if p.differs {
		row.Text(p.indexed)
	} else {
		row.Null()
	}
}

func prepareText(text *ingest.Text) *preparedText {
	return &preparedText{heading: preparePart(strings.Join(text.Heading, "\n")), body: preparePart(text.Body)}
}

func preparePart(text string) (p preparedPart) {
	p.text = text
	p.indexed, p.differs = indexed(text)
	return p
}

// Prepare finds the tokens and the new words of texts, as ingest.Store says.
func (s *Store) Prepare(texts []*ingest.Text) {
	tok := s.tokenizers.take(s.words.recent)
	if tok == nil { // what this is for can be done later
		return
	}
	defer s.tokenizers.give(tok)
	for _, text := range texts {
		p := prepareText(text)
		p.age = s.words.recent.Age()
		p.listed = s.list(tok, &p.heading) && s.list(tok, &p.body)
		text.Prepared = p
	}
}

// list finds the tokens of a part and its unknown words. Those of ASCII are the words
// that the tokenizer finds; others may be spaceless, or differ in the text index.
func (s *Store) list(tok *tokens.Tokenizer, p *preparedPart) bool {
	ascii := isASCII(p.text)
	list, words, err := tok.Tokenize(p.indexed, ascii)
	if !ascii {
		words = s.words.unknown(p.text)
	}
	p.tokens, p.unknown = list, words
	return err == nil
}

func isASCII(text string) bool {
	for i := range len(text) {
		if text[i] >= utf8.RuneSelf {
			return false
		}
	}
	return true
}

// tokenizers are used by one goroutine each, and made when there are none left.
type tokenizers struct {
	mu   sync.Mutex
	idle []*tokens.Tokenizer
}

// take returns a tokenizer, or nil if there is no memory for one.
func (t *tokenizers) take(known *tokens.Known) *tokens.Tokenizer {
	t.mu.Lock()
	defer t.mu.Unlock()
	if n := len(t.idle); n > 0 {
		tok := t.idle[n-1]
		t.idle = t.idle[:n-1]
		return tok
	}
	tok, err := tokens.New(known, tokenizer...)
	if err != nil {
		return nil
	}
	return tok
}

func (t *tokenizers) give(tok *tokens.Tokenizer) {
	t.mu.Lock()
	defer t.mu.Unlock()
	t.idle = append(t.idle, tok)
}

// close closes those that are not in use.
func (t *tokenizers) close() {
	t.mu.Lock()
	defer t.mu.Unlock()
	for _, tok := range t.idle {
		tok.Close()
	}
	t.idle = nil
}
