package chunk_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/seed16713943/btools/pkg/chunk"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/stream"
)

const maxLine = 1 << 20

func scanOf(id string) string {
	return `{"id":"` + id + `","started_at":"2025-01-15T10:00:00Z", "team" : [1, "x"]}`
}

func scanLine(id string) string { return `{"type":"scan","format":1,"scan":` + scanOf(id) + `}` }

func endLine(id string) string {
	return `{"paths":1, "type":"end","scan":` + scanOf(id) + `,"note":"kept"}`
}

// group returns what a chunker makes of a stream.
func group(t *testing.T, input string, opt chunk.Options) string {
	t.Helper()
	var out bytes.Buffer
	c := chunk.New(&out, opt)
	if err := errors.Join(c.Read(strings.NewReader(input)), c.Close()); err != nil {
		t.Fatal(err)
	}
	return out.String()
}

func limits(records int, size int64) chunk.Options {
	return chunk.Options{Records: records, Bytes: size, MaxLine: maxLine}
}

// event is one thing that a stream says: a record under its scan, a line of
// another type, or a scan that has neither.
type event struct{ scan, text string }

// flatten reads a stream with encoding/json and forgets its chunks.
func flatten(t *testing.T, text string) []event {
	t.Helper()
	var events []event
	var bare string    // the scan of records without a chunk
	var current string // the scan of what was said last
	var silent bool    // nothing has been said under it
	leave := func() {
		if silent {
			events = append(events, event{current, "silent"})
		}
		silent = false
	}
	enter := func(scan string) {
		if scan != current {
			leave()
			current, silent = scan, scan != ""
		}
	}
	say := func(scan, text string) {
		enter(scan)
		silent = false
		events = append(events, event{scan, text})
	}
	number := 0
	for line := range strings.Lines(text) {
		number++
		if line = strings.TrimSpace(line); line == "" {
			continue
		}
		var head struct {
			Type    string
			Scan    json.RawMessage
			Records []json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &head); err != nil || head.Type == "" {
			say(bare, fmt.Sprintf("bad line %d", number))
			continue
		}
		scan := string(head.Scan)
		switch head.Type {
		case "file", "gone", "skip", "error":
			say(bare, normal(line))
		case "scan":
			bare = scan
			enter(scan)
		case "chunk":
			if scan != "" {
				enter(scan)
			}
			for _, rec := range head.Records {
				say(scan, normal(string(rec)))
			}
		case "end":
			silent = silent && scan != current
			leave()
			events = append(events, event{"", line})
			bare, current = "", ""
		default:
			leave()
			events = append(events, event{"", line})
		}
	}
	leave()
	return events
}

// normal is the text of a record, and of one that stands for a bad line only
// its number.
func normal(text string) string {
	var rec struct {
		Code string
		Line int
	}
	if json.Unmarshal([]byte(text), &rec) == nil && rec.Code == string(kb.BadRecord) {
		return fmt.Sprintf("bad line %d", rec.Line)
	}
	return text
}

