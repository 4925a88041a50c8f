// Package content turns the bytes of a document into the parts that a store
// keeps, and back. A content is hashed as a whole and cut into parts of at most
// MaxPart bytes; a part is compressed where that makes it smaller. Neither
// direction holds more than one plain part in memory.
//
//	enc := content.NewEncoder()
//	c, err := enc.Encode(file)         // c.SHA256, c.Size, c.Parts
//	…
//	plain, err := dec.Decode(nil, nil, c.Parts[0])
//
// A content of one part that is much like another, as the next version of a
// document is, can be kept as a delta from that one, its base:
//
//	c := enc.EncodeAfter(base, hash, plain)   // c.Delta
//	…
//	plain, err := dec.Decode(nil, base, c.Delta.Part)
//
// An Encoder or a Decoder serves one goroutine at a time.
package content

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"io"

	"github.com/klauspost/compress/zstd"

	"github.com/seed16713943/btools/pkg/kb"
)

// MaxPart is the largest number of bytes of content in one part.
const MaxPart = 1 << 20

// Content is a content ready to be stored.
type Content struct {
	SHA256 kb.Hash
	Size   int64  // bytes
	Parts  []Part // nil where there is a delta, until Whole makes them
	Delta  *Delta // nil for a content that stands by itself
}

// Delta is a content as it differs from a base.
type Delta struct {
	Base  kb.Hash
	Part  Part
	plain []byte // for Whole
}

// Base is a content that others may be deltas from. The zero value is none.
type Base struct {
	SHA256 kb.Hash
	Plain  []byte // at most MaxPart bytes
}

// Part is a piece of a content as it is stored.
type Part struct {
	Codec Codec
	Data  []byte
}

// Codec says how the bytes of a part are stored.
type Codec int

// The codecs. Their numbers are part of the file format.
const (
	Plain    Codec = 0
	Zstd     Codec = 1
	Diff     Codec = 2 // a delta
	ZstdDiff Codec = 3 // a delta, compressed
)

// HasBase reports whether a part of the codec is a delta.
func (c Codec) HasBase() bool { return c == Diff || c == ZstdDiff }

// Encoder makes contents.
type Encoder struct {
	zstd  *zstd.Encoder
	hash  hash.Hash
	plain []byte
	delta deltaMaker
}

// NewEncoder returns an encoder.
func NewEncoder() *Encoder {
	// The fastest level with a single goroutine: parallelism comes from
	// encoding many documents at once. A window that is larger than a part would be
	// memory for nothing.
	enc, err := zstd.NewWriter(nil, zstd.WithEncoderLevel(zstd.SpeedFastest), zstd.WithEncoderConcurrency(1),
		zstd.WithEncoderCRC(false), zstd.WithWindowSize(MaxPart))
	if err != nil {
		panic(err) // the options above are constant and valid
	}
	return &Encoder{zstd: enc, hash: sha256.New()}
}

// Encode reads r to its end. The error is that of r.
func (e *Encoder) Encode(r io.Reader) (*Content, error) {
	e.hash.Reset()
	if e.plain == nil {
		e.plain = make([]byte, MaxPart)
	}
	c := new(Content)
	for {
		n, err := io.ReadFull(r, e.plain)
		if n > 0 {
			e.hash.Write(e.plain[:n])
			c.Size += int64(n)
			c.Parts = append(c.Parts, e.part(e.plain[:n]))
		}
		switch {
		case err == io.EOF || err == io.ErrUnexpectedEOF:
			e.hash.Sum(c.SHA256[:0])
			return c, nil
		case err != nil:
			return nil, err
		}
	}
}

// worthwhile reports whether a delta is so much smaller than its content that no other
// form of the content need be tried against it: text compresses to a third or a quarter,
// and if it is not short, perhaps to less.
func worthwhile(delta, size int) bool {
	const short = 4 << 10
	return delta <= size/8 || size <= short && delta <= size/3
}

