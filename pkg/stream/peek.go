package stream

import (
	"iter"
	"strconv"
)

// Head is what a line says of itself, for those who pass lines on as they are.
type Head struct {
	Type    Type
	Size    int64  // "size"; 0 where there is none
	Scan    []byte // the JSON text of "scan"; nil where there is none
	records []byte
}

// Records goes through the JSON texts of the records of a chunk line. They
// have not been looked at, other than that they are JSON.
func (h *Head) Records() iter.Seq[[]byte] { return elements(h.records) }

// Peek reads the head of a line, which number is for the errors: a *LineError
// for a line that is not JSON, has no type, or frames records wrongly, and a
// *FormatError for a line of another format. What a record holds, and a type
// that is not known, are no error. The head shares the memory of raw.
func Peek(raw []byte, number int64) (Head, error) {
	var head Head
	var kind, format, size []byte
	line := fieldsOf(raw)
	for line.next() {
		switch string(line.name) {
		case "type":
			kind = line.value
		case "format":
			format = line.value
		case "size":
			size = line.value
		case "scan":
			head.Scan = line.value
		case "records":
			head.records = line.value
		}
	}
	if err := line.end(); err != nil {
		return Head{}, &LineError{number, err}
	}
	typ, err := decodeType(kind)
	if err != nil {
		return Head{}, &LineError{number, err}
	}
	head.Type = typ
	if !typ.frames() {
		if size != nil {
			// What is no number is for the reader of the record to refuse.
			head.Size, _ = strconv.ParseInt(string(size), 10, 64)
		}
		head.Scan, head.records = nil, nil
		return head, nil
	}
	if err := checkFormat(format, number); err != nil {
		return Head{}, err
	}
	if _, err := decodeScan(typ, head.Scan); err != nil {
		return Head{}, &LineError{number, err}
	}
	if head.records, err = recordList(head.records); err != nil {
		return Head{}, &LineError{number, err}
	}
	return head, nil
}
