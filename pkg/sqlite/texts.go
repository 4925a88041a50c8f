package sqlite

import (
	"fmt"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/passage"
	"github.com/seed16713943/btools/pkg/sqlite/rows"
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

// AddTexts stores texts, and gives those that wait what they wait for.
func (t *tx) AddTexts(texts []*ingest.Text) error {
	for len(texts) > 0 {
		n, err := t.addSome(texts)
		if err != nil {
			return err
		}
		texts = texts[n:]
	}
	return nil
}

// addSome stores the first of some texts, as many as may wait, and returns how many.
func (t *tx) addSome(texts []*ingest.Text) (n int, err error) {
	var fresh []*ingest.Text
	var prepared []*preparedText
	var all rows.Rows
	for ; n < len(texts) && len(all.Bytes()) <= maxWaiting; n++ {
		text := texts[n]
		if row, found := t.texts[text.Key]; found {
			if err := t.complete(text, row); err != nil {
				return n, err
			}
			continue
		}
		p, ok := text.Prepared.(*preparedText)
		if !ok {
			p = prepareText(text)
		}
		fresh, prepared = append(fresh, text), append(prepared, p)
		row := all.Next().Blob(text.Key[:]).Text(p.heading.text).Text(p.body.text)
		p.heading.addColumn(row)
		p.body.addColumn(row)
		row.Int(int64(embeddingOf(text)))
	}
	if len(fresh) == 0 {
		return n, nil
	}
	done, err := t.runNow(`
		INSERT INTO text (key, heading, body, heading_words, body_words, embedding) VALUES (?, ?, ?, ?, ?, ?)
		ON CONFLICT (key) DO NOTHING`, &all)
	if err != nil {
		return n, err
	}
	for i, text := range fresh {
		if id := rows.Done(done, i); id != 0 {
			err = t.addNew(id, text, prepared[i])
		} else {
			var row textRow
			if row, err = t.text(text.Key); err == nil {
				err = t.complete(text, row)
			}
		}
		if err != nil {
			return n, err
		}
	}
	return n, nil
}

// complete gives a text that is stored what it waits for.
func (t *tx) complete(text *ingest.Text, row textRow) error {
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

// addNew makes a text findable that has just been stored, and so stands nowhere yet.
func (t *tx) addNew(id int64, text *ingest.Text, p *preparedText) error {
	if err := t.indexText(id, p); err != nil {
		return err
	}
	t.remember(text.Key, textRow{id, embeddingOf(text)})
	if text.Vector == nil {
		return nil
	}
	t.indexChanged = true
	return t.storeVector(id, text.Vector)
}

// indexText adds a text to the text index, and its words.
func (t *tx) indexText(id int64, p *preparedText) error {
	if p.listed {
		row, err := t.later(listedTextRows)
		if err != nil {
			return err
		}
		row.Int(id).Text(p.heading.indexed).Blob(p.heading.tokens).Text(p.body.indexed).Blob(p.body.tokens)
	} else {
		row, err := t.later(textRows)
		if err != nil {
			return err
		}
		row.Int(id).Text(p.heading.indexed).Text(p.body.indexed)
	}
	if err := t.checkWords(); err != nil {
		return err
	}
	for _, part := range []*preparedPart{&p.heading, &p.body} {
		unknown := part.unknown
		if p.age != t.words.known.Age() {
			unknown = t.words.unknown(part.composed())
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
	found, err := t.rowNow("SELECT id, embedding FROM text WHERE key = ?", []any{key[:]}, &row.id, &row.embedding)
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
