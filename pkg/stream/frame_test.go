package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/stream"
)

const (
	scanObject = `{"id":"s1","dir":"/home","roots":["docs"],"started_at":"2025-01-15T10:00:00Z","note":"kept"}`
	scanLine   = `{"type":"scan","format":1,"scan":` + scanObject + `}`
	endLine    = `{"type":"end","scan":` + scanObject + `,"paths":2,"bytes":5,"skipped":1,"errors":0,"unread":["docs/x",{"bytes":"/w=="}]}`
	chunkLine  = `{"type":"chunk","scan":` + scanObject + `,"seq":7,"count":2,"bytes":4,"records":[{"type":"file","path":"a","size":4}, {"type":"gone","path":"b"}]}`
)

var streamSeeds = []string{
	scanLine + "\n" + `{"type":"file","path":"a","content":"x","mode":"0755","inode":7}` + "\n" + endLine, chunkLine,
	`{"type":"file","path":"a","size":-1}`, `{"type":"error","line":3}`, `{"type":"chunk","records":[1,{}]}`, `{"type":null}`, `{"type":"chunk","format":null}`, "\n\n \r\n{", "\xEF\xBB\xBF{}", "\xff\n{}",
}

// TestMessages holds what a user reads who has made a stream by hand: which
// line, which field, and what was expected there.
func TestMessages(t *testing.T) {
	for _, test := range []struct{ line, want string }{
		{`x`, `line 2: not JSON: expected a JSON object at byte 1, found 'x'`},
		{`[1]`, `line 2: expected a JSON object, found a list`},
		{`"type": "file",`, `line 2: expected a JSON object, found a string`},
		{`12`, `line 2: expected a JSON object, found 12`},
		{`null`, `line 2: expected a JSON object, found null`},
		{`{`, `line 2: the line ends where a field name in double quotes is expected (is each object on one line, as jq -c writes it?)`},
		{`{"type":"file"`, `line 2: the line ends where a comma or } is expected (is each object on one line, as jq -c writes it?)`},
		{`{"type":"file","path":"a`, `line 2: the line ends where the closing quote of a string is expected (is each object on one line, as jq -c writes it?)`},
		{`{'type':'file'}`, `line 2: not JSON: expected a field name in double quotes at byte 2, found '\''`},
		{`{"type":"file",}`, `line 2: not JSON: expected a field name in double quotes at byte 16, found '}'`},
		{`{"type" "file"}`, `line 2: not JSON: expected a colon at byte 9, found '"'`},
		{`{"type":file}`, `line 2: not JSON: expected a value at byte 9, found 'f'`},
		{`{"type":"file" "path":"a"}`, `line 2: not JSON: expected a comma or } at byte 16, found '"'`},
		{`{"type":"file"}{"type":"file"}`, `line 2: expected one object a line, found more after it at byte 16`},
		{"{\"type\":\"file\",\"path\":\"a\tb\"}", `line 2: not JSON: expected an escape such as \n for a control character at byte 25, found '\t'`},
		{"{\"type\":\"file\",\"path\":\"a\x00b\"}", `line 2: not JSON: expected an escape such as \n for a control character at byte 25, found '\x00'`},
		{`{"path":"C:\docs"}`, `line 2: not JSON: expected one of "\/bfnrtu after a backslash at byte 13, found 'd'`},
		{`{"path":"\u12"}`, `line 2: not JSON: expected four hexadecimal digits after \u at byte 14, found '"'`},
		{`{"size":01}`, `line 2: not JSON: expected a comma or } at byte 10, found '1'`},
		{`{"size":-}`, `line 2: not JSON: expected a digit at byte 10, found '}'`},
		{"{\"path\":\"\xff\"}", `line 2: not UTF-8 (a name that is not UTF-8 goes into "path_bytes", such a content into "content_base64")`},

		{`{}`, `line 2: expected a "type" such as "file"`},
		{`{"type":null}`, `line 2: expected a "type" such as "file"`},
		{`{"type":5}`, `line 2: "type": expected a string, found 5`},
		{`{"type":"File","path":"a"}`, `line 2: type "File" is not known; expected "file", "gone", "skip", "error", "scan", "chunk" or "end"`},
		{`{"type":"file"}`, `line 2: a record of type "file" needs a "path"`},
		{`{"type":"gone","path":""}`, `line 2: a record of type "gone" needs a "path"`},
		{`{"type":"error","message":"m"}`, `line 2: a record of type "error" needs a "path"`},
		{`{"type":"file","path":["a"]}`, `line 2: "path": expected a string, found a list`},
		{`{"type":"file","path":"a\u0000b"}`, `line 2: "path": has a NUL byte, which no file name can have`},
		{`{"type":"file","path":"\udcff"}`, `line 2: "path": has half a surrogate pair, which no text holds (a name that is not UTF-8 goes into "path_bytes", such a content into "content_base64")`},
		{`{"type":"file","path_bytes":"!"}`, `line 2: "path_bytes": expected base64 with padding, as base64 -w0 writes it: illegal base64 data at input byte 0`},
		{`{"type":"file","path":"a","size":"12"}`, `line 2: "size": expected a whole number, found a string`},
		{`{"type":"file","path":"a","size":1.5}`, `line 2: "size": expected a whole number, found 1.5`},
		{`{"type":"file","path":"a","size":-1}`, `line 2: "size": expected a number that is not negative, found -1`},
		{`{"type":"file","path":"a","mtime":1736935200}`, `line 2: "mtime": expected a time such as "2025-01-15T10:00:00Z", found 1736935200`},
		{`{"type":"file","path":"a","mtime":"yesterday"}`, `line 2: "mtime": "yesterday" is not an RFC 3339 time such as 2025-01-15T10:00:00Z`},
		{`{"type":"file","path":"a","valid_from":"0000-01-01T00:00:00Z"}`, `line 2: "valid_from": "0000-01-01T00:00:00Z" is outside the years 1 to 9999`},
		{`{"type":"file","path":"a","inode":"7"}`, `line 2: "inode": expected a whole number, found a string`},
		{`{"type":"file","path":"a","mode":420}`, `line 2: "mode": expected a mode such as "0644", found 420`},
		{`{"type":"file","path":"a","mode":"rw-r--r--"}`, `line 2: "mode": "rw-r--r--" is not a file mode such as 0644`},
		{`{"type":"file","path":"a","sha256":"abc"}`, `line 2: "sha256": "abc" is not a SHA-256 of 64 hexadecimal digits`},
		{`{"type":"file","path":"a","sha256":true}`, `line 2: "sha256": expected 64 hexadecimal digits, found true`},
		{`{"type":"file","path":"a","content":{}}`, `line 2: "content": expected a string, found an object`},
		{`{"type":"file","path":"a","content":"","content_base64":""}`, `line 2: "content": excludes "content_base64"`},
		{`{"type":"file","path":"a","content_base64":"YQ"}`, `line 2: "content_base64": expected base64 with padding, as base64 -w0 writes it: illegal base64 data at input byte 0`},

		{`{"type":"scan"}`, `line 2: a line of type "scan" needs a "scan"`},
		{`{"type":"end","scan":null}`, `line 2: a line of type "end" needs a "scan"`},
		{`{"type":"scan","format":"1","scan":{}}`, `line 2: "format": expected a whole number, found a string`},
		{`{"type":"scan","format":2,"scan":5,"paths":"x"}`, `line 2: stream of format 2, but only format 1 is understood`},
		{`{"type":"scan","scan":"s1"}`, `line 2: "scan": expected an object, found a string`},
		{`{"type":"scan","scan":{}}`, `line 2: "scan": a scan needs "id" and "started_at"`},
		{`{"type":"scan","scan":{"id":5}}`, `line 2: "scan": field "id" cannot be a JSON number`},
		{`{"type":"scan","scan":{"id":"a","started_at":"now"}}`, `line 2: "scan": "now" is not an RFC 3339 time such as 2025-01-15T10:00:00Z`},
		{`{"type":"scan","scan":{"id":"a","started_at":"2025-01-15T10:00:00Z","roots":[5]}}`, `line 2: "scan": expected a file name, a string or {"bytes":"<base64>"}, found 5`},
		{`{"type":"scan","scan":{"id":"a","started_at":"2025-01-15T10:00:00Z","dir":{"bytes":"!"}}}`, `line 2: "scan": expected a file name, a string or {"bytes":"<base64>"}, found {"bytes":"!"}`},
		{`{"type":"scan","scan":{"id":"a","started_at":"2025-01-15T10:00:00Z","covers":{"trees":["d"],"shard":{"index":3,"count":2}}}}`, `line 2: "scan": "shard" needs 1 ≤ index ≤ count`},
		{`{"type":"end","scan":` + scanObject + `,"paths":-1}`, `line 2: "paths": expected a number that is not negative, found -1`},
		{`{"type":"end","scan":` + scanObject + `,"unread":[5]}`, `line 2: "unread": expected a file name, a string or {"bytes":"<base64>"}, found 5`},
		{`{"type":"end","scan":` + scanObject + `,"unread":"x"}`, `line 2: "unread": expected a list of file names, found a string`},
		{`{"type":"chunk","records":{}}`, `line 2: "records": expected a list, found an object`},
		{`{"type":"chunk","seq":"1","records":[]}`, `line 2: "seq": expected a whole number, found a string`},
	} {
		dec := stream.NewDecoder(strings.NewReader("\n"+test.line+"\n"+scanLine), 1<<20)
		line, err := dec.Next()
		if err == nil || err.Error() != test.want {
			t.Errorf("%s\ngot  %v\nwant %s", test.line, err, test.want)
			continue
		}
		var format *stream.FormatError
		if line.Number != 2 || line.Record != nil || line.Chunk != nil || line.End != nil || line.Scan != nil {
			t.Errorf("%s: line %+v beside an error", test.line, line)
		}
		if next, err := dec.Next(); !errors.As(err, &format) && (err != nil || next.Scan == nil || next.Number != 3) {
			t.Errorf("%s: the line after it is lost: %v", test.line, err)
		}
	}
}