// checkChunks holds every chunk to its limits and to what it says of itself,
// and demands that none was closed without need.
func checkChunks(t *testing.T, output string, opt chunk.Options) {
	t.Helper()
	seq := 0
	before := struct {
		scan   string
		count  int
		weight int64
	}{count: -1}
	for line := range strings.Lines(output) {
		var c struct {
			Type    string
			Scan    json.RawMessage
			Seq     int
			Count   int
			Bytes   int64
			Records []json.RawMessage
		}
		if err := json.Unmarshal([]byte(line), &c); err != nil {
			t.Fatalf("%v: %s", err, line)
		}
		if c.Type != "chunk" {
			before.count = -1
			continue
		}
		var weights []int64
		var total int64
		for _, raw := range c.Records {
			var rec struct {
				Type string
				Size int64
			}
			if err := json.Unmarshal(raw, &rec); err != nil || rec.Type != "file" {
				rec.Size = 0
			}
			weights = append(weights, max(rec.Size, int64(len(raw))))
			total += weights[len(weights)-1]
		}
		if seq++; c.Seq != seq || c.Count != len(c.Records) || c.Bytes != total {
			t.Fatalf("chunk %d with %d records of %d bytes says %s", seq, len(c.Records), total, line)
		}
		if c.Count > opt.Records || c.Bytes > opt.Bytes && c.Count > 1 {
			t.Fatalf("over the limits %d and %d: %s", opt.Records, opt.Bytes, line)
		}
		if before.count > 0 && c.Count > 0 && before.scan == string(c.Scan) && before.count < opt.Records && before.weight+weights[0] <= opt.Bytes {
			t.Fatalf("chunk %d would have fitted into the one before it: %s", seq, line)
		}
		before.scan, before.count, before.weight = string(c.Scan), c.Count, c.Bytes
	}
}

// TestChunksCanBeRead gives one chunker's records the room of many lines: what
// it writes must not be longer than what it reads itself.
func TestChunksCanBeRead(t *testing.T) {
	opt := chunk.Options{Records: 1000, Bytes: 64 << 20, MaxLine: 2000}
	var input strings.Builder
	input.WriteString(scanLine("S") + "\n")
	for i := range 200 {
		fmt.Fprintf(&input, `{"type":"file","path":"p%d","size":1000000,"content":"%s"}`+"\n", i, strings.Repeat("x", i*7))
	}
	opt.Bad = func(err *stream.LineError) { t.Error(err) }
	once := group(t, input.String(), opt)
	if got, want := flatten(t, once), flatten(t, input.String()); !slices.Equal(got, want) {
		t.Errorf("got  %q\nwant %q", got, want)
	}
	if twice := group(t, once, opt); twice != once {
		t.Errorf("chunked twice:\n%s\nonce:\n%s", twice, once)
	}
	if lines := strings.Count(once, "\n"); lines > 120 {
		t.Errorf("%d chunks", lines)
	}
}

// randomStream makes a stream of everything that one can hold.
func randomStream(random *rand.Rand) string {
	var b strings.Builder
	record := func() string {
		kind := []string{"file", "file", "file", "gone", "skip", "error"}[random.IntN(6)]
		size := []int64{0, 10, 300, 5000}[random.IntN(4)]
		return fmt.Sprintf(`{"path": "p%d","x":{"tags":["\u0041",null, 1.50]},"size":%d,"type":"%s","note":"%s"}`,
			random.IntN(1000), size, kind, strings.Repeat("é", random.IntN(60)))
	}
	scan := func() string { return string("ABC"[random.IntN(3)]) }
	for range random.IntN(60) {
		switch random.IntN(16) {
		case 0, 1:
			b.WriteString(scanLine(scan()))
		case 2:
			b.WriteString(endLine(scan()))
		case 3:
			b.WriteString(`{"type":"note","path":"n","records":[1]}`)
		case 4:
			b.WriteString([]string{"not json", `{"path":1}`, "\xff", `[]`, `{"type":5}`}[random.IntN(5)])
		case 5, 6:
			records := make([]string, random.IntN(5))
			for i := range records {
				records[i] = record()
			}
			line := `{"type":"chunk", "records" : [ ` + strings.Join(records, " , ") + ` ]`
			if random.IntN(3) > 0 {
				line += `,"scan":` + scanOf(scan())
			}
			b.WriteString(line + `,"seq":9,"later":1}`)
		default:
			b.WriteString(record())
		}
		b.WriteString([]string{"\n", "\r\n", "\n\n"}[random.IntN(3)])
	}
	return strings.TrimSuffix(b.String(), "\n")
}

