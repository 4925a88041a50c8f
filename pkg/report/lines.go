package report

import (
	"bufio"
	"errors"
	"fmt"
	"io"
)

var errTooMuch = fmt.Errorf("a value is longer than the %d MiB that are read", maxValue>>20)

// lineReader reads the lines of a stream, each as if it were all there is: its
// Read gives io.EOF at the end of a line, and next goes on to the one after it.
type lineReader struct {
	in        *bufio.Reader
	number    int64                      // of the line, from 1
	ended     bool                       // the line has
	last      bool                       // there is none after it
	rest      []byte                     // of what was read of it
	delivered int64                      // bytes of the line
	held      func(delivered int64) bool // reports whether what is held of them is not too much
	err       error                      // of the stream
}

func newLineReader(r io.Reader) lineReader {
	return lineReader{in: bufio.NewReaderSize(r, 64<<10), ended: true}
}

// next goes on to the next line, and reports whether there is one.
func (l *lineReader) next() bool {
	if l.err != nil || l.last {
		return false
	}
	if _, err := l.in.Peek(1); err != nil {
		if err != io.EOF {
			l.err = err
		}
		return false
	}
	if l.number++; l.number == 1 {
		if mark, _ := l.in.Peek(3); string(mark) == "\xEF\xBB\xBF" { // that programs for Windows begin with
			l.in.Discard(3) // cannot fail: it was seen
		}
	}
	l.ended, l.rest, l.delivered, l.held = false, nil, 0, nil
	return true
}

func (l *lineReader) Read(p []byte) (int, error) {
	if len(l.rest) == 0 {
		if err := l.fill(); err != nil {
			return 0, err
		}
	}
	n := copy(p, l.rest)
	l.rest = l.rest[n:]
	l.delivered += int64(n)
	if l.held != nil && !l.held(l.delivered) {
		return 0, errTooMuch
	}
	return n, nil
}

// fill gets more of the line.
func (l *lineReader) fill() error {
	if l.ended {
		return io.EOF
	}
	part, err := l.in.ReadSlice('\n')
	switch {
	case err == nil:
		l.ended = true
	case err == io.EOF:
		l.ended, l.last = true, true
	case !errors.Is(err, bufio.ErrBufferFull):
		l.err = err
		return err
	}
	l.rest = part
	if len(part) == 0 {
		return io.EOF
	}
	return nil
}

// skip passes over what is left of the line.
func (l *lineReader) skip() {
	for l.fill() == nil {
	}
}
