package asof

import (
	"bytes"
	"crypto/sha1" // by which git names contents, mostly
	"crypto/sha256"
	"encoding/binary"
	"fmt"
	"hash"
	"strings"

	"github.com/klauspost/compress/zlib"

	"github.com/seed16713943/btools/pkg/kb"
)

// writeBinary writes both contents in the form of git diff --binary, so that the
// patch can be applied and taken back. git demands the full names of both.
func (p *Patch) writeBinary(b *strings.Builder, c *Change) {
	newHash := p.naming(c)
	fmt.Fprintf(b, "index %s..%s\nGIT binary patch\n", gitName(newHash(), c.Old, p.before), gitName(newHash(), c.New, p.after))
	writeLiteral(b, p.after)
	writeLiteral(b, p.before)
}

// naming returns the hash by which git names the contents of a change: that by which it
// names the commits that they come from.
func (p *Patch) naming(c *Change) func() hash.Hash {
	for _, v := range []*kb.Version{c.Old, c.New} {
		if v == nil {
			continue
		}
		switch commit, _ := strings.CutPrefix(v.Source, kb.CommitSource); len(commit) {
		case 2 * sha1.Size:
			return sha1.New
		case 2 * sha256.Size:
			return sha256.New
		}
	}
	if p.SHA256 {
		return sha256.New
	}
	return sha1.New
}

// gitName is the name that git gives to a content; all zeros where there is none.
func gitName(hash hash.Hash, v *kb.Version, content []byte) string {
	if v == nil {
		return strings.Repeat("0", 2*hash.Size())
	}
	fmt.Fprintf(hash, "blob %d\x00", len(content))
	hash.Write(content)
	return fmt.Sprintf("%x", hash.Sum(nil))
}

// lineBytes is how many bytes a line of a literal holds.
const lineBytes = 52

// writeLiteral writes a content, deflated, in lines that begin with a letter for
// the number of their bytes.
func writeLiteral(b *strings.Builder, content []byte) {
	var deflated bytes.Buffer
	z := zlib.NewWriter(&deflated)
	z.Write(content) // a buffer takes everything
	z.Close()
	fmt.Fprintf(b, "literal %d\n", len(content))
	for rest := deflated.Bytes(); len(rest) > 0; {
		line := rest[:min(len(rest), lineBytes)]
		rest = rest[len(line):]
		if n := byte(len(line)); n <= 26 {
			b.WriteByte('A' + n - 1)
		} else {
			b.WriteByte('a' + n - 27)
		}
		for len(line) > 0 {
			var four [4]byte
			line = line[copy(four[:], line):]
			writeBase85(b, binary.BigEndian.Uint32(four[:]))
		}
		b.WriteByte('\n')
	}
	b.WriteByte('\n')
}

// digits85 are those of git, and of RFC 1924.
const digits85 = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz!#$%&()*+-;<=>?@^_`{|}~"

func writeBase85(b *strings.Builder, n uint32) {
	var digits [5]byte
	for i := len(digits) - 1; i >= 0; i-- {
		digits[i] = digits85[n%85]
		n /= 85
	}
	b.Write(digits[:])
}
