package stream

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"strconv"

	"github.com/seed16713943/btools/pkg/kb"
)

// wireLine holds the JSON texts of the fields of a line of any type; nil is a
// field that is not there. They share the memory of the line. What they hold
// is looked at once the type is known, which may come last.
type wireLine struct {
	kind []byte
	typ  Type // what kind says

	// records
	path, pathBytes, size, mtime, ctime, inode, mode, sha256, readAt []byte
	validFrom, seq, source, content, contentBase64                   []byte
	class, code, message, line                                       []byte

	// scan, chunk and end
	format, scan, records, bytes, paths, skipped, errors, unread []byte
}

// read reads a line.
func (w *wireLine) read(line []byte) error {
	object := fieldsOf(line)
	w.take(&object)
	return w.decodeType(object.end())
}

// readRecord reads a record of a chunk and goes past it.
func (w *wireLine) readRecord(c *cursor) error {
	object := fields{cursor: *c}
	w.take(&object)
	*c = object.cursor
	return w.decodeType(object.err)
}

func (w *wireLine) take(object *fields) {
	var other []byte
	for object.next() {
		*w.field(object.name, &other) = object.value
	}
}

// decodeType reads the type unless there is a fault already.
func (w *wireLine) decodeType(err error) error {
	if err == nil {
		w.typ, err = decodeType(w.kind)
	}
	return err
}

// field returns where the value of the field of that name goes; a name that is
// not known goes to other.
func (w *wireLine) field(name []byte, other *[]byte) *[]byte {
	switch string(name) {
	case "type":
		return &w.kind
	case "path":
		return &w.path
	case "path_bytes":
		return &w.pathBytes
	case "size":
		return &w.size
	case "mtime":
		return &w.mtime
	case "ctime":
		return &w.ctime
	case "inode":
		return &w.inode
	case "mode":
		return &w.mode
	case "sha256":
		return &w.sha256
	case "read_at":
		return &w.readAt
	case "valid_from":
		return &w.validFrom
	case "seq":
		return &w.seq
	case "source":
		return &w.source
	case "content":
		return &w.content
	case "content_base64":
		return &w.contentBase64
	case "class":
		return &w.class
	case "code":
		return &w.code
	case "message":
		return &w.message
	case "line":
		return &w.line
	}
	return w.frameField(name, other)
}

func (w *wireLine) frameField(name []byte, other *[]byte) *[]byte {
	switch string(name) {
	case "format":
		return &w.format
	case "scan":
		return &w.scan
	case "records":
		return &w.records
	case "bytes":
		return &w.bytes
	case "paths":
		return &w.paths
	case "skipped":
		return &w.skipped
	case "errors":
		return &w.errors
	case "unread":
		return &w.unread
	}
	return other
}

// record decodes the fields of a record.
func (w *wireLine) record(rec *kb.Record) error {
	kind := kb.Kind(w.typ)
	switch kind {
	case kb.File, kb.Gone, kb.Skipped, kb.Failed:
	default:
		return fmt.Errorf(`type %.40q is not known; expected "file", "gone", "skip", "error", "scan", "chunk" or "end"`, kind)
	}
	var in fieldDecoder
	v := new(values)
	*rec = kb.Record{
		Kind: kind, Path: in.path(w), Size: in.size(w.size, &v.size),
		MTime: in.instant("mtime", w.mtime, &v.mtime), CTime: in.instant("ctime", w.ctime, &v.ctime),
		Inode: in.inode(w.inode, &v.inode), Mode: in.mode(w.mode, &v.mode), SHA256: in.hash(w.sha256, &v.sha256),
		ReadAt:    in.instant("read_at", w.readAt, &v.readAt),
		ValidFrom: in.instant("valid_from", w.validFrom, &v.validFrom), Seq: in.int64("seq", w.seq), Source: in.text("source", w.source),
		Class: kb.Class(in.text("class", w.class)), Code: kb.Code(in.text("code", w.code)),
		Message: in.text("message", w.message), Line: in.count("line", w.line),
	}
	rec.Content, rec.HasContent = in.content(w)
	if kind == kb.Failed {
		switch rec.Class {
		case kb.Validation, kb.Processing, kb.ExceptionAfterRetries:
		case "":
			rec.Class = kb.Processing
		default:
			return fmt.Errorf(`"class" %.40q is not known; expected %q, %q or %q`, rec.Class, kb.Validation, kb.Processing, kb.ExceptionAfterRetries)
		}
		if rec.Code == "" {
			rec.Code = kb.Unreadable
		}
	}
	if in.err == nil && rec.Path == "" && (kind != kb.Failed || rec.Line == 0) {
		return fmt.Errorf(`a record of type %q needs a "path"`, kind)
	}
	return in.err
}

// fieldDecoder reads fields, whose JSON syntax has been checked, and keeps the
// first error. Its methods give the zero value for a field that is not there.
type fieldDecoder struct{ err error }

func (d *fieldDecoder) fail(name string, err error) {
	if d.err == nil {
		d.err = fmt.Errorf("%q: %w", name, err)
	}
}

func (d *fieldDecoder) expected(name, what string, raw []byte) {
	d.fail(name, fmt.Errorf("expected %s, found %s", what, describe(raw)))
}

