package stream

import (
	"bytes"
	"cmp"
	"encoding/json"
	"errors"
	"fmt"
	"io"

	"github.com/seed16713943/btools/pkg/kb"
)

// MaxRecords is how many records of a chunk a decoder gives at once. A record takes
// many times as much memory as the shortest text of one.
const MaxRecords = 10_000

// Decoder reads the lines of a stream.
type Decoder struct {
	lines *Lines
	last  lastFrame
}

// lastFrame is what a decoder remembers of the lines before that are not records.
type lastFrame struct {
	rest    rest     // of the last chunk
	records int      // given of it, of which the next one will have as many
	scan    *kb.Scan // the last one, which each chunk has once more,
	raw     []byte   // as it was written
}

// rest is what a decoder has not given yet of a chunk.
type rest struct {
	line    Line // what all parts of it have
	seq     int64
	records cursor // before the next one
	more    bool   // there is a next one
	place   int    // of the last one, from 1 on
}

// NewDecoder returns a decoder of r that holds at most one line of maxLine
// bytes.
func NewDecoder(r io.Reader, maxLine int64) *Decoder {
	return &Decoder{lines: NewLines(r, maxLine)}
}

// Next returns the next line; a chunk of more than MaxRecords records comes in
// several, with as many at a time. The error is io.EOF at the end of the stream, a
// *LineError for a line that is not of the format (call Next again to go on), a
// *FormatError for a stream of another format, and else what reading gave.
//
// Fields that are not known are passed over. A field that is null counts as not
// there, and of a field that is there twice the last one counts, as with jq.
func (d *Decoder) Next() (Line, error) {
	if d.last.rest.more {
		return d.last.part(), nil
	}
	raw, number, err := d.lines.Next()
	if err != nil {
		return Line{Number: number}, err
	}
	return d.last.decodeLine(raw, number)
}

func (f *lastFrame) decodeLine(raw []byte, number int64) (Line, error) {
	line := Line{Number: number}
	var wire wireLine
	err := wire.read(raw)
	if err == nil && wire.typ.frames() {
		if err := checkFormat(wire.format, number); err != nil {
			return line, err
		}
		err = f.read(&line, &wire)
	} else if err == nil {
		line.Record = new(kb.Record)
		err = wire.record(line.Record)
	}
	if err != nil {
		return Line{Number: number}, &LineError{number, err}
	}
	return line, nil
}

// read fills in a line that is not a record.
func (f *lastFrame) read(l *Line, wire *wireLine) error {
	if f.scan == nil || !bytes.Equal(f.raw, wire.scan) {
		scan, err := decodeScan(wire.typ, wire.scan)
		if err != nil {
			return err
		}
		f.scan, f.raw = scan, append(f.raw[:0], wire.scan...)
	}
	l.Scan = f.scan
	var in fieldDecoder
	switch wire.typ {
	case TypeChunk:
		list, err := recordList(wire.records)
		seq := in.int64("seq", wire.seq)
		if err = cmp.Or(err, in.err); err != nil {
			return err
		}
		f.rest = rest{line: *l, seq: seq, records: cursor{data: list}}
		f.rest.more = f.rest.records.first('[')
		*l = f.part()
	case TypeEnd:
		l.End = &kb.End{
			Scan: *l.Scan, Paths: in.count("paths", wire.paths), Bytes: in.count("bytes", wire.bytes),
			Skipped: in.count("skipped", wire.skipped), Errors: in.count("errors", wire.errors),
			Unread: in.names("unread", wire.unread),
		}
	}
	return in.err
}

// part reads the next records of the last chunk, whose syntax has been checked.
func (f *lastFrame) part() Line {
	r := &f.rest
	chunk := &Chunk{Seq: r.seq, Records: make([]kb.Record, 0, f.records)}
	for n := 0; r.more && n < MaxRecords; n++ {
		r.place++
		var wire wireLine
		var rec kb.Record
		err := wire.readRecord(&r.records)
		if err == nil {
			err = wire.record(&rec)
		}
		if err != nil {
			chunk.Bad = append(chunk.Bad, &LineError{r.line.Number, fmt.Errorf("record %d of the chunk: %w", r.place, err)})
		} else {
			chunk.Records = append(chunk.Records, rec)
		}
		r.more, _ = r.records.more('[')
	}
	f.records = len(chunk.Records)
	line := r.line
	line.Chunk = chunk
	if !r.more {
		*r = rest{} // which may hold a very long line
	}
	return line
}

// decodeType reads the "type" of a line or of a record.
func decodeType(raw []byte) (Type, error) {
	var in fieldDecoder
	text := in.unquote("type", raw)
	switch {
	case in.err != nil:
		return "", in.err
	case len(text) == 0:
		return "", errors.New(`expected a "type" such as "file"`)
	case string(text) == string(kb.File):
		return Type(kb.File), nil // by far the most frequent, without an allocation
	}
	return Type(text), nil
}

// checkFormat refuses a line of a format that is not understood.
func checkFormat(raw []byte, number int64) error {
	var in fieldDecoder
	format := int64(kb.StreamFormat)
	if n := in.integer("format", raw); n != nil {
		format = *n
	}
	switch {
	case in.err != nil:
		return &LineError{number, in.err}
	case format != kb.StreamFormat:
		return &FormatError{number, int(format)}
	}
	return nil
}

// decodeScan reads the "scan" of a line that is not a record. A chunk that was
// made by hand may have none.
func decodeScan(typ Type, raw []byte) (*kb.Scan, error) {
	if raw == nil {
		if typ == TypeChunk {
			return nil, nil
		}
		return nil, fmt.Errorf(`a line of type %q needs a "scan"`, typ)
	}
	if raw[0] != '{' {
		return nil, fmt.Errorf(`"scan": expected an object, found %s`, describe(raw))
	}
	scan := new(kb.Scan)
	err := json.Unmarshal(raw, scan)
	var field *json.UnmarshalTypeError
	switch {
	case errors.As(err, &field):
		return nil, fmt.Errorf(`"scan": field %q cannot be a JSON %s`, field.Field, field.Value)
	case err != nil:
		return nil, fmt.Errorf(`"scan": %w`, err)
	}
	return scan, nil
}

// recordList returns the list of records of a chunk, an empty one if there is
// none.
func recordList(raw []byte) ([]byte, error) {
	switch {
	case raw == nil:
		return []byte("[]"), nil
	case raw[0] != '[':
		return nil, fmt.Errorf(`"records": expected a list, found %s`, describe(raw))
	}
	return raw, nil
}