func TestChunkWithBadRecords(t *testing.T) {
	line, err := stream.NewDecoder(strings.NewReader(
		`{"type":"chunk","seq":1,"records":[{"type":"file","path":"a"},5,{"type":"file"},{"type":"gone","path":"b"}]}`), 1<<20).Next()
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, rec := range line.Chunk.Records {
		got = append(got, rec.Path)
	}
	for _, bad := range line.Chunk.Bad {
		got = append(got, bad.Error())
	}
	want := []string{"a", "b",
		"line 1: record 2 of the chunk: expected a JSON object, found 5",
		`line 1: record 3 of the chunk: a record of type "file" needs a "path"`}
	if !slices.Equal(got, want) || line.Scan != nil {
		t.Errorf("got %q with scan %v, want %q", got, line.Scan, want)
	}
}

func TestFramesRoundTrip(t *testing.T) {
	at, err := kb.ParseInstant("2025-01-15T10:00:00.000001Z")
	if err != nil {
		t.Fatal(err)
	}
	scan := kb.Scan{
		ID: "s1", Dir: "/home/\xff", Roots: []string{"docs", "b\xfe & c"}, Prefix: "p", StartedAt: at,
		Covers: kb.Coverage{
			Trees: []string{"docs"}, Extensions: []string{".md"}, Include: []string{"*\xff"}, Exclude: []string{"<x>"},
			Hidden: true, Shard: kb.Shard{Index: 2, Count: 3},
		},
	}
	end := kb.End{Scan: scan, Paths: 1, Bytes: 2, Skipped: 3, Errors: 4, Unread: []string{"docs/\xff", "docs/x"}}
	var out bytes.Buffer
	enc := stream.NewEncoder(&out)
	if err := errors.Join(enc.Scan(&scan), enc.End(&end)); err != nil {
		t.Fatal(err)
	}
	text := out.String()
	dec := stream.NewDecoder(&out, 1<<20)
	first, err := dec.Next()
	if err != nil || !reflect.DeepEqual(*first.Scan, scan) {
		t.Errorf("scan %+v, %v, want %+v", first.Scan, err, scan)
	}
	second, err := dec.Next()
	if err != nil || !reflect.DeepEqual(*second.End, end) || !reflect.DeepEqual(*second.Scan, scan) {
		t.Errorf("end %+v, %v, want %+v", second.End, err, end)
	}
	if _, err := dec.Next(); err != io.EOF {
		t.Errorf("then %v", err)
	}
	if strings.Count(text, "\n") != 2 {
		t.Errorf("not two lines: %s", text)
	}
}

