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

	listed bool   // its tokens are there
	age    uint32 // of vocabulary.known, when the unknown words were unknown; 0 if they are not there
}

type preparedPart struct {
	text    string // as it stands
	indexed string // as the text index has it
	differs bool
	tokens  []byte
	unknown []tokens.Word // to vocabulary.known
}

// addColumn adds to a row what the table of texts has of a part beside its text: NULL
// where that is no different.
func (p *preparedPart) addColumn(row *rows.Values) {
	if p.differs {
		row.Text(p.indexed)
	} else {
		row.Null()
	}
}

// composed returns the text composed, as one that does not differ is.
func (p *preparedPart) composed() string {
	if !p.differs {
		return p.text
	}
	return composed(p.text)
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
	if len(texts) == 0 {
		return
	}
	tok := s.tokenizers.take(s.words.known)
	if tok == nil { // what this is for can be done later
		return
	}
	defer s.tokenizers.give(tok)
	for _, text := range texts {
		p := prepareText(text)
		p.age = s.words.known.Age()
		if s.list(tok, p, &p.heading) && s.list(tok, p, &p.body) {
			p.listed = true
			text.Prepared = p
		}
	}
}

// maxUnknown is how many unknown words of a part are kept. At first all are, and would
// take several times the memory of the text.
const maxUnknown = 32

// list finds the tokens of a part and its unknown words. Those of ASCII are the words
// that the tokenizer finds; others may be spaceless, or differ in the text index. It
// reports whether there was memory for it.
func (s *Store) list(tok *tokens.Tokenizer, t *preparedText, p *preparedPart) bool {
	most := 0
	ascii := isASCII(p.text)
	if ascii {
		most = maxUnknown
	}
	list, words, err := tok.Tokenize(p.indexed, most)
	if !ascii {
		words = s.words.unknown(p.composed())
	}
	if words == nil || len(words) > maxUnknown {
		words, t.age = nil, 0
	}
	p.tokens, p.unknown = list, words
	return err == nil
}

func isASCII(text string) bool {
	for i := asciiPrefix(text); i < len(text); i++ {
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
