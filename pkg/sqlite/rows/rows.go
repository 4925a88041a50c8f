// Package rows has SQLite run a statement for many rows in one call, since a call for
// each takes Go as long as most of them take SQLite.
//
//	run_rows(statement, n, rows)
//
// runs a statement, which returns nothing, for n rows one after another. The result has
// for each row a 64-bit integer, little-endian: 0 if it changed nothing, the rowid of a
// row that it inserted, and else -1. At the first error all of it ends, and what was
// done before stays done, as far as SQLite lets the transaction go on.
//
//	ask_rows(query, n, rows)
//
// asks a question, which changes nothing, for n rows one after another. The result has
// the rows of all answers, which Answers reads.
//
// A connection keeps the statements that it has been given prepared, up to 32 of them.
package rows

// #cgo CFLAGS: -O3 -DSQLITE_CORE
// #include "rows.h"
import "C"

import (
	"database/sql"
	"encoding/binary"
	"errors"
)

// Auto has every connection opened from here on know the two functions.
func Auto() { C.sqlite3_auto_extension((*[0]byte)(C.btools_rows_init)) }

// The kinds of values. After that of an integer come eight bytes, after that of a text
// or a blob its length in four; integers are little-endian.
const (
	null = iota
	integer
	text
	blob
)

// Rows are the parameters of a statement for a number of rows, as run_rows takes them.
// The zero value has none.
type Rows struct {
	n     int
	bytes []byte
}

// Next begins a row, whose values follow, one for each parameter.
func (r *Rows) Next() *Rows {
	r.n++
	return r
}

// Int appends an integer.
func (r *Rows) Int(n int64) *Rows {
	r.bytes = binary.LittleEndian.AppendUint64(append(r.bytes, integer), uint64(n))
	return r
}

// NullInt appends an integer or NULL.
func (r *Rows) NullInt(n sql.NullInt64) *Rows {
	if !n.Valid {
		return r.Null()
	}
	return r.Int(n.Int64)
}

// Null appends NULL.
func (r *Rows) Null() *Rows {
	r.bytes = append(r.bytes, null)
	return r
}

// Text appends a text.
func (r *Rows) Text(s string) *Rows {
	r.bytes = append(binary.LittleEndian.AppendUint32(append(r.bytes, text), uint32(len(s))), s...)
	return r
}

// Blob appends a blob.
func (r *Rows) Blob(b []byte) *Rows {
	r.bytes = append(binary.LittleEndian.AppendUint32(append(r.bytes, blob), uint32(len(b))), b...)
	return r
}

// Len returns the number of rows.
func (r *Rows) Len() int { return r.n }

// Bytes returns the rows as run_rows takes them, until the next row is begun.
func (r *Rows) Bytes() []byte { return r.bytes }

// Clear drops all rows.
func (r *Rows) Clear() { r.n, r.bytes = 0, r.bytes[:0] }

// Done reads what run_rows says of row i.
func Done(result []byte, i int) int64 { return int64(binary.LittleEndian.Uint64(result[8*i:])) }

// Answers are what ask_rows returns. Of a value of another kind than it is read as, there
// is the zero value, and Err tells.
type Answers struct {
	left []byte
	row  int
	err  error
}

// Read returns answers before the first one.
func Read(result []byte) *Answers { return &Answers{left: result} }

var errAnswer = errors.New("a row has a value of another kind than its column")

// Next goes to the next row, whose values are then read in their order, all of them. It
// returns false after the last one.
func (a *Answers) Next() bool {
	if a.err != nil || len(a.left) == 0 {
		return false
	}
	a.row = int(binary.LittleEndian.Uint32(a.left))
	a.left = a.left[4:]
	return true
}

// Row returns for which row of the parameters the row is an answer.
func (a *Answers) Row() int { return a.row }

// Err returns the error that ended the answers.
func (a *Answers) Err() error { return a.err }

// kind goes past that of the next value, and reports whether it is the expected one.
func (a *Answers) kind(expected byte) bool {
	if a.err != nil || len(a.left) == 0 || a.left[0] != expected {
		a.err = errAnswer
		return false
	}
	a.left = a.left[1:]
	return true
}

// Int reads an integer.
func (a *Answers) Int() int64 {
	if !a.kind(integer) {
		return 0
	}
	n := binary.LittleEndian.Uint64(a.left)
	a.left = a.left[8:]
	return int64(n)
}

// NullInt reads an integer or NULL.
func (a *Answers) NullInt() sql.NullInt64 {
	if a.isNull() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: a.Int(), Valid: true}
}

// NullText reads a text or NULL, which is nil. It is valid as long as the result is.
func (a *Answers) NullText() []byte {
	if a.isNull() {
		return nil
	}
	return a.bytes(text)
}

// Blob reads a blob. It is valid as long as the result is.
func (a *Answers) Blob() []byte { return a.bytes(blob) }

// NullBlob reads a blob or NULL, which is nil. It is valid as long as the result is.
func (a *Answers) NullBlob() []byte {
	if a.isNull() {
		return nil
	}
	return a.bytes(blob)
}

func (a *Answers) bytes(kind byte) []byte {
	if !a.kind(kind) {
		return nil
	}
	n := binary.LittleEndian.Uint32(a.left)
	b := a.left[4 : 4+n : 4+n]
	a.left = a.left[4+n:]
	return b
}

// isNull goes past a NULL, if the next value is one.
func (a *Answers) isNull() bool {
	if a.err != nil || len(a.left) == 0 || a.left[0] != null {
		return false
	}
	a.left = a.left[1:]
	return true
}