func TestPeek(t *testing.T) {
	for _, test := range []struct {
		line    string
		want    stream.Head
		records []string
	}{
		{scanLine, stream.Head{Type: "scan", Scan: []byte(scanObject)}, nil},
		{endLine, stream.Head{Type: "end", Scan: []byte(scanObject)}, nil},
		{chunkLine, stream.Head{Type: "chunk", Scan: []byte(scanObject)}, []string{`{"type":"file","path":"a","size":4}`, `{"type":"gone","path":"b"}`}},
		{`{"type":"chunk","scan":null,"records":null,"format":null}`, stream.Head{Type: "chunk"}, nil},
		{`{"type":"file","path":"a","size":12,"scan":5,"records":5,"format":9}`, stream.Head{Type: "file", Size: 12}, nil},
		{`{"size":"12","type":"file"}`, stream.Head{Type: "file"}, nil},
		{`{"type":"note"}`, stream.Head{Type: "note"}, nil},
	} {
		head, err := stream.Peek([]byte(test.line), 1)
		if err != nil {
			t.Errorf("%s: %v", test.line, err)
			continue
		}
		var records []string
		for raw := range head.Records() {
			records = append(records, string(raw))
		}
		if head.Type != test.want.Type || head.Size != test.want.Size || !bytes.Equal(head.Scan, test.want.Scan) || !slices.Equal(records, test.records) {
			t.Errorf("%s: got %+v with %q, want %+v with %q", test.line, head, records, test.want, test.records)
		}
	}
}

