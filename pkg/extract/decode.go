package extract

import (
	"bytes"
	"regexp"
	"strings"
	"sync"
	"unicode/utf8"

	"golang.org/x/text/encoding"
	"golang.org/x/text/encoding/charmap"
	"golang.org/x/text/encoding/htmlindex"
	"golang.org/x/text/encoding/unicode"

	"github.com/seed16713943/btools/pkg/kb"
)

const (
	head     = 1024 // bytes of a page in which it may declare its encoding
	sampling = 4096 // bytes that are looked at to recognise UTF-16
)

var charsetDeclaration = sync.OnceValue(func() *regexp.Regexp {
	return regexp.MustCompile(`(?i)(?:<meta[^>]*charset|<\?xml[^>]*encoding)\s*=\s*["']?\s*([-\w]+)`)
})

// declaredCharset gives the encoding that an HTML document declares; nil if it
// declares none that is known.
func declaredCharset(ext string, content []byte) encoding.Encoding {
	switch ext {
	case "html", "htm", "xhtml", "xht":
	default:
		return nil
	}
	found := charsetDeclaration().FindSubmatch(content[:min(len(content), head)])
	if found == nil {
		return nil
	}
	enc, err := htmlindex.Get(string(found[1]))
	if err != nil {
		return nil
	}
	if name, _ := htmlindex.Name(enc); name == "utf-8" || strings.HasPrefix(name, "utf-16") {
		return nil // what could be read to find this was neither UTF-16 nor in need of it
	}
	return enc
}

// decode gives the text of content as valid UTF-8 without NUL and with "\n" as
// the end of every line. The number of lines is that of the content.
func decode(content []byte, declared encoding.Encoding) (string, error) {
	var enc encoding.Encoding
	switch {
	case bytes.HasPrefix(content, []byte("\xef\xbb\xbf")):
		content = content[3:]
	case bytes.HasPrefix(content, []byte("\xff\xfe")), bytes.HasPrefix(content, []byte("\xfe\xff")):
		enc = unicode.UTF16(unicode.LittleEndian, unicode.ExpectBOM)
	case bytes.IndexByte(content, 0) >= 0:
		if enc = utf16ByZeros(content); enc == nil {
			return "", kb.NewFault(kb.Validation, kb.Binary, "not text: NUL bytes")
		}
	case !utf8.Valid(content):
		switch {
		case declared != nil:
			enc = declared
		case mostlyUTF8(content):
			content = bytes.ToValidUTF8(content, []byte("\uFFFD"))
		case controls(content) > len(content)/20:
			return "", kb.NewFault(kb.Validation, kb.Binary, "not text: control characters")
		default:
			enc = charmap.Windows1252
		}
	case declared != nil && bytes.IndexByte(content, '\x1b') >= 0:
		enc = declared // ISO-2022-JP looks like ASCII
	}
	if enc != nil {
		decoded, err := enc.NewDecoder().Bytes(content)
		if err != nil {
			return "", kb.NewFault(kb.Validation, kb.Binary, "decode text: %w", err)
		}
		if bytes.IndexByte(decoded, 0) >= 0 {
			return "", kb.NewFault(kb.Validation, kb.Binary, "not text: NUL characters")
		}
		content = bytes.ToValidUTF8(decoded, []byte("\uFFFD"))
	}
	return unixLines(string(content)), nil
}

// NoText reports whether a content that begins with head is kb.Binary, whatever
// follows, so that the rest need not be kept for Extract: the head alone gives the
// same fault. Of less than 4,096 bytes it knows nothing.
func NoText(head []byte) bool {
	for _, mark := range []string{"\xef\xbb\xbf", "\xff\xfe", "\xfe\xff"} {
		if bytes.HasPrefix(head, []byte(mark)) {
			return false
		}
	}
	return len(head) >= sampling && bytes.IndexByte(head, 0) >= 0 && utf16ByZeros(head[:len(head)&^1]) == nil
}

// utf16ByZeros recognises UTF-16 without a byte order mark by the zeros in every
// other byte of text that is mostly Latin; nil if it is not.
func utf16ByZeros(content []byte) encoding.Encoding {
	sample := content[:min(len(content), sampling)&^1]
	var zeros [2]int
	for i, c := range sample {
		if c == 0 {
			zeros[i&1]++
		}
	}
	many, few := len(sample)/2*2/5, len(sample)/2/20
	switch {
	case len(content)%2 != 0:
		return nil
	case zeros[1] > many && zeros[0] <= few:
		return unicode.UTF16(unicode.LittleEndian, unicode.IgnoreBOM)
	case zeros[0] > many && zeros[1] <= few:
		return unicode.UTF16(unicode.BigEndian, unicode.IgnoreBOM)
	}
	return nil
}

// mostlyUTF8 reports whether text that is not valid UTF-8 was still meant to be:
// it has more characters of several bytes than bytes that fit nowhere. In
// Windows-1252 such characters hardly ever come about.
func mostlyUTF8(content []byte) bool {
	good, bad := 0, 0
	for i := 0; i < len(content); {
		if content[i] < utf8.RuneSelf {
			i++
			continue
		}
		_, size := utf8.DecodeRune(content[i:])
		if size > 1 {
			good++
		} else {
			bad++
		}
		i += size
	}
	return good > bad
}

// controls counts the control characters that text does not have.
func controls(content []byte) int {
	n := 0
	for _, c := range content {
		if c < ' ' && c != '\n' && c != '\r' && c != '\t' && c != '\f' && c != '\x1b' || c == 0x7f {
			n++
		}
	}
	return n
}

// unixLines ends lines with "\n". A carriage return by itself ends a line only in
// text that has no other ends, as of old Macintoshes; else it is white space, so
// that lines are those that other programs count.
func unixLines(text string) string {
	if strings.IndexByte(text, '\r') < 0 {
		return text
	}
	if strings.IndexByte(text, '\n') < 0 {
		return strings.ReplaceAll(text, "\r", "\n")
	}
	return strings.ReplaceAll(strings.ReplaceAll(text, "\r\n", "\n"), "\r", " ")
}
