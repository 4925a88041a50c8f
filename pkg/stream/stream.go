// Package stream reads and writes the format in which the programs talk: UTF-8
// NDJSON, one object a line, each with a "type".
//
//	{"type":"scan","format":1,"scan":{…}}        what follows was seen by this scan
//	{"type":"file","path":"docs/a.md",…}         a record; also "gone", "skip" and "error"
//	{"type":"end","scan":{…},"paths":5,…}        the scan is complete
//	{"type":"chunk","scan":{…},"seq":1,"count":100,"bytes":…,"records":[…]}
//
// A Decoder turns lines into records and goes on after a line that it cannot
// read; an Encoder writes them. Both hold one line in memory and no more, and of a
// chunk that has very many records, MaxRecords of them at a time. Lines gives the
// raw lines and Peek their type, for those who pass on what they do not need to
// know.
//
//	dec := stream.NewDecoder(os.Stdin, stream.MaxLine(largestFile))
//	for {
//		line, err := dec.Next()
//		var bad *stream.LineError
//		switch {
//		case err == io.EOF:
//			return nil
//		case errors.As(err, &bad): // count it and go on
//		…
package stream

import (
	"fmt"
	"math"

	"github.com/seed16713943/btools/pkg/kb"
)

// Type is the "type" of a line.
type Type string

// The types of lines that are not records; those of records are the kinds of
// package kb.
const (
	TypeScan  Type = "scan"
	TypeEnd   Type = "end"
	TypeChunk Type = "chunk"
)

// frames reports whether lines of the type say something of the records around
// them rather than being one.
func (t Type) frames() bool { return t == TypeScan || t == TypeEnd || t == TypeChunk }

// minMaxLine leaves room for a chunk of many records, however small the files
// are.
const minMaxLine = 4 << 20

// MaxLine returns the length in bytes above which a line is not read into
// memory: eight times the largest file size, so that the content of such a
// file fits even where JSON escapes most of it, and at least 4 MiB. Where files
// have no limit, which 0 stands for, lines have none either.
func MaxLine(maxFileSize int64) int64 {
	if maxFileSize == 0 || maxFileSize > math.MaxInt64/8 {
		return math.MaxInt64
	}
	return max(8*maxFileSize, minMaxLine)
}

// Line is one decoded line. Exactly one of Record, Chunk and End is set, or
// none on a scan line.
type Line struct {
	Number int64    // from 1 on
	Scan   *kb.Scan // scan, end and chunk lines; nil on a chunk that was made by hand without one
	Record *kb.Record
	Chunk  *Chunk
	End    *kb.End
}

// Chunk is a unit of work, or a part of one that has more than MaxRecords records.
type Chunk struct {
	Seq     int64 // place in the stream that bchunk made, from 1 on
	Records []kb.Record
	Bad     []*LineError // records of the chunk that could not be decoded
}

// LineError says which line is not of the format and what was expected. The
// lines after it can still be read.
type LineError struct {
	Line int64
	Err  error
}

func (e *LineError) Error() string { return fmt.Sprintf("line %d: %v", e.Line, e.Err) }

// Unwrap returns the error without its line number.
func (e *LineError) Unwrap() error { return e.Err }

// FormatError says that a stream is of a format that this module does not
// know; nothing after it can be trusted.
type FormatError struct {
	Line   int64
	Format int
}

func (e *FormatError) Error() string {
	return fmt.Sprintf("line %d: stream of format %d, but only format %d is understood", e.Line, e.Format, kb.StreamFormat)
}
