// Package chunk groups the records of a stream into chunks: units of work of a
// limited size, one a line, each with its scan, so that every line can be
// worked on alone.
//
// Records are passed on byte for byte and in their order, with whatever fields
// they have. Chunks that come in are taken apart and grouped anew. A chunk is
// written as soon as it is full, and no more than the open one is held in
// memory.
//
//	c := chunk.New(os.Stdout, chunk.Options{Records: 100, Bytes: 64 << 20, MaxLine: stream.MaxLine(largestFile)})
//	if err := c.Read(os.Stdin); err != nil {
//		return err
//	}
//	return c.Close()
package chunk

import (
	"bytes"
	"errors"
	"io"
	"strconv"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/stream"
)

// Options are the limits of chunks.
type Options struct {
	Records int                     // records in a chunk at most, 1 or more
	Bytes   int64                   // what they may weigh together; one that weighs more is a chunk of its own
	MaxLine int64                   // longest line that is read, in bytes, and that several records may share
	Bad     func(*stream.LineError) // called for each line that cannot be read; may be nil

	// Written is called after each chunk with the number of its records and their
	// weight; may be nil.
	Written func(records int, weight int64)
}

// Chunker writes chunks of what it reads.
//
// A record weighs the length of its line, or the size of its file if that is
// more. A chunk never has records of two scans. A scan line is not passed on,
// since every chunk carries its scan; a scan that ends without an end line and
// without a record becomes an empty chunk, so that its reader learns of it.
// A line that cannot be read becomes an error record with its number, and every
// line of another type is passed on where it stands.
type Chunker struct {
	w    io.Writer
	opt  Options
	seq  int64
	bare []byte // the scan of records that come without a chunk, as JSON; nil for none

	// The open chunk.
	scan    []byte // JSON; nil for none
	unsaid  bool   // nothing has been written yet that carries scan
	records []byte // JSON with commas between
	count   int
	weight  int64
}

// frame is room for what a chunk line holds beside its scan and its records.
const frame = 128 // bytes

// New returns a chunker that writes to w. If w has a method Flush() error, it is
// called after every chunk.
func New(w io.Writer, opt Options) *Chunker { return &Chunker{w: w, opt: opt} }

// Read groups the records of a stream. It may be called again with another
// stream; the open chunk goes on if the scan is the same. The error is a
// *stream.FormatError, or what reading or writing gave. If reading fails, all
// that was read before has been written.
func (c *Chunker) Read(r io.Reader) error {
	c.bare = nil
	lines := stream.NewLines(r, c.opt.MaxLine)
	var bad *stream.LineError
	for {
		var head stream.Head
		raw, number, err := lines.Next()
		if err == nil {
			head, err = stream.Peek(raw, number)
		}
		switch {
		case err == nil:
			err = c.line(raw, head)
		case err == io.EOF:
			return nil
		case errors.As(err, &bad):
			err = c.bad(bad)
		default:
			return errors.Join(c.flush(), err)
		}
		if err != nil {
			return err
		}
	}
}

// Close writes the open chunk.
func (c *Chunker) Close() error { return c.flush() }

func (c *Chunker) line(raw []byte, head stream.Head) error {
	switch head.Type {
	case stream.Type(kb.File), stream.Type(kb.Gone), stream.Type(kb.Skipped), stream.Type(kb.Failed):
		return c.add(c.bare, raw, weigh(raw, head))
	case stream.TypeScan:
		c.bare = bytes.Clone(head.Scan)
		return c.enter(c.bare)
	case stream.TypeChunk:
		return c.regroup(head)
	case stream.TypeEnd:
		if bytes.Equal(head.Scan, c.scan) {
			c.unsaid = false // the line itself carries the scan
		}
		if err := c.flush(); err != nil {
			return err
		}
		c.bare, c.scan = nil, nil
	default:
		if err := c.flush(); err != nil {
			return err
		}
	}
	return c.write(raw, []byte("\n"))
}