// EncodeAfter makes the content of plain, whose hash is known, as a delta from
// base where most of it stands there too and that takes less room.
func (e *Encoder) EncodeAfter(base Base, hash kb.Hash, plain []byte) *Content {
	c := &Content{SHA256: hash, Size: int64(len(plain))}
	if c.Delta = e.deltaAfter(base, hash, plain); c.Delta != nil && worthwhile(len(c.Delta.Part.Data), len(plain)) {
		return c
	}
	for rest := plain; len(rest) > 0; rest = rest[min(len(rest), MaxPart):] {
		c.Parts = append(c.Parts, e.part(rest[:min(len(rest), MaxPart)]))
	}
	if c.Delta != nil && len(c.Delta.Part.Data) < len(c.Parts[0].Data) {
		c.Parts = nil
	} else {
		c.Delta = nil
	}
	return c
}

// deltaAfter returns nil where plain is not much like base.
func (e *Encoder) deltaAfter(base Base, hash kb.Hash, plain []byte) *Delta {
	if min(len(plain), len(base.Plain)) == 0 || max(len(plain), len(base.Plain)) > MaxPart || base.SHA256 == hash {
		return nil
	}
	delta, copied := e.delta.make(base.Plain, plain)
	if copied < len(plain)/2 {
		return nil
	}
	return &Delta{Base: base.SHA256, Part: e.pack(delta, Diff, ZstdDiff), plain: bytes.Clone(plain)}
}

// Whole makes a content stand by itself.
func (e *Encoder) Whole(c *Content) {
	if c.Delta != nil {
		c.Parts, c.Delta = []Part{e.part(c.Delta.plain)}, nil
	}
}

func (e *Encoder) part(plain []byte) Part { return e.pack(plain, Plain, Zstd) }

// pack compresses data where that makes it smaller, and copies it otherwise.
func (e *Encoder) pack(data []byte, plain, compressed Codec) Part {
	packed := e.zstd.EncodeAll(data, nil)
	if len(packed) < len(data) {
		return Part{compressed, packed}
	}
	return Part{plain, append([]byte(nil), data...)}
}

// Decoder reads parts.
type Decoder struct {
	zstd  *zstd.Decoder
	delta []byte
}

// NewDecoder returns a decoder. It refuses a frame that claims to be larger
// than a part can be, so that a forged one costs no memory.
func NewDecoder() *Decoder {
	dec, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxMemory(MaxPart), zstd.WithDecoderLowmem(true))
	if err != nil {
		panic(err) // the options above are constant and valid
	}
	return &Decoder{zstd: dec}
}

// Close gives back what the decoder holds.
func (d *Decoder) Close() { d.zstd.Close() }

// Decode appends the plain bytes of a part to dst. base is the plain content of
// the base of a part that has one.
func (d *Decoder) Decode(dst, base []byte, p Part) (plain []byte, err error) {
	switch p.Codec {
	case Plain:
		if len(p.Data) > MaxPart {
			return dst, errors.New("part is larger than 1 MiB")
		}
		return append(dst, p.Data...), nil
	case Zstd:
		return d.unpack(dst, p.Data)
	case Diff:
		return applyDelta(dst, base, p.Data)
	case ZstdDiff:
		if d.delta, err = d.unpack(d.delta[:0], p.Data); err != nil {
			return dst, err
		}
		return applyDelta(dst, base, d.delta)
	default:
		return dst, fmt.Errorf("codec %d is not known", p.Codec)
	}
}

// unpack appends what is compressed in data to dst.
func (d *Decoder) unpack(dst, data []byte) ([]byte, error) {
	// The limit of the decoder counts what stands before it too, so nothing does.
	plain, err := d.zstd.DecodeAll(data, dst[len(dst):])
	switch {
	case err != nil:
		return dst, err
	case len(dst) == 0:
		return plain, nil
	}
	return append(dst, plain...), nil
}

// Verifier passes bytes on and hashes them.
type Verifier struct {
	w    io.Writer
	hash hash.Hash
}

// NewVerifier returns a verifier that writes to w.
func NewVerifier(w io.Writer) *Verifier { return &Verifier{w, sha256.New()} }

// Write writes p to the writer below.
func (v *Verifier) Write(p []byte) (int, error) {
	v.hash.Write(p)
	return v.w.Write(p)
}

// Sum returns the hash of all that was written.
func (v *Verifier) Sum() kb.Hash { return kb.Hash(v.hash.Sum(nil)) }
