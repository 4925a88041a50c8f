package stream_test

import (
	"bytes"
	"encoding/base64"
	"encoding/json"
	"io"
	"math"
	"reflect"
	"strings"
	"testing"
	"time"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/stream"
)

// recordJSON is a record as encoding/json writes it: what the hand-written
// encoder is held to, byte for byte.
type recordJSON struct {
	Type          kb.Kind     `json:"type"`
	Path          *string     `json:"path,omitempty"`
	PathBytes     []byte      `json:"path_bytes,omitempty"`
	Size          *int64      `json:"size,omitempty"`
	MTime         *kb.Instant `json:"mtime,omitempty"`
	CTime         *kb.Instant `json:"ctime,omitempty"`
	Inode         *uint64     `json:"inode,omitempty"`
	Mode          *kb.Mode    `json:"mode,omitempty"`
	SHA256        *kb.Hash    `json:"sha256,omitempty"`
	ReadAt        *kb.Instant `json:"read_at,omitempty"`
	ValidFrom     *kb.Instant `json:"valid_from,omitempty"`
	Seq           int64       `json:"seq,omitempty"`
	Source        string      `json:"source,omitempty"`
	Class         kb.Class    `json:"class,omitempty"`
	Code          kb.Code     `json:"code,omitempty"`
	Message       string      `json:"message,omitempty"`
	Line          int64       `json:"line,omitempty"`
	Content       *string     `json:"content,omitempty"`
	ContentBase64 *string     `json:"content_base64,omitempty"`
}

func oracle(t *testing.T, rec *kb.Record) []byte {
	t.Helper()
	wire := recordJSON{
		Type: rec.Kind, Size: rec.Size, MTime: rec.MTime, CTime: rec.CTime, Inode: rec.Inode, Mode: rec.Mode,
		SHA256: rec.SHA256, ReadAt: rec.ReadAt, ValidFrom: rec.ValidFrom, Seq: rec.Seq, Source: rec.Source,
		Class: rec.Class, Code: rec.Code, Message: rec.Message, Line: rec.Line,
	}
	if rec.Path != "" {
		wire.Path = &rec.Path
		if !utf8.ValidString(rec.Path) {
			wire.PathBytes = []byte(rec.Path)
		}
	}
	if text := string(rec.Content); rec.HasContent && utf8.Valid(rec.Content) {
		wire.Content = &text
	} else if rec.HasContent {
		wire.ContentBase64 = ptr(base64.StdEncoding.EncodeToString(rec.Content))
	}
	var out bytes.Buffer
	enc := json.NewEncoder(&out)
	enc.SetEscapeHTML(false)
	if err := enc.Encode(wire); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func FuzzRecordRoundTrip(f *testing.F) {
	at := time.Date(2025, 1, 15, 10, 0, 0, 123_456_789, time.UTC).Unix()
	f.Add("docs/a.md", []byte("# A\n"), "git:abc", "no such file", int64(4), at, int64(123_456_789), uint64(7), uint16(0o644), uint16(0xFFFF))
	f.Add("bad\xffname\n\"\\", []byte{0xFF, 0, 0x80}, "\x00<&>", "\u2028", int64(0), int64(math.MinInt64), int64(-1), uint64(math.MaxUint64), uint16(0o7777), uint16(0xFFFE))
	f.Add("a\u007f\U0001F600", []byte{}, "", "", int64(math.MaxInt64), int64(math.MaxInt64), int64(0), uint64(0), uint16(0), uint16(0x7FFD))
	f.Fuzz(func(t *testing.T, path string, content []byte, source, message string, size, sec, nsec int64, inode uint64, mode, has uint16) {
		rec := arbitrary(path, content, source, message, size, sec, nsec, inode, mode, has)
		var line bytes.Buffer
		if err := stream.NewEncoder(&line).Record(rec); err != nil {
			t.Fatal(err)
		}
		if want := oracle(t, rec); !bytes.Equal(line.Bytes(), want) {
			t.Fatalf("wrote %s\nwant  %s", line.Bytes(), want)
		}
		got, err := stream.NewDecoder(&line, math.MaxInt64).Next()
		if err != nil {
			t.Fatal(err)
		}
		if rec.HasContent != got.Record.HasContent || !bytes.Equal(rec.Content, got.Record.Content) {
			t.Fatalf("content %q, want %q", got.Record.Content, rec.Content)
		}
		rec.Content, got.Record.Content = nil, nil
		if !reflect.DeepEqual(got.Record, rec) {
			t.Fatalf("got  %+v\nwant %+v", got.Record, rec)
		}
	})
}

// arbitrary makes of any values a record that a program could have made; has
// says which of its fields are there.
func arbitrary(path string, content []byte, source, message string, size, sec, nsec int64, inode uint64, mode, has uint16) *kb.Record {
	kinds := []kb.Kind{kb.File, kb.Gone, kb.Skipped, kb.Failed}
	rec := &kb.Record{
		Kind: kinds[has%4], Path: strings.ReplaceAll(path, "\x00", ""),
		Source: strings.ToValidUTF8(source, "?"), Message: strings.ToValidUTF8(message, "?"),
	}
	if rec.Path == "" {
		rec.Path = "x"
	}
	instant := func(bit int) *kb.Instant {
		if has>>bit&1 == 0 {
			return nil
		}
		return ptr(kb.InstantOf(time.Unix(sec+int64(bit), nsec)))
	}
	rec.MTime, rec.CTime, rec.ReadAt, rec.ValidFrom = instant(2), instant(3), instant(4), instant(5)
	if has>>6&1 == 1 {
		rec.Size = ptr(size & math.MaxInt64)
	}
	if has>>7&1 == 1 {
		rec.Inode = &inode
	}
	if has>>8&1 == 1 {
		rec.Mode = ptr(kb.Mode(mode & 0o7777))
	}
	if has>>9&1 == 1 {
		rec.SHA256 = ptr(kb.HashOf(content))
	}
	if has>>10&1 == 1 {
		rec.Content, rec.HasContent = content, true
	}
	if has>>11&1 == 1 {
		rec.Seq, rec.Line = size, sec&math.MaxInt64
	}
	if rec.Kind == kb.Failed {
		rec.Class, rec.Code = kb.Validation, kb.BadRecord
		if has>>12&1 == 1 && rec.Line > 0 {
			rec.Path = "" // a line that could not be decoded
		}
	}
	return rec
}

func TestEncoderRefusesWhatCannotBeReadBack(t *testing.T) {
	for _, i := range []kb.Instant{kb.Forever, math.MinInt64, kb.InstantOf(time.Date(9999, 12, 31, 23, 59, 59, 999_999_999, time.UTC)) + 1} {
		rec := &kb.Record{Kind: kb.File, Path: "a", MTime: &i}
		var out bytes.Buffer
		err := stream.NewEncoder(&out).Record(rec)
		if err == nil || !strings.Contains(err.Error(), "outside the years 1 to 9999") || out.Len() > 0 {
			t.Errorf("instant %d: wrote %q, error %v", int64(i), out.String(), err)
		}
	}
}

// FuzzDecoder feeds the decoder arbitrary streams: it must come to their end,
// and what it reads must be what encoding/json reads, and must survive being
// written and read once more.
func FuzzDecoder(f *testing.F) {
	for _, seed := range streamSeeds {
		f.Add([]byte(seed))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		dec := stream.NewDecoder(bytes.NewReader(text), 1<<20)
		for last := int64(0); ; {
			line, err := dec.Next()
			if err == io.EOF {
				return
			}
			if line.Number <= last {
				t.Fatalf("line %d after line %d", line.Number, last)
			}
			last = line.Number
			if err == nil && line.Record != nil {
				sameAsJSON(t, bytes.Split(text, []byte("\n"))[line.Number-1], line.Record)
				rereads(t, line.Record)
			}
			if err == nil && line.Chunk != nil {
				for i := range line.Chunk.Records {
					rereads(t, &line.Chunk.Records[i])
				}
			}
		}
	})
}

