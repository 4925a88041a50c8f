package stream_test

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"runtime"
	"strings"
	"testing"
	"testing/iotest"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/stream"
)

// read goes through all lines and writes down what came, one entry a call.
func read(r io.Reader, limit int64) []string {
	var got []string
	lines := stream.NewLines(r, limit)
	for {
		raw, number, err := lines.Next()
		var bad *stream.LineError
		switch {
		case err == io.EOF:
			return got
		case errors.As(err, &bad):
			got = append(got, fmt.Sprintf("%d bad %v", number, bad.Err))
		case err != nil:
			return append(got, err.Error())
		default:
			got = append(got, fmt.Sprintf("%d %s", number, raw))
		}
	}
}

// split is the splitter that Lines is compared with: it has the whole text.
func split(text string, limit int) []string {
	var got []string
	number := 0
	for line := range strings.Lines(text) {
		number++
		line = strings.TrimSuffix(line, "\n")
		trimmed := line
		if number == 1 {
			trimmed = strings.TrimPrefix(line, "\uFEFF")
		}
		trimmed = strings.Trim(trimmed, " \t\r")
		switch {
		case len(line) > limit:
			got = append(got, fmt.Sprintf("%d bad %d bytes long, but at most %d are read (set by the largest file size)", number, len(line), limit))
		case trimmed == "":
		case !utf8.ValidString(trimmed):
			got = append(got, fmt.Sprintf(`%d bad not UTF-8 (a name that is not UTF-8 goes into "path_bytes", such a content into "content_base64")`, number))
		default:
			got = append(got, fmt.Sprintf("%d %s", number, trimmed))
		}
	}
	return got
}

func checkLines(t *testing.T, text string, limit int) {
	t.Helper()
	want := fmt.Sprintf("%.4000q", split(text, limit))
	for name, r := range map[string]io.Reader{
		"at once":      strings.NewReader(text),
		"in halves":    iotest.HalfReader(strings.NewReader(text)),
		"byte by byte": iotest.OneByteReader(strings.NewReader(text)),
		"with the end": iotest.DataErrReader(strings.NewReader(text)),
	} {
		if got := fmt.Sprintf("%.4000q", read(r, int64(limit))); got != want {
			t.Fatalf("read %s, limit %d: %.200q\ngot  %.400s\nwant %.400s", name, limit, text, got, want)
		}
	}
}

func FuzzLines(f *testing.F) {
	for _, seed := range []string{"", "\n", "a", "a\n", "a\r\nb", "\uFEFFa\n\uFEFFb", "\uFEFF", "12345\n1234\n123456", "\xff\na", "\x00\n\v\n\u00a0\n \t\n", "a\n\n\nb"} {
		f.Add(seed, 5)
	}
	f.Fuzz(func(t *testing.T, text string, limit int) {
		if limit >= 0 {
			checkLines(t, text, limit)
		}
	})
}

// TestLinesAroundTheBuffer has lines about as long as the buffer they are read
// through, and limits about as long as the lines.
func TestLinesAroundTheBuffer(t *testing.T) {
	random := rand.New(rand.NewPCG(1, 2))
	const buffer = 256 << 10
	for range 2 {
		var text strings.Builder
		size := 0
		for range 6 {
			size = random.IntN(3)*buffer + random.IntN(5) - 2
			text.WriteString(strings.Repeat("x", max(size, 0)) + "\r\n"[random.IntN(2):])
		}
		text.WriteString("last")
		for _, limit := range []int{size, size + 1, buffer, 1 << 30} {
			checkLines(t, text.String(), max(limit, 0))
		}
	}
}

func TestLinesReportsAReadError(t *testing.T) {
	fault := errors.New("device gone")
	got := read(io.MultiReader(strings.NewReader("a\nb"), iotest.ErrReader(fault)), 100)
	if want := []string{"1 a", "read stream: device gone"}; fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("got %q, want %q", got, want)
	}
}

// generated reads as head, size bytes of fill, and tail, and holds none of it.
func generated(head string, size int64, tail string) io.Reader {
	return io.MultiReader(strings.NewReader(head), io.LimitReader(&again{text: []byte(strings.Repeat("x", 4096))}, size), strings.NewReader(tail))
}

func TestLineOf100MB(t *testing.T) {
	const size = 100_000_000
	r := generated(`{"type":"file","path":"a","content":"`, size, `"}`+"\n"+`{"type":"gone","path":"b"}`)
	dec := stream.NewDecoder(r, stream.MaxLine(50<<20))
	line, err := dec.Next()
	if err != nil || len(line.Record.Content) != size || bytes.Count(line.Record.Content, []byte("x")) != size {
		t.Fatalf("content of %d bytes: %v", len(line.Record.Content), err)
	}
	if line, err = dec.Next(); err != nil || line.Record.Path != "b" {
		t.Fatalf("the line after it: %+v, %v", line, err)
	}
}

func TestLineOverTheLimitTakesNoMemory(t *testing.T) {
	const size, limit = 500_000_000, 1 << 20
	r := generated(`{"type":"file","path":"a","content":"`, size, `"}`+"\n"+`{"type":"gone","path":"b"}`)
	dec := stream.NewDecoder(r, limit)
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	_, err := dec.Next()
	runtime.ReadMemStats(&after)

	want := fmt.Sprintf("line 1: %d bytes long, but at most %d are read (set by the largest file size)", size+39, limit)
	if err == nil || err.Error() != want {
		t.Errorf("got %v, want %s", err, want)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 4*limit {
		t.Errorf("%d bytes allocated for a line over a limit of %d", used, limit)
	}
	if line, err := dec.Next(); err != nil || line.Record.Path != "b" || line.Number != 2 {
		t.Errorf("the line after it: %+v, %v", line, err)
	}
}

// TestLongLineTakesTwiceItsLength counts what reading it leaves behind, too.
func TestLongLineTakesTwiceItsLength(t *testing.T) {
	const size = 100_000_000
	lines := stream.NewLines(generated("", size, "\n"), stream.MaxLine(50<<20))
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	line, _, err := lines.Next()
	runtime.ReadMemStats(&after)
	if err != nil || len(line) != size {
		t.Fatalf("%d bytes, %v", len(line), err)
	}
	if used := after.TotalAlloc - before.TotalAlloc; used > 2*size+32<<20 {
		t.Errorf("%d bytes allocated for a line of %d", used, size)
	}
}

// TestLongLineIsGivenBack reads a long line and then a short one: the memory of
// the first must not be held to the end of the stream.
func TestLongLineIsGivenBack(t *testing.T) {
	lines := stream.NewLines(generated("", 64<<20, "\na\n"), 1<<30)
	for range 2 {
		if _, _, err := lines.Next(); err != nil {
			t.Fatal(err)
		}
	}
	runtime.GC()
	var now runtime.MemStats
	runtime.ReadMemStats(&now)
	if now.HeapAlloc > 16<<20 {
		t.Errorf("%d bytes held after a long line and a short one", now.HeapAlloc)
	}
	runtime.KeepAlive(lines)
}

func TestMaxLine(t *testing.T) {
	for _, test := range []struct{ file, want int64 }{
		{50 << 20, 400 << 20},
		{1, 4 << 20},       // a chunk of many records is longer than eight small files
		{0, math.MaxInt64}, // no limit
		{1 << 62, math.MaxInt64},
	} {
		if got := stream.MaxLine(test.file); got != test.want {
			t.Errorf("MaxLine(%d) = %d, want %d", test.file, got, test.want)
		}
	}
}
