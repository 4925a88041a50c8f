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
//	rows_of(query, values)
//
// asks a question, which changes nothing, with a value for each of its parameters. The
// result has all rows of the answer, which Answer reads.
//
//	each_value(values)
//
// is a table that has a row for each of some values, with its place from 0 on, key, and
// value, so that one question can be asked of many.
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

// Auto has every connection opened from here on know the functions and the table. It
// comes before anything else of SQLite: then run_rows fails as the disk does, where a
// virtual table says only that it failed.
func Auto() {
	C.btools_rows_log()
	C.sqlite3_auto_extension((*[0]byte)(C.btools_rows_init))
}

// The kinds of values. After that of an integer come eight bytes, after that of a text
// or a blob its length in four; integers are little-endian.
const (
	null = iota
	integer
	text
	blob
)

// Values are a list of values, as rows_of and each_value take them. The zero value has
// none.
type Values struct{ bytes []byte }

// Int appends an integer.
func (v *Values) Int(n int64) *Values {
	v.bytes = binary.LittleEndian.AppendUint64(append(v.bytes, integer), uint64(n))
	return v
}

// NullInt appends an integer or NULL.
func (v *Values) NullInt(n sql.NullInt64) *Values {
	if !n.Valid {
		return v.Null()
	}
	return v.Int(n.Int64)
}

// Null appends NULL.
func (v *Values) Null() *Values {
	v.bytes = append(v.bytes, null)
	return v
}

// Text appends a text.
func (v *Values) Text(s string) *Values {
	v.bytes = append(binary.LittleEndian.AppendUint32(append(v.bytes, text), uint32(len(s))), s...)
	return v
}

// Blob appends a blob.
func (v *Values) Blob(b []byte) *Values {
	v.bytes = append(binary.LittleEndian.AppendUint32(append(v.bytes, blob), uint32(len(b))), b...)
	return v
}

// Bytes returns the values as the functions take them, until another one is appended.
func (v *Values) Bytes() []byte { return v.bytes }

// Rows are the parameters of a statement for a number of rows, as run_rows takes them.
// The zero value has none.
type Rows struct {
	values Values
	n      int
}

// Next begins a row, whose values are to be appended to what it returns, one for each
// parameter.
func (r *Rows) Next() *Values {
	r.n++
	return &r.values
}

// Len returns the number of rows.
func (r *Rows) Len() int { return r.n }

// Bytes returns the rows as run_rows takes them, until the next row is begun.
func (r *Rows) Bytes() []byte { return r.values.bytes }

// Clear drops all rows.
func (r *Rows) Clear() { r.n, r.values.bytes = 0, r.values.bytes[:0] }

// Done reads what run_rows says of row i.
func Done(result []byte, i int) int64 { return int64(binary.LittleEndian.Uint64(result[8*i:])) }

// Answer is what rows_of returns. Of a value of another kind than it is read as, there is
// the zero value, and Err tells.
type Answer struct {
	left []byte
	err  error
}

// Read returns an answer before its first row.
func Read(result []byte) *Answer { return &Answer{left: result} }

var errAnswer = errors.New("a row has a value of another kind than its column")

// More reports whether there is a row whose values have not been read. All values of a row
// are read, in their order.
func (a *Answer) More() bool { return a.err == nil && len(a.left) > 0 }

// Err returns the error that ended the answer.
func (a *Answer) Err() error { return a.err }

// kind goes past that of the next value, and reports whether it is the expected one.
func (a *Answer) kind(expected byte) bool {
	if a.err != nil || len(a.left) == 0 || a.left[0] != expected {
		a.err = errAnswer
		return false
	}
	a.left = a.left[1:]
	return true
}

// Int reads an integer.
func (a *Answer) Int() int64 {
	if !a.kind(integer) {
		return 0
	}
	n := binary.LittleEndian.Uint64(a.left)
	a.left = a.left[8:]
	return int64(n)
}

// NullInt reads an integer or NULL.
func (a *Answer) NullInt() sql.NullInt64 {
	if a.isNull() {
		return sql.NullInt64{}
	}
	return sql.NullInt64{Int64: a.Int(), Valid: true}
}

// NullText reads a text or NULL, which is nil. It is valid as long as the result is.
func (a *Answer) NullText() []byte {
	if a.isNull() {
		return nil
	}
	return a.bytes(text)
}

// Blob reads a blob. It is valid as long as the result is.
func (a *Answer) Blob() []byte { return a.bytes(blob) }

// NullBlob reads a blob or NULL, which is nil. It is valid as long as the result is.
func (a *Answer) NullBlob() []byte {
	if a.isNull() {
		return nil
	}
	return a.bytes(blob)
}

func (a *Answer) bytes(kind byte) []byte {
	if !a.kind(kind) {
		return nil
	}
	n := binary.LittleEndian.Uint32(a.left)
	b := a.left[4 : 4+n : 4+n]
	a.left = a.left[4+n:]
	return b
}

// isNull goes past a NULL, if the next value is one.
func (a *Answer) isNull() bool {
	if a.err != nil || len(a.left) == 0 || a.left[0] != null {
		return false
	}
	a.left = a.left[1:]
	return true
}
