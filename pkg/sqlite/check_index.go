package sqlite

import (
	"bytes"
	"database/sql"
	"errors"
	"fmt"
	"strings"

	sqlite3 "github.com/mattn/go-sqlite3"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/passage"
)

// meta checks what the file says of its index.
func (k *check) meta() error {
	var created bool
	if _, err := k.row("SELECT typeof((SELECT value FROM meta WHERE key = 'created_at')) = 'integer'", nil, &created); err != nil {
		return err
	}
	if !created {
		if err := k.damage(CodeMeta, ByRepair, "when the knowledge base was made is not there"); err != nil {
			return err
		}
	}
	if !k.hasTables() {
		return nil
	}
	state, err := k.countedIndex()
	if err != nil {
		return err
	}
	var dim sql.NullInt64
	if _, err := k.row("SELECT length(data) FROM vector LIMIT 1", nil, &dim); err != nil {
		return err
	}
	switch {
	case !state.Recorded && k.sum.Texts+k.sum.Passages+k.sum.Vectors > 0:
		err = k.damage(CodeMeta, ByRepair, "what made the index is not there")
	case dim.Valid && int(dim.Int64) != state.Dim:
		err = k.damage(CodeMeta, ByRepair, "the vectors have %d dimensions, but are said to have %d", dim.Int64, state.Dim)
	case state.Behind:
		err = k.note(CodeBehind, ByReindex, "searches do not find all that was taken in")
	case state.Recorded && !k.current():
		err = k.note(CodeOutdated, ByReindex, "the passages are those of another version of btools")
	case state.OtherWords:
		err = k.note(CodeOutdated, ByReindex, "the words of the text index are those of another version of btools")
	case state.Waiting > 0:
		err = k.note(CodeWaiting, ByIngesting, "%d passages wait for a vector, and are found by their words until they have it", state.Waiting)
	}
	return err
}

// current reports whether the index is that of this version, and of all versions
// of documents.
func (k *check) current() bool {
	state, err := k.index()
	return err == nil && state.Recorded && !state.Behind && state.Extractor == extract.Version && state.Splitter == passage.Version
}

// scratchIndex makes a copy of the text index in a temporary database: its own
// check is a statement that writes, and would lock writers out of the file.
const scratchIndex = `
	CREATE TEMP VIEW text_indexed AS
		SELECT id, coalesce(heading_words, heading) AS heading, coalesce(body_words, body) AS body FROM main.text;
	%s;
	DELETE FROM temp.text_fts_data; INSERT INTO temp.text_fts_data SELECT * FROM main.text_fts_data;
	DELETE FROM temp.text_fts_idx; INSERT INTO temp.text_fts_idx SELECT * FROM main.text_fts_idx;
	DELETE FROM temp.text_fts_docsize; INSERT INTO temp.text_fts_docsize SELECT * FROM main.text_fts_docsize;
	DELETE FROM temp.text_fts_config; INSERT INTO temp.text_fts_config SELECT * FROM main.text_fts_config;
	INSERT INTO temp.text_fts (text_fts, rank) VALUES ('integrity-check', 1)`

// textIndex compares the text index with the texts, word by word.
func (k *check) textIndex() error {
	if !k.hasTables() {
		return nil
	}
	fresh, err := freshSchema(k.ctx, int(k.version))
	if err != nil {
		return err
	}
	ddl := strings.Replace(fresh["table text_fts"], "CREATE VIRTUAL TABLE text_fts", "CREATE VIRTUAL TABLE temp.text_fts", 1)
	s, err := k.openScratch()
	if err != nil {
		return err
	}
	_, err = s.conn.ExecContext(k.ctx, "BEGIN; "+fmt.Sprintf(scratchIndex, ddl))
	err = errors.Join(fault(err), s.Close())
	var e sqlite3.Error
	if errors.As(err, &e) && k.ctx.Err() == nil && (e.Code == sqlite3.ErrCorrupt || e.Code == sqlite3.ErrError || e.Code == sqlite3.ErrConstraint) {
		return k.damage(CodeTextIndex, ByRepair, "the index of words is not that of the texts")
	}
	return err
}

// intervals checks that a passage ends after it began, and is in force once. Two
// of one passage that meet would be one.
func (k *check) intervals() error {
	if !k.hasTables() {
		return nil
	}
	var last passageRow
	return k.long(`SELECT id, path, text, valid_from, valid_to FROM passage WHERE valid_from <> valid_to
		ORDER BY path, text, valid_from, valid_to`, nil, func(rows *sql.Rows) error {
		var p passageRow
		if err := rows.Scan(&p.id, &p.path, &p.text, &p.from, &p.to); err != nil {
			return err
		}
		before := last
		last = p
		switch {
		case p.from > p.to:
			return k.ofPath(p.path, Finding{Code: CodeInterval, Damage: true, Cure: ByRepair, Message: fmt.Sprintf("passage %d ends before it begins", p.id)})
		case before.id != 0 && before.path == p.path && before.text == p.text && p.from <= before.to:
			return k.ofPath(p.path, Finding{Code: CodeInterval, Damage: true, Cure: ByRepair, Message: fmt.Sprintf("the passages %d and %d are one, and in force at the same time", before.id, p.id)})
		}
		return nil
	})
}

// ofPath reports a finding about a path.
func (k *check) ofPath(path int64, f Finding) error {
	var name []byte
	if _, err := k.row("SELECT name FROM path WHERE id = ?", []any{path}, &name); err == nil { // else it is no less damaged
		f.Path = string(name)
	}
	return k.tell(f)
}

