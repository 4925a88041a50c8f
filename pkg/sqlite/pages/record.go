package pages

import (
	"encoding/binary"
	"fmt"
	"math"
)

// Type is the type of a value.
type Type byte

// The types of values.
const (
	Null Type = iota
	Int
	Float
	Text
	Blob
)

// Value is a value of a record.
type Value struct {
	Type  Type
	Int   int64
	Float float64
	Bytes []byte // of a text or a blob
}

// Any returns the value as database/sql takes it: nil, int64, float64, string or
// []byte.
func (v Value) Any() any {
	switch v.Type {
	case Int:
		return v.Int
	case Float:
		return v.Float
	case Text:
		return string(v.Bytes)
	case Blob:
		if v.Bytes == nil {
			return []byte{}
		}
		return v.Bytes
	default:
		return nil
	}
}

// Record reads the values of a row or of an entry of an index. Those of an
// INTEGER PRIMARY KEY are NULL in the record: the value is the cell's RowID.
func (f *File) Record(c Cell) ([]Value, error) {
	// What the header says is compared with the size before any overflow page is
	// read: of what is no record, hardly anything gets so far.
	serials, err := c.header()
	if err != nil {
		return nil, err
	}
	payload, err := f.payload(c)
	if err != nil {
		return nil, err
	}
	size, _ := varint(payload)
	body := payload[size:]
	values := make([]Value, len(serials))
	for i, serial := range serials {
		var length int
		values[i], length = value(serial, body)
		body = body[length:]
	}
	return values, nil
}

// Types returns the types of the values of a record, from its cell alone.
func (f *File) Types(c Cell) ([]Type, error) {
	serials, err := c.header()
	types := make([]Type, len(serials))
	for i, serial := range serials {
		types[i], _ = typeOf(serial)
	}
	return types, err
}

// header returns the serial types of the values of a record. Their lengths and
// that of the header are the size of the record. A header that reaches into
// overflow pages is refused: it would have hundreds of columns.
func (c Cell) header() ([]uint64, error) {
	size, n := varint(c.local)
	if n == 0 || size < uint64(n) || size > uint64(len(c.local)) {
		return nil, fmt.Errorf("page %d: a record whose header cannot be read", c.page)
	}
	header, left := c.local[n:size], uint64(c.size)-size
	var serials []uint64
	for len(header) > 0 {
		serial, n := varint(header)
		_, length := typeOf(serial)
		if n == 0 || length < 0 || uint64(length) > left {
			return nil, fmt.Errorf("page %d: a record whose values do not fit into it", c.page)
		}
		header, left = header[n:], left-uint64(length)
		serials = append(serials, serial)
	}
	if left > 0 {
		return nil, fmt.Errorf("page %d: a record with %d bytes too many", c.page, left)
	}
	return serials, nil
}

// typeOf returns the type and the length in bytes of a value with a serial type;
// the length is negative if there is no such type.
func typeOf(serial uint64) (Type, int64) {
	switch {
	case serial == 0:
		return Null, 0
	case serial < 5:
		return Int, int64(serial)
	case serial == 5:
		return Int, 6
	case serial == 6:
		return Int, 8
	case serial == 7:
		return Float, 8
	case serial < 10:
		return Int, 0
	case serial < 12 || serial > math.MaxInt32:
		return Null, -1
	case serial%2 == 0:
		return Blob, int64(serial-12) / 2
	default:
		return Text, int64(serial-13) / 2
	}
}

// value reads a value of a serial type from the beginning of body, which is long
// enough.
func value(serial uint64, body []byte) (v Value, length int) {
	kind, size := typeOf(serial)
	v.Type, length = kind, int(size)
	switch {
	case kind == Text || kind == Blob:
		v.Bytes = body[:length:length]
	case kind == Float:
		v.Float = math.Float64frombits(binary.BigEndian.Uint64(body))
	case serial == 8 || serial == 9:
		v.Int = int64(serial - 8)
	case kind == Int:
		v.Int = int64(int8(body[0]))
		for _, b := range body[1:length] {
			v.Int = v.Int<<8 | int64(b)
		}
	}
	return v, length
}

// varint reads a number of 1 to 9 bytes, and returns how many; 0 if b ends
// before it does.
func varint(b []byte) (n uint64, length int) {
	for i, c := range b {
		if i == 8 {
			return n<<8 | uint64(c), 9
		}
		n = n<<7 | uint64(c&0x7f)
		if c < 0x80 {
			return n, i + 1
		}
	}
	return 0, 0
}
