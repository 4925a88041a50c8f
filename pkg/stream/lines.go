package stream

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"unicode/utf8"
)

const (
	readBuffer = 256 << 10
	// blockSize is how much of a long line is gathered in one piece. The pieces
	// are joined at its end, which takes twice its length at most; a buffer that
	// grows would leave several times as much behind.
	blockSize = 4 << 20
)

// Lines splits a stream into lines of bounded length.
type Lines struct {
	r      *bufio.Reader
	max    int64
	number int64
	blocks [][]byte // the full blocks of a line that does not fit into one
	block  []byte   // what follows them, of a line that does not fit into the buffer of r
}

// NewLines returns a reader of the lines of r. A line longer than max bytes is
// skipped in constant memory and reported as a LineError.
func NewLines(r io.Reader, max int64) *Lines {
	return &Lines{r: bufio.NewReaderSize(r, readBuffer), max: max}
}

// Next returns the next line that is not blank, without its newline and the
// white space around it, and its number. The bytes are valid until the following
// call. The error is io.EOF at the end, a *LineError for a line that is too long
// or not UTF-8, and else what reading gave. A byte order mark at the start of the
// stream is passed over.
func (l *Lines) Next() ([]byte, int64, error) {
	for {
		line, err := l.read()
		if err != nil {
			return nil, l.number, err
		}
		if l.number == 1 {
			line = bytes.TrimPrefix(line, []byte("\xEF\xBB\xBF"))
		}
		if line = bytes.Trim(line, " \t\r\n"); len(line) == 0 {
			continue
		}
		if !utf8.Valid(line) {
			return nil, l.number, &LineError{l.number, errors.New(`not UTF-8 (a name that is not UTF-8 goes into "path_bytes", such a content into "content_base64")`)}
		}
		return line, l.number, nil
	}
}

func (l *Lines) read() ([]byte, error) {
	l.block = l.block[:0]
	var size int64 // without the newline
	for begun := false; ; begun = true {
		part, err := l.r.ReadSlice('\n')
		if !begun && (err != io.EOF || len(part) > 0) {
			l.number++
		}
		switch err {
		case nil:
			size--
		case bufio.ErrBufferFull:
		case io.EOF:
			if !begun && len(part) == 0 {
				return nil, io.EOF
			}
		default:
			return nil, fmt.Errorf("read stream: %w", err)
		}
		size += int64(len(part))
		whole := err != bufio.ErrBufferFull
		switch {
		case size > l.max:
			l.blocks, l.block = nil, nil // given back while the rest of the line goes by
			if whole {
				return nil, &LineError{l.number, fmt.Errorf("%d bytes long, but at most %d are read (set by the largest file size)", size, l.max)}
			}
		case whole && !begun:
			return part, nil
		default:
			l.gather(part)
			if whole {
				return l.join(), nil
			}
		}
	}
}

func (l *Lines) gather(part []byte) {
	if len(l.block)+len(part) > blockSize {
		l.blocks = append(l.blocks, l.block)
		l.block = make([]byte, 0, blockSize)
	}
	l.block = append(l.block, part...)
}

// join returns the line that has been gathered.
func (l *Lines) join() []byte {
	if len(l.blocks) == 0 {
		return l.block
	}
	line := bytes.Join(append(l.blocks, l.block), nil)
	l.blocks = nil
	return line
}
