package stream

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"iter"
	"math/bits"
	"strconv"
	"unicode/utf16"
	"unicode/utf8"
)

// The lines of a stream are read with the few functions below and not with
// encoding/json, which matches "Size" to "size", turns half a surrogate pair
// into U+FFFD without a word, cannot say which field holds a bad time, and
// takes several times as long. A fuzz test holds them to encoding/json in
// everything else.

// maxDepth is how deeply values may be nested, as in encoding/json.
const maxDepth = 10_000

// cursor goes through a JSON text and checks its syntax on the way.
type cursor struct {
	data []byte
	pos  int
}

// peek skips white space and returns the byte after it, 0 at the end.
func (c *cursor) peek() byte {
	for ; c.pos < len(c.data); c.pos++ {
		switch b := c.data[c.pos]; b {
		case ' ', '\t', '\r', '\n':
		default:
			return b
		}
	}
	return 0
}

func (c *cursor) fail(expected string) error {
	if c.pos >= len(c.data) {
		return fmt.Errorf("the line ends where %s is expected (is each object on one line, as jq -c writes it?)", expected)
	}
	r, _ := utf8.DecodeRune(c.data[c.pos:])
	return fmt.Errorf("not JSON: expected %s at byte %d, found %q", expected, c.pos+1, r)
}

// value skips one value.
func (c *cursor) value(depth int) error {
	switch b := c.peek(); {
	case b == '"':
		return c.text()
	case b == '{' || b == '[':
		if depth == maxDepth {
			return fmt.Errorf("values are nested more than %d deep", maxDepth)
		}
		return c.members(b, depth+1)
	case b == '-' || '0' <= b && b <= '9':
		return c.number()
	case b == 't':
		return c.literal("true")
	case b == 'f':
		return c.literal("false")
	case b == 'n':
		return c.literal("null")
	default:
		return c.fail("a value")
	}
}

// members skips an object or a list, whichever open begins.
func (c *cursor) members(open byte, depth int) error {
	for more := c.first(open); more; {
		if open == '{' {
			if _, err := c.key(); err != nil {
				return err
			}
		}
		if err := c.value(depth); err != nil {
			return err
		}
		var err error
		if more, err = c.more(open); err != nil {
			return err
		}
	}
	return nil
}

// first enters an object or a list and reports whether it has a member; if not,
// it has gone past its end.
func (c *cursor) first(open byte) bool {
	c.pos++
	if c.peek() == open+2 { // in ASCII } comes two after {, and ] after [
		c.pos++
		return false
	}
	return true
}

// more goes past what follows a member and reports whether another one comes.
func (c *cursor) more(open byte) (bool, error) {
	switch c.peek() {
	case ',':
		c.pos++
		return true, nil
	case open + 2:
		c.pos++
		return false, nil
	}
	return false, c.fail("a comma or " + string(open+2))
}

// key skips the name of a field and its colon, and returns the name as it is
// between its quotes.
func (c *cursor) key() ([]byte, error) {
	if c.peek() != '"' {
		return nil, c.fail("a field name in double quotes")
	}
	start := c.pos + 1
	if err := c.text(); err != nil {
		return nil, err
	}
	name := c.data[start : c.pos-1]
	if c.peek() != ':' {
		return nil, c.fail("a colon")
	}
	c.pos++
	return name, nil
}

// text skips a string.
func (c *cursor) text() error {
	for c.pos++; ; c.pos++ {
		c.pos += literals(c.data[c.pos:])
		if c.pos >= len(c.data) {
			return c.fail("the closing quote of a string")
		}
		switch c.data[c.pos] {
		case '"':
			c.pos++
			return nil
		case '\\':
			if err := c.escape(); err != nil {
				return err
			}
		default:
			return c.fail(`an escape such as \n for a control character`)
		}
	}
}

// literals returns how many bytes the rest of a string begins with that stand for
// themselves: no quote, no backslash, no control character. Contents are long, so
// that it looks at eight at a time.
func literals(text []byte) int {
	const ones, highs = 0x0101010101010101, 0x8080808080808080
	n := literal(text, 0, min(len(text), 16)) // most strings are short
	if n < 16 {
		return n
	}
	for ; n+8 <= len(text); n += 8 {
		eight := binary.LittleEndian.Uint64(text[n:])
		quotes, backslashes := eight^ones*'"', eight^ones*'\\'
		// Taking away as much as the smallest allowed byte borrows into the highest bit
		// of one that is smaller, and perhaps of those after it.
		found := ((quotes-ones)&^quotes | (backslashes-ones)&^backslashes | (eight-ones*' ')&^eight) & highs
		if found != 0 {
			return n + bits.TrailingZeros64(found)/8
		}
	}
	return literal(text, n, len(text))
}

