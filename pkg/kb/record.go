package kb

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"strconv"
)

// Kind says what a record tells of its path.
type Kind string

// The kinds of records.
const (
	File    Kind = "file"  // the path holds content
	Gone    Kind = "gone"  // the path holds nothing any more
	Skipped Kind = "skip"  // the path was left out on purpose, for the reason in Code
	Failed  Kind = "error" // the path could not be read, for the reason in Class, Code and Message
)

// CommitSource begins the source of what comes from a history of git; the hash of the
// commit follows.
const CommitSource = "git:"

// Record is one statement about one path. Only Kind and Path are always set;
// a nil pointer or an empty string means that nobody has said.
type Record struct {
	Kind Kind
	Path string // bytes as the file system has them, slash-separated; not always UTF-8

	Size   *int64 // bytes
	MTime  *Instant
	CTime  *Instant
	Inode  *uint64
	Mode   *Mode
	SHA256 *Hash
	ReadAt *Instant // when the hash or the content was taken

	ValidFrom *Instant // set by whoever knows it, as a history does; it then overrides every rule
	Seq       int64    // place among records of the same path and ValidFrom
	Content   []byte   // the content itself, if HasContent
	Source    string   // where the record comes from, such as git:<commit>

	HasContent bool // the stream carries the content, which may be empty; else whoever takes it in reads the file

	Class   Class  // Failed only
	Code    Code   // Failed and Skipped only
	Message string // Failed and Skipped only, for people
	Line    int64  // the input line of a record that could not be decoded; else 0
}

// Live reports whether the record tells what a scan saw when it ran, so that
// its valid time has to be worked out, rather than carrying it.
func (r *Record) Live() bool { return r.ValidFrom == nil }

// Hash is the SHA-256 of a content.
type Hash [sha256.Size]byte

// HashOf returns the hash of content.
func HashOf(content []byte) Hash { return sha256.Sum256(content) }

// ParseHash reads 64 hexadecimal digits.
func ParseHash(s string) (Hash, error) {
	var h Hash
	err := h.UnmarshalText([]byte(s))
	return h, err
}

// String returns h as 64 hexadecimal digits.
func (h Hash) String() string { return hex.EncodeToString(h[:]) }

// MarshalText writes h as String does.
func (h Hash) MarshalText() ([]byte, error) { return hex.AppendEncode(nil, h[:]), nil }

// UnmarshalText reads what ParseHash reads.
func (h *Hash) UnmarshalText(text []byte) error {
	var read Hash
	if len(text) != hex.EncodedLen(len(read)) {
		return fmt.Errorf("%.80q is not a SHA-256 of 64 hexadecimal digits", text)
	}
	if _, err := hex.Decode(read[:], text); err != nil {
		return fmt.Errorf("%q is not a SHA-256 of 64 hexadecimal digits", text)
	}
	*h = read
	return nil
}

// Mode holds the permission bits of a file, setuid, setgid and sticky
// included, as chmod(1) writes them in octal.
type Mode uint32

const modeMask = 0o7777

// ModeOf returns the mode in the st_mode of stat(2), which has the type of the file too.
func ModeOf(st uint32) Mode { return Mode(st & modeMask) }

// Executable reports whether the owner may execute the file: the one bit of a
// mode that makes a new version, as in git.
func (m Mode) Executable() bool { return m&0o100 != 0 }

// String returns m as four octal digits, such as 0644.
func (m Mode) String() string { return fmt.Sprintf("%04o", uint32(m)) }

// AppendText appends m as String writes it; it never fails.
func (m Mode) AppendText(b []byte) ([]byte, error) {
	for digit := Mode(0o1000); digit > 1 && m < digit; digit /= 8 {
		b = append(b, '0')
	}
	return strconv.AppendUint(b, uint64(m), 8), nil
}

// MarshalText returns what AppendText appends.
func (m Mode) MarshalText() ([]byte, error) { return m.AppendText(nil) }

// UnmarshalText reads octal digits, at most 07777.
func (m *Mode) UnmarshalText(text []byte) error {
	n, err := strconv.ParseUint(string(text), 8, 32)
	if err != nil || n > modeMask {
		return fmt.Errorf("%.40q is not a file mode such as 0644", text)
	}
	*m = Mode(n)
	return nil
}
