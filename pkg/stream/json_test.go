package stream

import (
	"bytes"
	"encoding/json"
	"strings"
	"testing"
	"unicode/utf8"
)

var jsonSeeds = []string{
	`{}`, `{"a":1}`, ` { "a" : [ 1 , -2.5e+10 , true , false , null , "x\n\u00e9\ud83d\ude00" ] } `, `[]`, `[[],{}]`, `"\"\\\/\b\f\n\r\t"`,
	`0`, `-0`, `01`, `1.`, `.5`, `1e`, `1e+`, `-`, `+1`, `0x1`, `NaN`, `tru`, `truely`, `nul`, `'a'`, `{a:1}`, `{"a"}`, `{"a":}`, `{"a":1,}`, `[1,]`, `[1 2]`,
	`{"a":1}{"b":2}`, `{"a":1} x`, "\"a\nb\"", "\"\x00\"", `"\x"`, `"\u12"`, `"\u12g4"`, `"`, `"\`, `{`, `[`, `{"`, "", " ", "\x00", "{}\x00", "\v{}", `{"\ud800":1}`, `"\udc00\ud800"`,
}

// valid reports whether text is one JSON value.
func valid(text []byte) bool {
	c := cursor{data: text}
	if c.value(0) != nil {
		return false
	}
	c.peek()
	return c.pos == len(text)
}

func FuzzSyntaxIsThatOfEncodingJSON(f *testing.F) {
	for _, seed := range jsonSeeds {
		f.Add([]byte(seed))
	}
	f.Add([]byte(strings.Repeat("[", 9_999) + strings.Repeat("]", 9_999)))
	f.Fuzz(func(t *testing.T, text []byte) {
		if want := json.Valid(text); valid(text) != want {
			t.Fatalf("valid(%q) = %v, encoding/json says %v", text, !want, want)
		}
		line := fieldsOf(text)
		for line.next() {
		}
		if want := json.Valid(text) && bytes.TrimLeft(text, " \t\r\n")[0] == '{'; (line.end() == nil) != want {
			t.Fatalf("fields of %q: %v, want an object: %v", text, line.err, want)
		}
		if list := bytes.TrimLeft(text, " \t\r\n"); json.Valid(list) && list[0] == '[' {
			var want []json.RawMessage
			if err := json.Unmarshal(list, &want); err != nil {
				t.Fatal(err)
			}
			for element := range elements(list) {
				if len(want) == 0 || !bytes.Equal(element, want[0]) {
					t.Fatalf("element %q of %q, want first of %q", element, list, want)
				}
				want = want[1:]
			}
			if len(want) > 0 {
				t.Fatalf("elements of %q end before %q", list, want)
			}
		}
	})
}

// Of a long string, eight bytes are looked at together: each byte ends what stands
// for itself wherever it is, or nowhere.
func TestLongStrings(t *testing.T) {
	for b := range 256 {
		for at := range 60 {
			for _, around := range []byte{' ', '!', 0x7f, 0xff} {
				text := bytes.Repeat([]byte{around}, 60)
				text[at] = byte(b)
				want := len(text)
				if b < ' ' || b == '"' || b == '\\' {
					want = at
				}
				if got := literals(text); got != want {
					t.Fatalf("literals(%q) = %d, want %d", text, got, want)
				}
			}
		}
	}
}

func TestNestingIsLimited(t *testing.T) {
	for _, open := range []string{"[", `{"a":`} {
		deep := strings.Repeat(open, 5_000_000)
		if c := (cursor{data: []byte(deep)}); c.value(0) == nil || c.pos > 10*maxDepth {
			t.Errorf("%s…: went %d bytes deep", open, c.pos)
		}
	}
	const most = maxDepth
	for _, depth := range []int{most, most + 1} {
		text := []byte(strings.Repeat("[", depth) + strings.Repeat("]", depth))
		if want := json.Valid(text); valid(text) != want {
			t.Errorf("depth %d: valid is %v, want %v", depth, !want, want)
		}
	}
}

func FuzzStringIsThatOfEncodingJSON(f *testing.F) {
	for _, seed := range jsonSeeds {
		f.Add([]byte(seed))
	}
	f.Add([]byte("<&>\u2028\u2029\x7f\ufffd\xff\xe2\x80\xc3\U0001F600\xf0\x9f"))
	f.Fuzz(func(t *testing.T, text []byte) {
		var want bytes.Buffer
		enc := json.NewEncoder(&want)
		enc.SetEscapeHTML(false)
		if err := enc.Encode(string(text)); err != nil {
			t.Fatal(err)
		}
		if got := appendString(nil, text); !bytes.Equal(got, bytes.TrimSuffix(want.Bytes(), []byte("\n"))) {
			t.Fatalf("%q is written %s, want %s", text, got, want.Bytes())
		}

		quoted := append(append([]byte{'"'}, text...), '"')
		if !utf8.Valid(text) || !json.Valid(quoted) {
			return
		}
		var back string
		if err := json.Unmarshal(quoted, &back); err != nil {
			t.Fatal(err)
		}
		got, err := appendUnquoted(nil, text)
		switch {
		case err == nil && string(got) != back:
			t.Fatalf("%s is read as %q, want %q", quoted, got, back)
		case err != nil && !strings.Contains(back, "\ufffd"):
			t.Fatalf("%s is refused (%v), want %q", quoted, err, back)
		}
	})
}