// enter makes scan the one that following records belong to.
func (c *Chunker) enter(scan []byte) error {
	if bytes.Equal(scan, c.scan) {
		return nil
	}
	err := c.flush()
	c.scan = bytes.Clone(scan)
	c.unsaid = scan != nil
	return err
}

// regroup takes a chunk apart.
func (c *Chunker) regroup(chunk stream.Head) error {
	if chunk.Scan != nil {
		if err := c.enter(chunk.Scan); err != nil {
			return err
		}
	}
	for raw := range chunk.Records() {
		// What cannot be read inside a chunk stays inside one, for the reader of
		// the records to judge.
		head, _ := stream.Peek(raw, 0)
		if err := c.add(chunk.Scan, raw, weigh(raw, head)); err != nil {
			return err
		}
	}
	return nil
}

// weigh gives what a record counts for. Only of a file something is read beside
// the line.
func weigh(raw []byte, head stream.Head) int64 {
	if head.Type == stream.Type(kb.File) {
		return max(int64(len(raw)), head.Size)
	}
	return int64(len(raw))
}

// bad puts an error record where the line was, so that it is counted.
func (c *Chunker) bad(bad *stream.LineError) error {
	if c.opt.Bad != nil {
		c.opt.Bad(bad)
	}
	var line bytes.Buffer
	if err := stream.NewEncoder(&line).Record(&kb.Record{
		Kind: kb.Failed, Class: kb.Validation, Code: kb.BadRecord, Line: bad.Line, Message: bad.Err.Error(),
	}); err != nil {
		return err
	}
	raw := bytes.TrimSuffix(line.Bytes(), []byte("\n"))
	return c.add(c.bare, raw, int64(len(raw)))
}

// add puts a record of a scan into the open chunk.
func (c *Chunker) add(scan, raw []byte, weight int64) error {
	if err := c.enter(scan); err != nil {
		return err
	}
	if c.count > 0 && !c.fits(raw, weight) {
		if err := c.flush(); err != nil {
			return err
		}
	}
	if weight > c.opt.Bytes {
		return c.writeChunk(raw, 1, weight) // alone, and so without a copy
	}
	if c.count > 0 {
		c.records = append(c.records, ',')
	}
	c.records = append(c.records, raw...)
	c.count++
	c.weight += weight
	if c.count >= c.opt.Records || c.weight >= c.opt.Bytes {
		return c.flush()
	}
	return nil
}

// fits reports whether a record has room in the open chunk: by its weight, and
// in the line, which whoever reads it under the same settings must still take.
func (c *Chunker) fits(raw []byte, weight int64) bool {
	line := int64(frame + len(c.scan) + len(c.records) + len(",") + len(raw))
	return weight <= c.opt.Bytes-c.weight && line <= c.opt.MaxLine
}

// flush writes the open chunk, if there is something to say with it.
func (c *Chunker) flush() error {
	if c.count == 0 && !c.unsaid {
		return nil
	}
	err := c.writeChunk(c.records, c.count, c.weight)
	c.records, c.count, c.weight = c.records[:0], 0, 0
	return err
}

func (c *Chunker) writeChunk(records []byte, count int, weight int64) error {
	c.seq++
	c.unsaid = false
	head := append(make([]byte, 0, frame+len(c.scan)), `{"type":"chunk"`...)
	if c.scan != nil {
		head = append(append(head, `,"scan":`...), c.scan...)
	}
	head = strconv.AppendInt(append(head, `,"seq":`...), c.seq, 10)
	head = strconv.AppendInt(append(head, `,"count":`...), int64(count), 10)
	head = strconv.AppendInt(append(head, `,"bytes":`...), weight, 10)
	err := c.write(append(head, `,"records":[`...), records, []byte("]}\n"))
	if err == nil && c.opt.Written != nil {
		c.opt.Written(count, weight)
	}
	return err
}

// write writes a line in parts and sees to it that it reaches its reader.
func (c *Chunker) write(parts ...[]byte) error {
	for _, part := range parts {
		if _, err := c.w.Write(part); err != nil {
			return err
		}
	}
	if f, ok := c.w.(interface{ Flush() error }); ok {
		return f.Flush()
	}
	return nil
}