// unquote gives the text of a string. Where it has no escapes, it shares the
// memory of the line.
func (d *fieldDecoder) unquote(name string, raw []byte) []byte {
	if raw == nil {
		return nil
	}
	if raw[0] != '"' {
		d.expected(name, "a string", raw)
		return nil
	}
	raw = raw[1 : len(raw)-1]
	if bytes.IndexByte(raw, '\\') < 0 {
		return raw
	}
	text, err := appendUnquoted(make([]byte, 0, len(raw)), raw)
	if err != nil {
		d.fail(name, err)
	}
	return text
}

func (d *fieldDecoder) text(name string, raw []byte) string { return string(d.unquote(name, raw)) }

func (d *fieldDecoder) integer(name string, raw []byte) *int64 {
	if raw == nil {
		return nil
	}
	n, err := strconv.ParseInt(string(raw), 10, 64)
	if err != nil {
		d.expected(name, "a whole number", raw)
	}
	return &n
}

func (d *fieldDecoder) int64(name string, raw []byte) int64 {
	if n := d.integer(name, raw); n != nil {
		return *n
	}
	return 0
}

// count reads a number that cannot be negative.
func (d *fieldDecoder) count(name string, raw []byte) int64 {
	n := d.int64(name, raw)
	if n < 0 {
		d.expected(name, "a number that is not negative", raw)
	}
	return n
}

// values are the fields of a record that may not be there, in one piece of memory.
type values struct {
	size                            int64
	mtime, ctime, readAt, validFrom kb.Instant
	inode                           uint64
	mode                            kb.Mode
	sha256                          kb.Hash
}

func (d *fieldDecoder) size(raw []byte, n *int64) *int64 {
	if raw == nil {
		return nil
	}
	*n = d.count("size", raw)
	return n
}

func (d *fieldDecoder) inode(raw []byte, inode *uint64) *uint64 {
	if raw == nil {
		return nil
	}
	n, err := strconv.ParseUint(string(raw), 10, 64)
	if err == nil {
		*inode = n
		return inode
	}
	if raw[0] != '-' && !isDigit(raw[0]) {
		d.expected("inode", "a whole number", raw)
	}
	// Programs that hold numbers as float64, as older versions of jq do, write
	// large ones as 1.8446744073709552e+19. That is no inode any more, but
	// nothing is lost with it that would be worth refusing the record.
	return nil
}

func (d *fieldDecoder) instant(name string, raw []byte, i *kb.Instant) *kb.Instant {
	if raw == nil {
		return nil
	}
	if raw[0] != '"' {
		d.expected(name, `a time such as "2025-01-15T10:00:00Z"`, raw)
		return nil
	}
	if err := i.UnmarshalText(d.unquote(name, raw)); err != nil {
		d.fail(name, err)
	}
	return i
}

func (d *fieldDecoder) mode(raw []byte, mode *kb.Mode) *kb.Mode {
	if raw == nil {
		return nil
	}
	if raw[0] != '"' {
		d.expected("mode", `a mode such as "0644"`, raw)
		return nil
	}
	if err := mode.UnmarshalText(d.unquote("mode", raw)); err != nil {
		d.fail("mode", err)
	}
	return mode
}

func (d *fieldDecoder) hash(raw []byte, hash *kb.Hash) *kb.Hash {
	if raw == nil {
		return nil
	}
	if raw[0] != '"' {
		d.expected("sha256", "64 hexadecimal digits", raw)
		return nil
	}
	if err := hash.UnmarshalText(d.unquote("sha256", raw)); err != nil {
		d.fail("sha256", err)
	}
	return hash
}

// base64 reads a field of bytes.
func (d *fieldDecoder) base64(name string, raw []byte) []byte {
	text := d.unquote(name, raw)
	data := make([]byte, base64.StdEncoding.DecodedLen(len(text)))
	n, err := base64.StdEncoding.Decode(data, text)
	if err != nil {
		d.fail(name, fmt.Errorf("expected base64 with padding, as base64 -w0 writes it: %w", err))
	}
	return data[:n]
}

// path reads "path_bytes" or else "path".
func (d *fieldDecoder) path(w *wireLine) string {
	name, path := "path", ""
	if w.pathBytes != nil {
		name, path = "path_bytes", string(d.base64("path_bytes", w.pathBytes))
	} else {
		path = d.text("path", w.path)
	}
	for i := range len(path) {
		if path[i] == 0 {
			d.fail(name, errors.New("has a NUL byte, which no file name can have"))
			break
		}
	}
	return path
}

// content reads "content" or "content_base64" and reports whether one is there.
func (d *fieldDecoder) content(w *wireLine) ([]byte, bool) {
	switch {
	case w.content != nil && w.contentBase64 != nil:
		d.fail("content", errors.New(`excludes "content_base64"`))
	case w.content != nil:
		text := d.unquote("content", w.content)
		if len(text) == len(w.content)-len(`""`) { // no escape in it
			text = bytes.Clone(text)
		}
		return text, true
	case w.contentBase64 != nil:
		return d.base64("content_base64", w.contentBase64), true
	}
	return nil, false
}

// names reads a list of file names.
func (d *fieldDecoder) names(name string, raw []byte) []string {
	if raw == nil {
		return nil
	}
	if raw[0] != '[' {
		d.expected(name, "a list of file names", raw)
		return nil
	}
	var names []kb.FileName
	if err := json.Unmarshal(raw, &names); err != nil {
		d.fail(name, err)
	}
	return kb.Strings(names)
}