func sameAsJSON(t *testing.T, line []byte, rec *kb.Record) {
	t.Helper()
	line = bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
	var want map[string]any
	dec := json.NewDecoder(bytes.NewReader(line))
	dec.UseNumber()
	if err := dec.Decode(&want); err != nil {
		t.Fatalf("%s is read, but encoding/json says %v", line, err)
	}
	text := func(name string) string { s, _ := want[name].(string); return s }
	if text("type") != string(rec.Kind) || text("source") != rec.Source || text("message") != rec.Message {
		t.Fatalf("%s is read as %+v", line, rec)
	}
	if _, ok := want["path_bytes"].(string); !ok && text("path") != rec.Path {
		t.Fatalf("%s is read with the path %q", line, rec.Path)
	}
	if _, ok := want["content"].(string); ok && text("content") != string(rec.Content) {
		t.Fatalf("%s is read with the content %q", line, rec.Content)
	}
	if n, ok := want["size"].(json.Number); ok {
		if size, err := n.Int64(); err != nil || size != *rec.Size {
			t.Fatalf("%s is read with size %d", line, *rec.Size)
		}
	}
}

func rereads(t *testing.T, rec *kb.Record) {
	t.Helper()
	var line bytes.Buffer
	if err := stream.NewEncoder(&line).Record(rec); err != nil {
		t.Fatalf("%+v: %v", rec, err)
	}
	got, err := stream.NewDecoder(bytes.NewReader(line.Bytes()), math.MaxInt64).Next()
	if err != nil {
		t.Fatalf("%s: %v", line.Bytes(), err)
	}
	if !bytes.Equal(got.Record.Content, rec.Content) {
		t.Fatalf("content %q, want %q", got.Record.Content, rec.Content)
	}
	same := *rec
	same.Content, got.Record.Content = nil, nil
	if !reflect.DeepEqual(*got.Record, same) {
		t.Fatalf("got  %+v\nwant %+v", *got.Record, same)
	}
}

