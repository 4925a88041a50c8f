// Package blocks adds two functions to SQLite that look at thousands of passages at
// once, where they are stored: to bring a million codes and intervals to Go takes
// longer than to compare them.
//
//	code_scores(query, codes)
//
// A code has two halves, the bits a and b of as many components, in whole 64-bit
// words; codes are a number of them in a row. A query has for each word of a half
// four words, the bits of its components from the lowest on; the last one counts
// negatively. The result has a 32-bit integer for each code: the sum of the query's
// components times 2·a + b.
//
//	in_force(valid_from, valid_to, moment)
//
// The first two are arrays of as many 64-bit integers. The result has a bit for each,
// the lowest first: whether the interval holds the moment.
//
// All integers are little-endian. Where a length is wrong, the result is NULL.
package blocks

// #cgo CFLAGS: -O3 -DSQLITE_CORE
// #include "blocks.h"
import "C"

// Auto has every connection opened from here on know the functions.
func Auto() { C.sqlite3_auto_extension((*[0]byte)(C.btools_blocks_init)) }