// literal goes on from n, byte by byte, and not beyond end.
func literal(text []byte, n, end int) int {
	for n < end && text[n] >= ' ' && text[n] != '"' && text[n] != '\\' {
		n++
	}
	return n
}

// escape goes to the last byte of an escape sequence.
func (c *cursor) escape() error {
	c.pos++
	if c.pos < len(c.data) && c.data[c.pos] == 'u' {
		for range 4 {
			c.pos++
			if c.pos >= len(c.data) || !isHex(c.data[c.pos]) {
				return c.fail(`four hexadecimal digits after \u`)
			}
		}
		return nil
	}
	if c.pos >= len(c.data) || bytes.IndexByte([]byte(`"\/bfnrt`), c.data[c.pos]) < 0 {
		return c.fail(`one of "\/bfnrtu after a backslash`)
	}
	return nil
}

func (c *cursor) number() error {
	if c.data[c.pos] == '-' {
		c.pos++
	}
	if c.pos < len(c.data) && c.data[c.pos] == '0' {
		c.pos++ // no digit may follow a leading zero
	} else if !c.digits() {
		return c.fail("a digit")
	}
	if c.pos < len(c.data) && c.data[c.pos] == '.' {
		c.pos++
		if !c.digits() {
			return c.fail("a digit")
		}
	}
	if c.pos < len(c.data) && c.data[c.pos]|0x20 == 'e' {
		c.pos++
		if c.pos < len(c.data) && (c.data[c.pos] == '+' || c.data[c.pos] == '-') {
			c.pos++
		}
		if !c.digits() {
			return c.fail("a digit")
		}
	}
	return nil
}

func (c *cursor) digits() bool {
	start := c.pos
	for c.pos < len(c.data) && isDigit(c.data[c.pos]) {
		c.pos++
	}
	return c.pos > start
}

func (c *cursor) literal(word string) error {
	if !bytes.HasPrefix(c.data[c.pos:], []byte(word)) {
		return c.fail("a value")
	}
	c.pos += len(word)
	return nil
}

func isDigit(b byte) bool { return '0' <= b && b <= '9' }

func isHex(b byte) bool { return isDigit(b) || 'a' <= b|0x20 && b|0x20 <= 'f' }

// fields goes through the fields of an object.
type fields struct {
	cursor
	name  []byte // of the current field
	value []byte // its JSON text; nil for null, which counts as not there
	err   error
	begun bool
}

func fieldsOf(object []byte) fields { return fields{cursor: cursor{data: object}} }

// next goes to the next field. It returns false at the end of the object and at
// a fault in it, which is then in err.
func (f *fields) next() bool {
	more, err := f.another()
	if more && err == nil {
		err = f.field()
	}
	f.err = err
	return more && err == nil
}

// end returns the fault that there was, or that more follows the object.
func (f *fields) end() error {
	if f.err == nil && (f.peek() != 0 || f.pos < len(f.data)) {
		f.err = fmt.Errorf("expected one object a line, found more after it at byte %d", f.pos+1)
	}
	return f.err
}

func (f *fields) another() (bool, error) {
	if f.begun {
		return f.more('{')
	}
	f.begun = true
	if err := f.expectObject(); err != nil {
		return false, err
	}
	return f.first('{'), nil
}

func (f *fields) field() error {
	name, err := f.key()
	if err != nil {
		return err
	}
	if f.name = name; bytes.IndexByte(name, '\\') >= 0 {
		// A name that holds no text is none that is known: it may stay escaped.
		if plain, err := appendUnquoted(nil, name); err == nil {
			f.name = plain
		}
	}
	f.peek()
	start := f.pos
	err = f.cursor.value(1)
	if f.value = f.data[start:f.pos]; string(f.value) == "null" {
		f.value = nil
	}
	return err
}

