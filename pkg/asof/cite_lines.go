package asof

import "io"

// lineEnds are what can end the lines of a text, as they are counted where it is
// extracted: a newline, or a carriage return if it has no newlines; in UTF-16
// these have two bytes.
var lineEnds = [...][2]string{{"\n", "\r"}, {"\n\x00", "\r\x00"}, {"\x00\n", "\x00\r"}}

// lineCount takes a text and knows how its lines end and how many there are.
type lineCount struct {
	size  int64
	head  [2]byte
	last  [2]byte
	zeros [2]int64                // at even and at odd places; text has some only in UTF-16
	ends  [len(lineEnds)][2]int64 // as in lineEnds
}

// Write takes more of the text.
func (l *lineCount) Write(p []byte) (int, error) {
	for _, c := range p {
		if l.size < 2 {
			l.head[l.size] = c
		}
		odd := l.size & 1
		l.last[0], l.last[1] = l.last[1], c
		l.size++
		if c == 0 {
			l.zeros[odd]++
		}
		if c == '\n' || c == '\r' {
			l.ends[0][kindOf(c)]++
		}
		if odd == 0 {
			continue
		}
		switch before := l.last[0]; {
		case c == 0 && (before == '\n' || before == '\r'):
			l.ends[1][kindOf(before)]++
		case before == 0 && (c == '\n' || c == '\r'):
			l.ends[2][kindOf(c)]++
		}
	}
	return len(p), nil
}

// kindOf tells a newline from a carriage return.
func kindOf(c byte) int {
	if c == '\n' {
		return 0
	}
	return 1
}

// lines returns what ends the lines, and how many there are.
func (l *lineCount) lines() (end string, count int64) {
	encoding := 0
	switch {
	case l.head == [2]byte{0xff, 0xfe}:
		encoding = 1
	case l.head == [2]byte{0xfe, 0xff}:
		encoding = 2
	case l.zeros[1] > l.zeros[0]:
		encoding = 1
	case l.zeros[0] > 0:
		encoding = 2
	}
	kind := 0
	if l.ends[encoding][kind] == 0 {
		kind = 1
	}
	end, count = lineEnds[encoding][kind], l.ends[encoding][kind]
	tail := string(l.last[2-len(end):])
	if l.size > 0 && (tail != end || l.size%int64(len(end)) != 0) {
		count++ // the last one has no end
	}
	return end, count
}

// lineWriter takes a text and passes on its lines from first to last, with their
// ends.
type lineWriter struct {
	w           io.Writer
	end         string
	first, last int

	ended  int   // lines that have ended
	size   int64 // of what was taken
	before byte
}

// Write takes more of the text.
func (l *lineWriter) Write(p []byte) (int, error) {
	from, to := len(p), len(p)
	for i, c := range p {
		if line := l.ended + 1; line >= l.first && line <= l.last {
			from, to = min(from, i), i+1
		}
		if l.isEnd(c) {
			l.ended++
		}
		l.before = c
		l.size++
	}
	if from < to {
		if _, err := l.w.Write(p[from:to]); err != nil {
			return 0, err
		}
	}
	return len(p), nil
}

// isEnd reports whether the next byte is the last one of a line.
func (l *lineWriter) isEnd(c byte) bool {
	if len(l.end) == 1 {
		return c == l.end[0]
	}
	return l.size&1 == 1 && l.before == l.end[0] && c == l.end[1]
}
