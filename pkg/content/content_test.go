package content_test

import (
	"bytes"
	"errors"
	"io"
	"math/rand/v2"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/klauspost/compress/zstd"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestRoundTrip encodes contents of every size around the bounds of a part with
// one encoder, from readers that give a byte at a time too.
func TestRoundTrip(t *testing.T) {
	noise := make([]byte, 2*content.MaxPart+1)
	rand.NewChaCha8([32]byte{}).Read(noise) // never fails
	text := []byte(strings.Repeat("a line as there are many\n", len(noise)/25+1))[:len(noise)]
	enc, dec := content.NewEncoder(), content.NewDecoder()
	defer dec.Close()
	for _, source := range [][]byte{text, noise} {
		for _, size := range []int{0, 1, 1000, content.MaxPart - 1, content.MaxPart, content.MaxPart + 1, len(noise)} {
			plain := source[:size]
			c, err := enc.Encode(iotest.HalfReader(bytes.NewReader(plain)))
			if err != nil {
				t.Fatal(err)
			}
			if c.SHA256 != kb.HashOf(plain) || c.Size != int64(size) || len(c.Parts) != (size+content.MaxPart-1)/content.MaxPart {
				t.Errorf("%d bytes: %d in %d parts", size, c.Size, len(c.Parts))
			}
			var out bytes.Buffer
			verify := content.NewVerifier(&out)
			stored := 0
			for _, part := range c.Parts {
				stored += len(part.Data)
				if len(part.Data) > content.MaxPart {
					t.Errorf("a part is stored in %d bytes", len(part.Data))
				}
				back, err := dec.Decode(nil, nil, part)
				if err != nil {
					t.Fatal(err)
				}
				if _, err := verify.Write(back); err != nil {
					t.Fatal(err)
				}
			}
			if !bytes.Equal(out.Bytes(), plain) || verify.Sum() != c.SHA256 {
				t.Errorf("%d bytes came back as %d others", size, out.Len())
			}
			if stored > size || size >= 1000 && &source[0] == &text[0] && stored > size/10 {
				t.Errorf("%d bytes are stored in %d", size, stored)
			}
		}
	}
}

// TestPartsAreTheirOwn: what one content holds is not changed by the next.
func TestPartsAreTheirOwn(t *testing.T) {
	enc, dec := content.NewEncoder(), content.NewDecoder()
	defer dec.Close()
	for _, one := range []string{"x", strings.Repeat("one ", 1000)} {
		first, err := enc.Encode(strings.NewReader(one))
		if err != nil {
			t.Fatal(err)
		}
		if _, err := enc.Encode(strings.NewReader(strings.ToUpper(one))); err != nil {
			t.Fatal(err)
		}
		if back, err := dec.Decode(nil, nil, first.Parts[0]); string(back) != one || err != nil {
			t.Errorf("%.10q became %.10q, %v", one, back, err)
		}
	}
}

// TestDecodeAppends: the parts of a large content make it again, one behind the
// other.
func TestDecodeAppends(t *testing.T) {
	plain := strings.Repeat("words\n", content.MaxPart/2)
	c, err := content.NewEncoder().Encode(strings.NewReader(plain))
	if err != nil {
		t.Fatal(err)
	}
	dec := content.NewDecoder()
	defer dec.Close()
	var back []byte
	for i, part := range c.Parts {
		if back, err = dec.Decode(back, nil, part); err != nil {
			t.Fatalf("part %d of %d: %v", i+1, len(c.Parts), err)
		}
	}
	if string(back) != plain {
		t.Errorf("%d bytes became %d others", len(plain), len(back))
	}
}

func TestEncodeReadError(t *testing.T) {
	broken := errors.New("broken")
	for _, before := range []int{0, 1, content.MaxPart, content.MaxPart + 1} {
		in := io.MultiReader(bytes.NewReader(make([]byte, before)), iotest.ErrReader(broken))
		if c, err := content.NewEncoder().Encode(in); !errors.Is(err, broken) || c != nil {
			t.Errorf("after %d bytes: %v, %v", before, c, err)
		}
	}
}

// TestForgedParts decodes what no encoder of ours has made.
func TestForgedParts(t *testing.T) {
	enc, err := zstd.NewWriter(nil)
	if err != nil {
		t.Fatal(err)
	}
	huge := enc.EncodeAll(make([]byte, 64*content.MaxPart), nil)
	good := enc.EncodeAll([]byte(strings.Repeat("good ", 100)), nil)
	dec := content.NewDecoder()
	defer dec.Close()
	for name, part := range map[string]content.Part{
		"a frame that unpacks to 64 MiB": {Codec: content.Zstd, Data: huge},
		"half a frame":                   {Codec: content.Zstd, Data: good[:len(good)/2]},
		"no frame":                       {Codec: content.Zstd, Data: []byte("plain")},
		"a plain part of 2 MiB":          {Codec: content.Plain, Data: make([]byte, 2*content.MaxPart)},
		"a codec of the future":          {Codec: 7, Data: good},
	} {
		if back, err := dec.Decode([]byte("kept"), nil, part); err == nil {
			t.Errorf("%s is decoded to %d bytes", name, len(back))
		}
	}
	if back, err := dec.Decode([]byte("kept "), nil, content.Part{Codec: content.Zstd, Data: good}); err != nil || !strings.HasPrefix(string(back), "kept good good") {
		t.Errorf("after them a good one gives %.20q, %v", back, err)
	}
}

// FuzzDecode decodes whatever a file may hold: to an error, or to no more than a part
// can be, behind what was there.
func FuzzDecode(f *testing.F) {
	c, err := content.NewEncoder().Encode(strings.NewReader(strings.Repeat("good ", 100)))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(1, c.Parts[0].Data)
	f.Add(0, []byte("plain"))
	f.Add(1, []byte("\x28\xb5\x2f\xfd\xc0\x00\x00\x00\x00\x00\x01\x00\x00\x01\x00\x00")) // a frame that claims 1 TiB
	f.Fuzz(func(t *testing.T, codec int, data []byte) {
		dec := content.NewDecoder()
		defer dec.Close()
		back, err := dec.Decode([]byte("kept"), nil, content.Part{Codec: content.Codec(codec), Data: data})
		if err == nil && (!bytes.HasPrefix(back, []byte("kept")) || len(back) > content.MaxPart+4) {
			t.Errorf("%d bytes", len(back))
		}
	})
}

// FuzzEncode encodes and decodes again.
func FuzzEncode(f *testing.F) {
	f.Add([]byte("text"), uint8(1))
	f.Add([]byte{}, uint8(0))
	f.Fuzz(func(t *testing.T, piece []byte, times uint8) {
		plain := bytes.Repeat(piece, int(times)<<4)
		c, err := content.NewEncoder().Encode(bytes.NewReader(plain))
		if err != nil || c.Size != int64(len(plain)) || c.SHA256 != kb.HashOf(plain) {
			t.Fatalf("%d bytes of %d, %v", c.Size, len(plain), err)
		}
		dec := content.NewDecoder()
		defer dec.Close()
		var back []byte
		for _, part := range c.Parts {
			if back, err = dec.Decode(back, nil, part); err != nil {
				t.Fatal(err)
			}
		}
		if !bytes.Equal(back, plain) {
			t.Error("another content came back")
		}
	})
}