// FuzzPeek holds Peek to the decoder: what one cannot read as a line, the other
// cannot either, unless it lies inside a record or an end.
func FuzzPeek(f *testing.F) {
	for _, seed := range streamSeeds {
		for line := range strings.Lines(seed) {
			f.Add([]byte(line))
		}
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		raw, number, err := stream.NewLines(bytes.NewReader(text), math.MaxInt64).Next()
		if err != nil {
			return
		}
		line, decodeErr := stream.NewDecoder(bytes.NewReader(text), math.MaxInt64).Next()
		head, err := stream.Peek(raw, number)
		if err != nil && (decodeErr == nil || err.Error() != decodeErr.Error()) {
			t.Fatalf("%q: peek says %v, decode %v", raw, err, decodeErr)
		}
		if err != nil || decodeErr != nil {
			return
		}
		count := 0
		for range head.Records() {
			count++
		}
		if line.Chunk != nil && count != len(line.Chunk.Records)+len(line.Chunk.Bad) {
			t.Fatalf("%q: %d records, decoded %d and %d bad", raw, count, len(line.Chunk.Records), len(line.Chunk.Bad))
		}
	})
}

// TestLongChunk reads a chunk of more records than are given at once: they come in
// parts, in their order and each with its place, and then the line after.
func TestLongChunk(t *testing.T) {
	const count = 2*stream.MaxRecords + 3
	var text strings.Builder
	text.WriteString(`{"type":"chunk","scan":` + scanObject + `,"records":[`)
	for i := range count {
		if i > 0 {
			text.WriteByte(',')
		}
		if i%3 == 0 {
			text.WriteString("1")
		} else {
			fmt.Fprintf(&text, `{"type":"gone","path":"%d"}`, i)
		}
	}
	text.WriteString(`],"seq":7}` + "\n" + endLine)
	dec := stream.NewDecoder(strings.NewReader(text.String()), 1<<20)
	var sizes []int
	done := 0
	for done < count {
		line, err := dec.Next()
		if err != nil || line.Number != 1 || line.Scan == nil || line.Scan.ID != "s1" || line.Chunk == nil || line.Chunk.Seq != 7 {
			t.Fatalf("after %d records: line %+v, %v", done, line, err)
		}
		records, bad := line.Chunk.Records, line.Chunk.Bad
		size := len(records) + len(bad)
		for i := done; i < done+size; i++ {
			if i%3 == 0 {
				if want := fmt.Sprintf("line 1: record %d of the chunk: expected a JSON object, found 1", i+1); bad[0].Error() != want {
					t.Fatalf("%q, want %q", bad[0], want)
				}
				bad = bad[1:]
			} else {
				if records[0].Path != strconv.Itoa(i) {
					t.Fatalf("record %q, want %d", records[0].Path, i)
				}
				records = records[1:]
			}
		}
		sizes = append(sizes, size)
		done += size
	}
	if want := []int{stream.MaxRecords, stream.MaxRecords, 3}; !slices.Equal(sizes, want) {
		t.Errorf("parts of %d records, want %d", sizes, want)
	}
	if line, err := dec.Next(); err != nil || line.End == nil || line.Number != 2 {
		t.Errorf("then line %+v, %v", line, err)
	}
}
