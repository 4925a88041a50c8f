package sqlite

import (
	"fmt"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/passage"
)

// What a text has of a vector: the column embedding.
const (
	waitsForVector = 0
	hasVector      = 1
	withoutVector  = 2
)

// textRow is what passages need to know of their text.
type textRow struct {
	id        int64
	embedding int
}

// AddText stores a text, or gives one that waits what it waits for.
func (t *tx) AddText(text *ingest.Text) error {
	row, found := t.texts[text.Key]
	if !found {
		var added bool
		var err error
		if row, added, err = t.insertText(text); err != nil || added {
			return err
		}
	}
	embedding := embeddingOf(text)
	if row.embedding != waitsForVector || embedding == waitsForVector {
		return nil
	}
	if _, err := t.exec("UPDATE text SET embedding = ? WHERE id = ?", embedding, row.id); err != nil {
		return err
	}
	t.texts[text.Key] = textRow{row.id, embedding}
	if text.Vector == nil {
		return nil
	}
	t.indexChanged = true
	return t.addVector(row.id, text.Vector)
}

func embeddingOf(text *ingest.Text) int {
	switch {
	case text.Vector != nil:
		return hasVector
	case text.NoVector:
		return withoutVector
	default:
		return waitsForVector
	}
}

// insertText stores a text with its words, unless its key is there: then it
// returns what is.
func (t *tx) insertText(text *ingest.Text) (row textRow, added bool, err error) {
	p, ok := text.Prepared.(*preparedText)
	if !ok {
		p = prepareText(text)
	}
	row.embedding = embeddingOf(text)
	res, err := t.exec(`
		INSERT INTO text (key, heading, body, heading_words, body_words, embedding) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO NOTHING`,
		text.Key[:], p.heading.text, p.body.text, p.heading.column(), p.body.column(), row.embedding)
	if err != nil {
		return row, false, err
	}
	if n, err := res.RowsAffected(); err != nil || n == 0 {
		if err == nil {
			row, err = t.text(text.Key)
		}
		return row, false, err
	}
	if row.id, err = res.LastInsertId(); err != nil {
		return row, false, err
	}
	if err := t.indexText(row.id, p); err != nil {
		return row, false, err
	}
	t.remember(text.Key, row)
	if text.Vector != nil { // a text that is new stands nowhere yet
		t.indexChanged = true
		err = t.storeVector(row.id, text.Vector)
	}
	return row, true, err
}

// indexText adds a text to the text index, and its words.
func (t *tx) indexText(id int64, p *preparedText) (err error) {
	if p.listed {
		_, err = t.exec("INSERT INTO text_fts (rowid, heading, body) VALUES (?, tokenized(?, ?), tokenized(?, ?))",
			id, p.heading.indexed, p.heading.tokens, p.body.indexed, p.body.tokens)
	} else {
		_, err = t.exec("INSERT INTO text_fts (rowid, heading, body) VALUES (?, ?, ?)", id, p.heading.indexed, p.body.indexed)
	}
	if err != nil {
		return err
	}
	if err := t.checkWords(); err != nil {
		return err
	}
	for _, part := range []*preparedPart{&p.heading, &p.body} {
		unknown := part.unknown
		if !p.listed || p.age != t.words.recent.Age() {
			unknown = t.words.unknown(part.text)
		}
		if err := t.addWords(unknown); err != nil {
			return err
		}
	}
	return nil
}

// text returns the text with a key, which must be there.
func (t *tx) text(key passage.Key) (textRow, error) {
	row, found := t.texts[key]
	if found {
		return row, nil
	}
	found, err := t.row("SELECT id, embedding FROM text WHERE key = ?", []any{key[:]}, &row.id, &row.embedding)
	if err != nil {
		return row, err
	}
	if !found {
		return row, fmt.Errorf("the text %x is not stored", key)
	}
	t.remember(key, row)
	return row, nil
}

// maxTexts is how many texts a transaction remembers: those of a large chunk.
const maxTexts = 1 << 14

func (t *tx) remember(key passage.Key, row textRow) {
	if len(t.texts) >= maxTexts {
		clear(t.texts)
	}
	t.texts[key] = row
}
