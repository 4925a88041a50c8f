package embed

import (
	"bytes"
	"encoding/binary"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
)

// answer is the success of an embeddings request.
type answer struct {
	Data []struct {
		Index     *int            `json:"index"` // some servers leave it out
		Embedding json.RawMessage `json:"embedding"`
	} `json:"data"`
}

// infinite writes numbers that JSON does not have, but some servers send, in a way
// that it has.
var infinite = strings.NewReplacer("NaN", "1e999", "-Infinity", "-1e999", "Infinity", "1e999")

// parse returns the vectors of an answer in the order of their texts.
func parse(body []byte, count int) ([][]float32, *failure) {
	var a answer
	err := json.Unmarshal(body, &a)
	if err != nil {
		err = json.Unmarshal([]byte(infinite.Replace(string(body))), &a)
	}
	if err != nil { // perhaps from something on the way, perhaps cut off
		return nil, &failure{Fault: kb.NewFault(kb.ExceptionAfterRetries, BadAnswer, "the embedding server's answer: %w", err)}
	}
	if len(a.Data) != count {
		return nil, badAnswer("%d vectors for %d texts", len(a.Data), count)
	}
	vectors := make([][]float32, count)
	for place, item := range a.Data {
		i := place
		if item.Index != nil {
			i = *item.Index
		}
		if i < 0 || i >= count || vectors[i] != nil {
			return nil, badAnswer("with the index %d twice, or outside of %d texts", i, count)
		}
		if vectors[i], err = vector(item.Embedding); err != nil {
			return nil, badAnswer("a vector that cannot be read: %w", err)
		}
	}
	return vectors, nil
}

// vector reads a vector: an array of numbers, or a string that has them as
// little-endian float32 in base64.
func vector(raw json.RawMessage) ([]float32, error) {
	if len(raw) > 0 && raw[0] == '"' {
		var packed []byte // encoding/json reads base64
		if err := json.Unmarshal(raw, &packed); err != nil {
			return nil, err
		}
		if len(packed) == 0 || len(packed)%4 != 0 {
			return nil, fmt.Errorf("%d bytes", len(packed))
		}
		v := make([]float32, len(packed)/4)
		for i := range v {
			v[i] = math.Float32frombits(binary.LittleEndian.Uint32(packed[4*i:]))
		}
		return v, nil
	}
	list, open := bytes.CutPrefix(bytes.TrimSpace(raw), []byte("["))
	list, closed := bytes.CutSuffix(list, []byte("]"))
	if !open || !closed || len(bytes.TrimSpace(list)) == 0 {
		return nil, errors.New("no numbers")
	}
	v := make([]float32, 0, bytes.Count(list, []byte(","))+1)
	for more := true; more; {
		var number []byte
		number, list, more = bytes.Cut(list, []byte(","))
		x, err := strconv.ParseFloat(string(bytes.TrimSpace(number)), 32)
		if err != nil && !errors.Is(err, strconv.ErrRange) { // which gives an infinite x
			return nil, err
		}
		v = append(v, float32(x))
	}
	return v, nil
}
