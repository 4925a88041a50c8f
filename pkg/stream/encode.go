package stream

import (
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"strconv"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/kb"
)

// keepBuffer is the largest buffer in bytes that an Encoder keeps for the next
// line.
const keepBuffer = 4 << 20

// Encoder writes the lines of a stream, one Write a line; give it a buffered
// writer.
type Encoder struct {
	w    io.Writer
	json *json.Encoder
	line []byte
}

// NewEncoder returns an encoder that writes to w.
func NewEncoder(w io.Writer) *Encoder {
	return &Encoder{w: w, json: kb.NewJSONEncoder(w)}
}

// Scan writes the line that begins a scan.
func (e *Encoder) Scan(scan *kb.Scan) error {
	return e.json.Encode(struct {
		Type   Type     `json:"type"`
		Format int      `json:"format"`
		Scan   *kb.Scan `json:"scan"`
	}{TypeScan, kb.StreamFormat, scan})
}

// Record writes one record. A time outside the years 1 to 9999, which
// kb.InstantOf never gives, is an error.
func (e *Encoder) Record(rec *kb.Record) error {
	line, err := appendRecord(e.line[:0], rec)
	if err != nil {
		return fmt.Errorf("encode record of %q: %w", rec.Path, err)
	}
	if e.line = line; cap(line) > keepBuffer {
		e.line = nil
	}
	_, err = e.w.Write(append(line, '\n'))
	return err
}

// End writes the line that closes a scan.
func (e *Encoder) End(end *kb.End) error {
	return e.json.Encode(struct {
		Type    Type          `json:"type"`
		Scan    *kb.Scan      `json:"scan"`
		Paths   int64         `json:"paths"`
		Bytes   int64         `json:"bytes"`
		Skipped int64         `json:"skipped"`
		Errors  int64         `json:"errors"`
		Unread  []kb.FileName `json:"unread,omitempty"`
	}{TypeEnd, &end.Scan, end.Paths, end.Bytes, end.Skipped, end.Errors, kb.FileNames(end.Unread)})
}

// appendRecord appends the JSON form of a record: by hand, since bscan writes
// tens of thousands of them in a second.
func appendRecord(b []byte, rec *kb.Record) ([]byte, error) {
	b = append(b, `{"type":`...)
	b = appendString(b, string(rec.Kind))
	if rec.Path != "" || rec.Line == 0 {
		b = appendText(b, "path", rec.Path)
		if !utf8.ValidString(rec.Path) {
			b = appendBase64(b, "path_bytes", []byte(rec.Path))
		}
	}
	b, err := appendStat(b, rec)
	if err != nil {
		return nil, err
	}
	if rec.Seq != 0 {
		b = strconv.AppendInt(append(b, `,"seq":`...), rec.Seq, 10)
	}
	for _, field := range []struct{ name, text string }{
		{"source", rec.Source}, {"class", string(rec.Class)}, {"code", string(rec.Code)}, {"message", rec.Message},
	} {
		if field.text != "" {
			b = appendText(b, field.name, field.text)
		}
	}
	if rec.Line != 0 {
		b = strconv.AppendInt(append(b, `,"line":`...), rec.Line, 10)
	}
	switch {
	case !rec.HasContent:
	case utf8.Valid(rec.Content):
		b = appendString(append(b, `,"content":`...), rec.Content)
	default:
		b = appendBase64(b, "content_base64", rec.Content)
	}
	return append(b, '}'), nil
}

// appendStat appends what a scan knows of a file.
func appendStat(b []byte, rec *kb.Record) ([]byte, error) {
	var err error
	instant := func(name string, i *kb.Instant) {
		if i == nil || err != nil {
			return
		}
		b = append(append(append(b, `,"`...), name...), `":"`...)
		b, err = i.AppendText(b)
		b = append(b, '"')
	}
	if rec.Size != nil {
		b = strconv.AppendInt(append(b, `,"size":`...), *rec.Size, 10)
	}
	instant("mtime", rec.MTime)
	instant("ctime", rec.CTime)
	if rec.Inode != nil {
		b = strconv.AppendUint(append(b, `,"inode":`...), *rec.Inode, 10)
	}
	if rec.Mode != nil {
		b, _ = rec.Mode.AppendText(append(b, `,"mode":"`...)) // never an error
		b = append(b, '"')
	}
	if rec.SHA256 != nil {
		b = hex.AppendEncode(append(b, `,"sha256":"`...), rec.SHA256[:])
		b = append(b, '"')
	}
	instant("read_at", rec.ReadAt)
	instant("valid_from", rec.ValidFrom)
	return b, err
}

func appendText(b []byte, name, text string) []byte {
	b = append(append(append(b, `,"`...), name...), `":`...)
	return appendString(b, text)
}

func appendBase64(b []byte, name string, data []byte) []byte {
	b = append(append(append(b, `,"`...), name...), `":"`...)
	return append(base64.StdEncoding.AppendEncode(b, data), '"')
}