func TestChunkingKeepsEveryRecord(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	for range 500 {
		input := randomStream(random)
		first := limits(1+random.IntN(8), int64(1+random.IntN(2000)))
		second := limits(1+random.IntN(8), int64(1+random.IntN(2000)))

		once := group(t, input, first)
		checkChunks(t, once, first)
		if got, want := flatten(t, once), flatten(t, input); !slices.Equal(got, want) {
			t.Fatalf("input:\n%s\noutput:\n%s\ngot  %q\nwant %q", input, once, got, want)
		}
		twice, direct := group(t, once, second), group(t, input, second)
		if twice != direct {
			t.Fatalf("input:\n%s\nfirst:\n%s\nchunked twice:\n%s\ndirectly:\n%s", input, once, twice, direct)
		}
	}
}

func TestGrouping(t *testing.T) {
	const a, b, c = `{"type":"file","path":"a","size":40}`, `{"type":"gone","path":"b"}`, `{"type":"skip","path":"c","size":99999}`
	big := `{"type":"file","path":"big","size":1000}`
	s := scanOf("S")
	for name, test := range map[string]struct {
		input []string
		opt   chunk.Options
		want  []string
	}{
		"nothing":        {nil, limits(2, 1000), nil},
		"without a scan": {[]string{a, b, c}, limits(2, 1000), []string{`{"type":"chunk","seq":1,"count":2,"bytes":66,"records":[` + a + `,` + b + `]}`, `{"type":"chunk","seq":2,"count":1,"bytes":39,"records":[` + c + `]}`}},
		"exactly full":   {[]string{a, b, a}, limits(9, 66), []string{`{"type":"chunk","seq":1,"count":2,"bytes":66,"records":[` + a + `,` + b + `]}`, `{"type":"chunk","seq":2,"count":1,"bytes":40,"records":[` + a + `]}`}},
		"one over":       {[]string{a, b}, limits(9, 65), []string{`{"type":"chunk","seq":1,"count":1,"bytes":40,"records":[` + a + `]}`, `{"type":"chunk","seq":2,"count":1,"bytes":26,"records":[` + b + `]}`}},
		"large in a chunk of its own": {[]string{b, big, b}, limits(9, 100), []string{
			`{"type":"chunk","seq":1,"count":1,"bytes":26,"records":[` + b + `]}`,
			`{"type":"chunk","seq":2,"count":1,"bytes":1000,"records":[` + big + `]}`,
			`{"type":"chunk","seq":3,"count":1,"bytes":26,"records":[` + b + `]}`}},
		"sizes that cannot be added": {[]string{b, `{"type":"file","path":"x","size":9223372036854775807}`, b}, limits(9, 100), []string{
			`{"type":"chunk","seq":1,"count":1,"bytes":26,"records":[` + b + `]}`,
			`{"type":"chunk","seq":2,"count":1,"bytes":9223372036854775807,"records":[{"type":"file","path":"x","size":9223372036854775807}]}`,
			`{"type":"chunk","seq":3,"count":1,"bytes":26,"records":[` + b + `]}`}},
		"the end closes": {[]string{scanLine("S"), b, endLine("S"), b}, limits(9, 1000), []string{
			`{"type":"chunk","scan":` + s + `,"seq":1,"count":1,"bytes":26,"records":[` + b + `]}`, endLine("S"),
			`{"type":"chunk","seq":2,"count":1,"bytes":26,"records":[` + b + `]}`}},
		"a scan of nothing":     {[]string{scanLine("S"), endLine("S")}, limits(9, 1000), []string{endLine("S")}},
		"a scan cut off":        {[]string{scanLine("S")}, limits(9, 1000), []string{`{"type":"chunk","scan":` + s + `,"seq":1,"count":0,"bytes":0,"records":[]}`}},
		"a chunk made by hand":  {[]string{`{"type":"chunk","records":[` + b + `]}`}, limits(9, 1000), []string{`{"type":"chunk","seq":1,"count":1,"bytes":26,"records":[` + b + `]}`}},
		"no records in a chunk": {[]string{`{"type":"chunk","records":[5,{"type":"new"}]}`}, limits(9, 1000), []string{`{"type":"chunk","seq":1,"count":2,"bytes":15,"records":[5,{"type":"new"}]}`}},
		"types that are not known": {[]string{a, `{"type":"note","x":1}`, b}, limits(9, 1000), []string{
			`{"type":"chunk","seq":1,"count":1,"bytes":40,"records":[` + a + `]}`, `{"type":"note","x":1}`,
			`{"type":"chunk","seq":2,"count":1,"bytes":26,"records":[` + b + `]}`}},
		"bad lines": {[]string{scanLine("S"), "x", `{"path":"p"}`, "\xff", b}, limits(9, 1000), []string{
			`{"type":"chunk","scan":` + s + `,"seq":1,"count":4,"bytes":453,"records":[` +
				`{"type":"error","class":"validation","code":"bad_record","message":"not JSON: expected a JSON object at byte 1, found 'x'","line":2},` +
				`{"type":"error","class":"validation","code":"bad_record","message":"expected a \"type\" such as \"file\"","line":3},` +
				`{"type":"error","class":"validation","code":"bad_record","message":"not UTF-8 (a name that is not UTF-8 goes into \"path_bytes\", such a content into \"content_base64\")","line":4},` +
				b + `]}`}},
	} {
		t.Run(name, func(t *testing.T) {
			want := strings.Join(test.want, "\n")
			if got := group(t, strings.Join(test.input, "\n"), test.opt); strings.TrimSuffix(got, "\n") != want {
				t.Errorf("got\n%s\nwant\n%s", got, want)
			}
		})
	}
}

