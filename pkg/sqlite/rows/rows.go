// Package rows has SQLite run a statement for many rows in one call, since a call for
// each takes Go as long as most of them take SQLite.
//
//	run_rows(statement, n, rows)
//
// runs a statement, which returns nothing, for n rows one after another. The result has
// for each row a 64-bit integer, little-endian: 0 if it changed nothing, the rowid of a
// row that it inserted, and else -1. At the first error all of it ends, and what was
// done before stays done, as far as SQLite lets the transaction go on.
package rows

// #cgo CFLAGS: -O3 -DSQLITE_CORE
// #include "rows.h"
import "C"

import (
	"database/sql"
	"encoding/binary"
)

// Auto has every connection opened from here on know the function.
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
