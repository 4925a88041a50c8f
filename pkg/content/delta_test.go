package content_test

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
)

func baseOf(plain []byte) content.Base {
	return content.Base{SHA256: kb.HashOf(plain), Plain: plain}
}

// FuzzDelta makes any content a delta from any other, and back.
func FuzzDelta(f *testing.F) {
	line := "the quick brown fox jumps over the lazy dog\n"
	f.Add([]byte(strings.Repeat(line, 20)), []byte(strings.Repeat(line, 10)+"and\n"+strings.Repeat(line, 9)))
	f.Add([]byte("abcdefgh"), []byte("abcdefgh abcdefgh"))
	f.Add([]byte(nil), []byte("something"))
	f.Add([]byte("something"), []byte(nil))
	enc, dec := content.NewEncoder(), content.NewDecoder()
	f.Fuzz(func(t *testing.T, base, plain []byte) {
		c := enc.EncodeAfter(baseOf(base), kb.HashOf(plain), plain)
		if c.SHA256 != kb.HashOf(plain) || c.Size != int64(len(plain)) {
			t.Fatalf("%d bytes: %+v", len(plain), c)
		}
		if c.Delta == nil {
			expectWhole(t, dec, c, plain)
			return
		}
		if c.Delta.Base != kb.HashOf(base) || !c.Delta.Part.Codec.HasBase() || c.Parts != nil {
			t.Fatalf("delta %+v beside %d parts", c.Delta, len(c.Parts))
		}
		if back, err := dec.Decode(nil, base, c.Delta.Part); err != nil || !bytes.Equal(back, plain) {
			t.Fatalf("%q from %q comes back as %q, %v", plain, base, back, err)
		}
		enc.Whole(c)
		expectWhole(t, dec, c, plain)
	})
}

func expectWhole(t *testing.T, dec *content.Decoder, c *content.Content, plain []byte) {
	t.Helper()
	if c.Delta != nil {
		t.Fatal("a content that stands by itself has a base")
	}
	var back []byte
	for _, part := range c.Parts {
		var err error
		if back, err = dec.Decode(back, nil, part); err != nil {
			t.Fatal(err)
		}
	}
	if !bytes.Equal(back, plain) {
		t.Fatalf("%q comes back as %q", plain, back)
	}
}

// FuzzApplyDelta decodes forged deltas: whatever they claim, they give no more
// than a part can hold, and nothing that the base does not have.
func FuzzApplyDelta(f *testing.F) {
	f.Add([]byte("a base to copy from"), []byte{5, 5<<1 | 1, 4})
	f.Add([]byte("base"), []byte{0xff, 0xff, 0xff, 0xff, 0x0f, 1<<1 | 1, 0})
	f.Add([]byte("base"), []byte{8, 8<<1 | 1, 1})
	dec := content.NewDecoder()
	f.Fuzz(func(t *testing.T, base, data []byte) {
		for _, codec := range []content.Codec{content.Diff, content.ZstdDiff} {
			back, err := dec.Decode([]byte("kept"), base, content.Part{Codec: codec, Data: data})
			if len(back) > content.MaxPart+4 || err == nil && !bytes.HasPrefix(back, []byte("kept")) {
				t.Fatalf("%d bytes, %v", len(back), err)
			}
		}
	})
}

// TestDeltaIsSmall edits documents as people do, and expects a delta to take
// little more than the edit.
func TestDeltaIsSmall(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	enc, dec := content.NewEncoder(), content.NewDecoder()
	for _, size := range []int{200, 2_000, 20_000, 200_000, content.MaxPart - 1000} {
		var text bytes.Buffer
		for text.Len() < size {
			fmt.Fprintf(&text, "Line %d says %x and nothing else.\n", text.Len(), r.Uint32())
		}
		base := text.Bytes()[:size]
		at := size / 3
		for name, plain := range map[string][]byte{
			"inserted": bytes.Join([][]byte{base[:at], []byte("an inserted sentence"), base[at:]}, nil),
			"replaced": bytes.Join([][]byte{base[:at], []byte("another"), base[at+7:]}, nil),
			"removed":  bytes.Join([][]byte{base[:at], base[at+50:]}, nil),
			"appended": append(bytes.Clone(base), "One more line.\n"...),
			"moved":    bytes.Join([][]byte{base[at:], base[:at]}, nil),
		} {
			c := enc.EncodeAfter(baseOf(base), kb.HashOf(plain), plain)
			if c.Delta == nil || len(c.Delta.Part.Data) > 60 {
				t.Errorf("%d bytes, %s: %d parts, a delta: %v", size, name, len(c.Parts), c.Delta != nil)
				continue
			}
			if back, err := dec.Decode(nil, base, c.Delta.Part); err != nil || !bytes.Equal(back, plain) {
				t.Errorf("%d bytes, %s: %d come back, %v", size, name, len(back), err)
			}
		}
	}
}

// TestNoDelta encodes what is no smaller as a delta, or may not be one.
func TestNoDelta(t *testing.T) {
	enc, dec := content.NewEncoder(), content.NewDecoder()
	noise := make([]byte, 2*content.MaxPart)
	rand.NewChaCha8([32]byte{}).Read(noise) // never fails
	half := noise[:content.MaxPart]
	for name, test := range map[string]struct{ base, plain []byte }{
		"nothing in common":         {half, []byte(strings.Repeat("text ", 1000))},
		"a base of two parts":       {noise, half},
		"a content of two parts":    {half, noise},
		"an empty content":          {half, nil},
		"an empty base":             {nil, half},
		"the base itself":           {half, half},
		"noise after other noise":   {half[:1000], half[1000:2000]},
		"more than a part, to less": {append(bytes.Clone(half), 1), half},
	} {
		c := enc.EncodeAfter(baseOf(test.base), kb.HashOf(test.plain), test.plain)
		if c.Delta != nil {
			t.Errorf("%s: a delta of %d bytes", name, len(c.Delta.Part.Data))
			continue
		}
		expectWhole(t, dec, c, test.plain)
	}
}

func BenchmarkEncodeAfter(b *testing.B) {
	enc := content.NewEncoder()
	var text bytes.Buffer
	for i := range 300 {
		fmt.Fprintf(&text, "Line %d of a document of ten kilobytes.\n", i)
	}
	base := text.Bytes()
	plain := bytes.Join([][]byte{base[:5000], []byte("an inserted sentence"), base[5000:]}, nil)
	b.SetBytes(int64(len(plain)))
	b.ReportAllocs()
	for b.Loop() {
		if c := enc.EncodeAfter(baseOf(base), kb.HashOf(plain), plain); c.Delta == nil {
			b.Fatal("no delta")
		}
	}
}