// TestBadLinesAreDecoded makes sure that a reader of the chunk counts them.
func TestBadLinesAreDecoded(t *testing.T) {
	opt := limits(9, 1000)
	opt.MaxLine = 500
	var told []string
	opt.Bad = func(err *stream.LineError) { told = append(told, err.Error()) }
	out := group(t, "x\n"+strings.Repeat("y", 501)+"\n", opt)
	line, err := stream.NewDecoder(strings.NewReader(out), maxLine).Next()
	if err != nil || len(line.Chunk.Bad) > 0 || len(line.Chunk.Records) != 2 {
		t.Fatalf("%s is read as %+v, %v", out, line.Chunk, err)
	}
	for i, rec := range line.Chunk.Records {
		if rec.Class != kb.Validation || rec.Code != kb.BadRecord || rec.Line != int64(i+1) || told[i] != fmt.Sprintf("line %d: %s", rec.Line, rec.Message) {
			t.Errorf("record %+v, told %q", rec, told)
		}
	}
}

func TestInputsAreStreamsOfTheirOwn(t *testing.T) {
	var out bytes.Buffer
	c := chunk.New(&out, limits(9, 1000))
	const b = `{"type":"gone","path":"b"}`
	for _, input := range []string{scanLine("S") + "\n" + b, b, b + "\n" + scanLine("S") + "\n" + b} {
		if err := c.Read(strings.NewReader(input)); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
	want := []event{{scanOf("S"), b}, {"", b}, {"", b}, {scanOf("S"), b}}
	if got := flatten(t, out.String()); !slices.Equal(got, want) || strings.Count(out.String(), "\n") != 3 {
		t.Errorf("got %q\n%s", got, out.String())
	}
}

// recorder keeps what reached the reader each time that the writer flushed.
type recorder struct {
	bytes.Buffer
	flushed []string
}

func (r *recorder) Flush() error {
	r.flushed = append(r.flushed, r.String())
	r.Reset()
	return nil
}

func TestFullChunkIsWrittenAtOnce(t *testing.T) {
	in, feed := io.Pipe()
	var out recorder
	c := chunk.New(&out, limits(2, 1000))
	read := make(chan error)
	go func() { read <- c.Read(in) }()
	for range 3 {
		if _, err := io.WriteString(feed, `{"type":"gone","path":"b"}`+"\n"); err != nil {
			t.Fatal(err)
		}
	}
	// The third record has been taken, so the chunk of the first two is out.
	if err := feed.CloseWithError(errors.New("broken")); err != nil {
		t.Fatal(err)
	}
	if err := <-read; err == nil || err.Error() != "read stream: broken" {
		t.Errorf("read: %v", err)
	}
	if len(out.flushed) != 2 || strings.Count(out.flushed[0], "gone") != 2 || strings.Count(out.flushed[1], "gone") != 1 || out.Len() > 0 {
		t.Errorf("flushed %q", out.flushed)
	}
}

func TestForeignFormatEndsTheStream(t *testing.T) {
	var out bytes.Buffer
	c := chunk.New(&out, limits(9, 1000))
	err := c.Read(strings.NewReader(`{"type":"gone","path":"b"}` + "\n" + `{"type":"scan","format":2,"scan":{}}` + "\n" + `{"type":"gone","path":"c"}`))
	var format *stream.FormatError
	if !errors.As(err, &format) || err.Error() != "line 2: stream of format 2, but only format 1 is understood" {
		t.Errorf("error %v", err)
	}
	if got := flatten(t, out.String()); len(got) != 1 {
		t.Errorf("passed on: %q", got)
	}
}

func TestWriteErrorEndsReading(t *testing.T) {
	full := errors.New("disk full")
	c := chunk.New(iotest.TruncateWriter(failing{full}, 1<<20), limits(1, 1000))
	if err := c.Read(strings.NewReader("{\"type\":\"gone\",\"path\":\"b\"}\n{\"type\":\"gone\",\"path\":\"c\"}")); !errors.Is(err, full) || strings.Count(err.Error(), "full") != 1 {
		t.Errorf("error %v", err)
	}
}

type failing struct{ err error }

func (f failing) Write([]byte) (int, error) { return 0, f.err }

// TestMemoryIsThatOfOneChunk passes a stream through that is much larger than
// what is ever held of it.
func TestMemoryIsThatOfOneChunk(t *testing.T) {
	const lines, limit = 200_000, 1 << 20
	line := `{"type":"file","path":"docs/a.md","content":"` + strings.Repeat("x", 1000) + `"}` + "\n"
	read := 0
	input := readerFunc(func(p []byte) (int, error) {
		if read == lines {
			return 0, io.EOF
		}
		read++
		return copy(p, line), nil
	})
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	c := chunk.New(io.Discard, limits(100_000, limit))
	if err := errors.Join(c.Read(input), c.Close()); err != nil {
		t.Fatal(err)
	}
	runtime.ReadMemStats(&after)
	if used := after.TotalAlloc - before.TotalAlloc; used > 8*limit {
		t.Errorf("%d bytes allocated for %d bytes of records with chunks of %d", used, lines*len(line), limit)
	}
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }

func BenchmarkChunker(b *testing.B) {
	line := `{"type":"file","path":"docs/guides/operations/backup-and-restore.md","size":12345,"mtime":"2025-01-15T10:00:00.123456Z","ctime":"2025-01-15T10:00:01.123456Z","inode":1234567,"mode":"0644","sha256":"ca978112ca1bbdcafac231b39a23dc4da786eff8147c4f72b9807785afee48bb","read_at":"2025-01-15T11:00:00.123456Z"}` + "\n"
	b.SetBytes(int64(len(line)))
	b.ReportAllocs()
	read := 0
	c := chunk.New(io.Discard, limits(100, 64<<20))
	err := c.Read(readerFunc(func(p []byte) (int, error) {
		if read == b.N {
			return 0, io.EOF
		}
		read++
		return copy(p, line), nil
	}))
	if err := errors.Join(err, c.Close()); err != nil {
		b.Fatal(err)
	}
}