func (c *cursor) expectObject() error {
	if c.peek() == '{' {
		return nil
	}
	start := c.pos
	if err := c.value(0); err != nil {
		c.pos = start
		return c.fail("a JSON object")
	}
	return fmt.Errorf("expected a JSON object, found %s", describe(c.data[start:c.pos]))
}

// elements goes through the values of a JSON list, whose syntax has been
// checked.
func elements(list []byte) iter.Seq[[]byte] {
	return func(yield func([]byte) bool) {
		c := cursor{data: list}
		for more := c.first('['); more; more, _ = c.more('[') {
			c.peek()
			start := c.pos
			if c.value(1) != nil || !yield(list[start:c.pos]) {
				return
			}
		}
	}
}

// describe says in words what a JSON value is.
func describe(value []byte) string {
	switch value[0] {
	case '"':
		return "a string"
	case '{':
		return "an object"
	case '[':
		return "a list"
	case 't', 'f', 'n':
		return string(value)
	}
	return fmt.Sprintf("%.40s", value)
}

var errSurrogate = errors.New(`has half a surrogate pair, which no text holds (a name that is not UTF-8 goes into "path_bytes", such a content into "content_base64")`)

// appendUnquoted appends the text of a JSON string, given without its quotes
// and with its syntax checked.
func appendUnquoted(dst, text []byte) ([]byte, error) {
	for {
		plain := bytes.IndexByte(text, '\\')
		if plain < 0 {
			return append(dst, text...), nil
		}
		dst = append(dst, text[:plain]...)
		escaped := text[plain+1]
		text = text[plain+2:]
		switch escaped {
		case 'b':
			dst = append(dst, '\b')
		case 'f':
			dst = append(dst, '\f')
		case 'n':
			dst = append(dst, '\n')
		case 'r':
			dst = append(dst, '\r')
		case 't':
			dst = append(dst, '\t')
		case 'u':
			r := hex4(text)
			text = text[4:]
			if utf16.IsSurrogate(r) {
				if len(text) < 6 || text[0] != '\\' || text[1] != 'u' {
					return nil, errSurrogate
				}
				if r = utf16.DecodeRune(r, hex4(text[2:])); r == utf8.RuneError {
					return nil, errSurrogate
				}
				text = text[6:]
			}
			dst = utf8.AppendRune(dst, r)
		default: // " \ /
			dst = append(dst, escaped)
		}
	}
}

// hex4 reads four hexadecimal digits, whose syntax has been checked.
func hex4(digits []byte) rune {
	n, _ := strconv.ParseUint(string(digits[:4]), 16, 32)
	return rune(n)
}

const hexDigits = "0123456789abcdef"

// appendString appends s as a JSON string, with the bytes that encoding/json
// gives: what is not UTF-8 becomes U+FFFD.
func appendString[T string | []byte](dst []byte, s T) []byte {
	dst = append(dst, '"')
	start := 0
	for i := 0; i < len(s); {
		b := s[i]
		if b >= ' ' && b != '"' && b != '\\' && b < utf8.RuneSelf {
			i++
			continue
		}
		if b < utf8.RuneSelf {
			dst = append(dst, s[start:i]...)
			dst = appendEscape(dst, b)
			i++
			start = i
			continue
		}
		r, size := utf8.DecodeRuneInString(string(s[i:min(len(s), i+utf8.UTFMax)]))
		switch {
		case r == utf8.RuneError && size == 1:
			dst = append(append(dst, s[start:i]...), `\ufffd`...)
			start = i + size
		case r == '\u2028' || r == '\u2029': // line ends to JavaScript
			dst = append(append(dst, s[start:i]...), `\u202`...)
			dst = append(dst, hexDigits[r&0xF])
			start = i + size
		}
		i += size
	}
	dst = append(dst, s[start:]...)
	return append(dst, '"')
}

func appendEscape(dst []byte, b byte) []byte {
	switch b {
	case '"', '\\':
		return append(dst, '\\', b)
	case '\b':
		return append(dst, `\b`...)
	case '\f':
		return append(dst, `\f`...)
	case '\n':
		return append(dst, `\n`...)
	case '\r':
		return append(dst, `\r`...)
	case '\t':
		return append(dst, `\t`...)
	default:
		return append(dst, '\\', 'u', '0', '0', hexDigits[b>>4], hexDigits[b&0xF])
	}
}