// vectors compares the three places in which a vector stands.
func (k *check) vectors() error {
	if !k.hasTables() {
		return nil
	}
	err := k.ids("SELECT id FROM text t WHERE (embedding = 1) <> EXISTS (SELECT 1 FROM vector WHERE text = t.id)", nil, func(id int64) error {
		return k.damage(CodeVector, ByRepair, "text %d has a vector, or has none, where it is said to be otherwise", id)
	})
	if err != nil {
		return err
	}
	dim, err := k.dimension()
	if err != nil {
		return err
	}
	err = k.ids("SELECT text FROM vector WHERE length(data) <> ?", []any{dim}, func(id int64) error {
		return k.damage(CodeVector, ByRepair, "the vector of text %d is not of %d dimensions, as the others are", id, dim)
	})
	if err != nil {
		return err
	}
	schema, err := schemaOf(k.ctx, k.session)
	if err != nil {
		return err
	}
	declared, ok := schema["table passage_vec"]
	switch {
	case ok && dim == 0:
		return k.damage(CodeVectorRow, ByRepair, "there is a passage_vec, where there are no vectors")
	case !ok && dim == 0:
		return nil
	case strings.TrimSpace(declared) != passageVec(dim):
		return k.damage(CodeVectorRow, ByRepair, "passage_vec is missing, or not as it was made")
	}
	return k.passageVec()
}

// passageVec compares passage_vec with the passages that have a vector.
func (k *check) passageVec() error {
	var expected, had int64
	err := k.long(`
		SELECT p.id, v.data, p.valid_from, p.valid_to, s.embedding, s.valid_from, s.valid_to
		FROM passage p JOIN vector v ON v.text = p.text LEFT JOIN passage_vec s ON s.passage = p.id`, nil, func(rows *sql.Rows) error {
		var id, from, to int64
		var data, stored sql.RawBytes
		var storedFrom, storedTo sql.NullInt64
		if err := rows.Scan(&id, &data, &from, &to, &stored, &storedFrom, &storedTo); err != nil {
			return err
		}
		if squares(data) == 0 && stored == nil {
			return nil
		}
		expected++
		switch {
		case stored == nil:
			return k.damage(CodeVectorRow, ByRepair, "passage %d is not in passage_vec", id)
		case !bytes.Equal(data, stored):
			return k.damage(CodeVectorRow, ByRepair, "passage %d has another vector in passage_vec than its text has", id)
		case storedFrom.Int64 != from || storedTo.Int64 != to:
			return k.damage(CodeVectorRow, ByRepair, "passage %d is in force at another time in passage_vec", id)
		}
		had++
		return nil
	})
	if err != nil {
		return err
	}
	var all int64
	if _, err := k.row("SELECT count(*) FROM passage_vec", nil, &all); err != nil {
		return err
	}
	if had == expected && all != expected {
		return k.damage(CodeVectorRow, ByRepair, "passage_vec has %d rows, where %d passages have a vector", all, expected)
	}
	return nil
}

// blocks compares the packed codes and intervals with those that the passages
// give.
func (k *check) blocks() error {
	if !k.hasTables() {
		return nil
	}
	dim, err := k.dimension()
	if err != nil {
		return err
	}
	var last, count, top, spans int64
	_, err = k.row(`SELECT (SELECT coalesce(max(id), 0) FROM passage), (SELECT count(*) FROM vector_block),
		(SELECT coalesce(max(id), -1) FROM vector_block), (SELECT count(*) FROM vector_interval)`, nil, &last, &count, &top, &spans)
	if err != nil {
		return err
	}
	complete := last / blockSize
	if dim == 0 {
		complete = 0
	}
	if count != complete || top+1 != complete || spans != complete*(blockSize/intervalSize) {
		return k.damage(CodeBlock, ByRepair, "there are %d blocks of codes and %d of intervals, where there should be %d and %d",
			count, spans, complete, complete*(blockSize/intervalSize))
	}
	for n := range complete {
		if err := k.block(n, dim); err != nil {
			return err
		}
		if err := k.ctx.Err(); err != nil {
			return err
		}
	}
	return nil
}

func (k *check) block(n int64, dim int) error {
	want, times, err := k.session.block(n*blockSize, dim)
	if err != nil {
		return err
	}
	var path, codes []byte
	if _, err := k.row("SELECT path, codes FROM vector_block WHERE id = ?", []any{n}, &path, &codes); err != nil {
		return err
	}
	if !bytes.Equal(path, want.path) || !bytes.Equal(codes, want.codes) {
		if err := k.damage(CodeBlock, ByRepair, "the codes of the passages %d to %d are not those of their vectors", n*blockSize+1, (n+1)*blockSize); err != nil {
			return err
		}
	}
	for at := int64(0); at < blockSize; at += intervalSize {
		var from, to []byte
		id := (n*blockSize + at) / intervalSize
		if _, err := k.row("SELECT valid_from, valid_to FROM vector_interval WHERE id = ?", []any{id}, &from, &to); err != nil {
			return err
		}
		if !bytes.Equal(from, times.from[8*at:8*(at+intervalSize)]) || !bytes.Equal(to, times.to[8*at:8*(at+intervalSize)]) {
			if err := k.damage(CodeSpan, ByRepair, "the packed intervals of the passages %d to %d are not theirs", n*blockSize+at+1, n*blockSize+at+intervalSize); err != nil {
				return err
			}
		}
	}
	return nil
}