func TestRecordOfManyForms(t *testing.T) {
	at, err := kb.ParseInstant("2025-01-15T10:00:00Z")
	if err != nil {
		t.Fatal(err)
	}
	for name, test := range map[string]struct {
		line string
		want kb.Record
	}{
		"only a path":           {`{"type":"gone","path":"a"}`, kb.Record{Kind: kb.Gone, Path: "a"}},
		"type last":             {`{"size":1,"path":"a","type":"file"}`, kb.Record{Kind: kb.File, Path: "a", Size: ptr[int64](1)}},
		"null is absent":        {`{"type":"file","path":"a","size":null,"mtime":null,"content":null}`, kb.Record{Kind: kb.File, Path: "a"}},
		"last of two counts":    {`{"type":"gone","path":"a","type":"file","path":"b"}`, kb.Record{Kind: kb.File, Path: "b"}},
		"names are exact":       {`{"type":"file","path":"a","Path":"b","SIZE":1,"Content":5}`, kb.Record{Kind: kb.File, Path: "a"}},
		"escaped names":         {`{"\u0074ype":"file","p\u0061th":"a"}`, kb.Record{Kind: kb.File, Path: "a"}},
		"unknown fields":        {`{"x":{"path":[1,{}]},"type":"file","path":"a","tags":["b"]}`, kb.Record{Kind: kb.File, Path: "a"}},
		"any offset":            {`{"type":"file","path":"a","mtime":"2025-01-15T12:30:00+02:30"}`, kb.Record{Kind: kb.File, Path: "a", MTime: &at}},
		"nanoseconds are cut":   {`{"type":"file","path":"a","mtime":"2025-01-15T10:00:00.000000999Z"}`, kb.Record{Kind: kb.File, Path: "a", MTime: &at}},
		"empty content":         {`{"type":"file","path":"a","content":""}`, kb.Record{Kind: kb.File, Path: "a", Content: []byte{}, HasContent: true}},
		"escaped content":       {`{"type":"file","path":"a","content":"\u0000\ud83d\ude00\n"}`, kb.Record{Kind: kb.File, Path: "a", Content: []byte("\x00\U0001F600\n"), HasContent: true}},
		"binary content":        {`{"type":"file","path":"a","content_base64":"/wA="}`, kb.Record{Kind: kb.File, Path: "a", Content: []byte{0xFF, 0}, HasContent: true}},
		"bytes beat the path":   {`{"type":"file","path":"\ufffd","path_bytes":"/w=="}`, kb.Record{Kind: kb.File, Path: "\xFF"}},
		"inode that was float":  {`{"type":"file","path":"a","inode":1.8446744073709552e+19}`, kb.Record{Kind: kb.File, Path: "a"}},
		"largest inode":         {`{"type":"file","path":"a","inode":18446744073709551615}`, kb.Record{Kind: kb.File, Path: "a", Inode: ptr[uint64](math.MaxUint64)}},
		"short mode":            {`{"type":"file","path":"a","mode":"644"}`, kb.Record{Kind: kb.File, Path: "a", Mode: ptr(kb.Mode(0o644))}},
		"error without class":   {`{"type":"error","path":"a"}`, kb.Record{Kind: kb.Failed, Path: "a", Class: kb.Processing, Code: kb.Unreadable}},
		"error with a line":     {`{"type":"error","class":"validation","code":"bad_record","line":17,"message":"m"}`, kb.Record{Kind: kb.Failed, Class: kb.Validation, Code: kb.BadRecord, Line: 17, Message: "m"}},
		"scan on a record":      {`{"type":"file","path":"a","scan":5,"format":9,"records":1}`, kb.Record{Kind: kb.File, Path: "a"}},
		"carriage return":       {"{\"type\":\"file\",\"path\":\"a\"}\r\n", kb.Record{Kind: kb.File, Path: "a"}},
		"mark at the beginning": {"\xEF\xBB\xBF{\"type\":\"file\",\"path\":\"a\"}\n", kb.Record{Kind: kb.File, Path: "a"}},
	} {
		t.Run(name, func(t *testing.T) {
			line, err := stream.NewDecoder(strings.NewReader(test.line), 1<<20).Next()
			if err != nil {
				t.Fatal(err)
			}
			if !reflect.DeepEqual(*line.Record, test.want) {
				t.Errorf("got  %+v\nwant %+v", *line.Record, test.want)
			}
		})
	}
}

func TestRecordDoesNotShareTheLine(t *testing.T) {
	text := strings.Repeat(`{"type":"file","path":"aaaa","content":"bbbb"}`+"\n", 2) + strings.Repeat("x", 300<<10)
	dec := stream.NewDecoder(strings.NewReader(text), 1<<20)
	line, err := dec.Next()
	if err != nil {
		t.Fatal(err)
	}
	for err != io.EOF {
		_, err = dec.Next()
	}
	if line.Record.Path != "aaaa" || string(line.Record.Content) != "bbbb" {
		t.Errorf("became %q with %q", line.Record.Path, line.Record.Content)
	}
}
