package ingest

import (
	"cmp"
	"errors"
	"io"
	"path"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/stream"
)

// assembler turns lines into units: a chunk is one, and records that come
// without a chunk are grouped.
type assembler struct {
	dec      *stream.Decoder
	size     int      // records in a group
	bytes    int64    // content carried by a group
	implicit *kb.Scan // of records before any scan
	begun    map[string]bool
	emit     func(*unit) error

	scan    *kb.Scan // of the records that follow
	group   *unit
	carried int64
}

// run reads the stream to its end.
func (a *assembler) run() error {
	a.scan = a.implicit
	a.reset()
	for {
		line, err := a.dec.Next()
		var bad *stream.LineError
		switch {
		case err == io.EOF:
			return a.flush()
		case errors.As(err, &bad):
			a.group.bad = append(a.group.bad, badRecord(bad))
		case err != nil:
			return errors.Join(a.flush(), err)
		default:
			if err := a.line(line); err != nil {
				return err
			}
		}
		if len(a.group.items)+len(a.group.bad) >= a.size || a.carried >= a.bytes {
			if err := a.flush(); err != nil {
				return err
			}
		}
	}
}

func (a *assembler) line(line stream.Line) error {
	switch {
	case line.Record != nil:
		a.record(a.group, line.Record)
		return nil
	case line.Chunk != nil:
		return a.chunk(line)
	case line.End != nil:
		if line.Scan.ID != a.scan.ID {
			if err := a.flush(); err != nil {
				return err
			}
			a.group.scan = line.Scan
		}
		a.group.end = line.End
		a.scan = a.implicit
		return a.flush()
	default: // a scan begins
		err := a.flush()
		a.scan = line.Scan
		a.begun[line.Scan.ID] = true
		a.reset()
		return err
	}
}

func (a *assembler) chunk(line stream.Line) error {
	if err := a.flush(); err != nil {
		return err
	}
	u := &unit{scan: line.Scan}
	if u.scan == nil {
		u.scan = a.implicit
	}
	for _, bad := range line.Chunk.Bad {
		u.bad = append(u.bad, badRecord(bad))
	}
	u.items = make([]item, 0, len(line.Chunk.Records))
	for i := range line.Chunk.Records {
		a.record(u, &line.Chunk.Records[i])
	}
	return a.emit(u)
}

// record adds a record to a unit. One without a path stands for a line that
// could not be read further up.
func (a *assembler) record(u *unit, rec *kb.Record) {
	if rec.Path == "" {
		u.bad = append(u.bad, kb.NewFault(kb.Validation, kb.BadRecord, "line %d: %s", rec.Line, cmp.Or(rec.Message, noReason)))
		return
	}
	it := item{rec: *rec}
	if it.rec.Path = path.Clean(rec.Path); it.rec.Path == "." || it.rec.Path == "/" {
		it.fault = kb.NewFault(kb.Validation, kb.BadPath, "%q is no name of a document", rec.Path)
	}
	u.items = append(u.items, it)
	a.carried += int64(len(rec.Content))
}

func badRecord(err *stream.LineError) *kb.Fault {
	return &kb.Fault{Class: kb.Validation, Code: kb.BadRecord, Err: err}
}

func (a *assembler) reset() {
	a.group = &unit{scan: a.scan}
	a.carried = 0
}

// flush emits the group, if there is anything in it.
func (a *assembler) flush() error {
	group := a.group
	a.reset()
	if len(group.items) == 0 && group.end == nil {
		if len(group.bad) == 0 {
			return nil
		}
		group.scan = nil
	}
	return a.emit(group)
}
