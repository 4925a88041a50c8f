package chunk_test

import (
	"bytes"
	"errors"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/chunk"
	"github.com/seed16713943/btools/pkg/stream"
)

// FuzzChunker groups whatever comes: what it writes can be read, and chunked again
// it stays what it is.
func FuzzChunker(f *testing.F) {
	f.Add(scanLine("S")+"\n"+`{"type":"file","path":"a","size":7}`+"\n"+endLine("S"), 2, int64(100))
	f.Add("{}\n[\n\xff\n"+`{"type":"chunk","records":[{"type":"gone","path":"b"},{}]}`, 1, int64(1))
	f.Fuzz(func(t *testing.T, input string, records int, size int64) {
		opt := chunk.Options{Records: max(records, 1), Bytes: max(size, 1), MaxLine: 1 << 16}
		var once, twice bytes.Buffer
		c := chunk.New(&once, opt)
		err := errors.Join(c.Read(strings.NewReader(input)), c.Close())
		var format *stream.FormatError
		if err != nil && !errors.As(err, &format) {
			t.Fatal(err)
		}
		opt.Bad = func(bad *stream.LineError) { t.Errorf("%v in what was written:\n%s", bad, &once) }
		again := chunk.New(&twice, opt)
		if err := errors.Join(again.Read(bytes.NewReader(once.Bytes())), again.Close()); err != nil {
			t.Fatalf("%v in what was written:\n%s", err, &once)
		}
		if twice.String() != once.String() {
			t.Errorf("chunked\n%q\nto\n%s\nand again to\n%s", input, &once, &twice)
		}
	})
}
