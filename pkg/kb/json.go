package kb

import (
	"bytes"
	"encoding/json"
	"io"
)

// NewJSONEncoder returns an encoder that writes one value a line, as jq does:
// with &, < and > as they stand.
func NewJSONEncoder(w io.Writer) *json.Encoder {
	enc := json.NewEncoder(w)
	enc.SetEscapeHTML(false)
	return enc
}

// MarshalJSON returns a value as NewJSONEncoder writes it, without the end of the
// line.
func MarshalJSON(v any) ([]byte, error) {
	var line bytes.Buffer
	if err := NewJSONEncoder(&line).Encode(v); err != nil {
		return nil, err
	}
	return bytes.TrimSuffix(line.Bytes(), []byte("\n")), nil
}
