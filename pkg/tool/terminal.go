package tool

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"unicode"
	"unicode/utf8"

	"golang.org/x/term"
)

// IsTerminal reports whether a stream, an io.Reader or an io.Writer, is a
// terminal. It sees through the App.Writer and the App.ErrWriter of a program.
func IsTerminal(stream any) bool {
	switch s := stream.(type) {
	case *output:
		return s.terminal
	case besideBar:
		return true
	case interface{ Fd() uintptr }:
		return term.IsTerminal(int(s.Fd()))
	}
	return false
}

// usualColumns is how wide text is off a terminal.
const usualColumns = 80

// Columns is how wide text may be on w, which is stdout or a file: as wide as the
// terminal, though no wider than widest, since long lines are tiring to read; elsewhere
// 80.
func Columns(w io.Writer, widest int) int {
	if IsTerminal(w) {
		if columns, _, err := term.GetSize(int(os.Stdout.Fd())); err == nil && columns > 0 {
			return min(columns, widest)
		}
	}
	return usualColumns
}

// Color reports whether output to w may be coloured: it is a terminal that can,
// and the variable NO_COLOR is empty or not set (https://no-color.org).
func Color(w io.Writer) bool {
	return IsTerminal(w) && os.Getenv("NO_COLOR") == "" && os.Getenv("TERM") != "dumb"
}

var errNeedsPipe = Exit(ExitUsage, errors.New("stdin is a terminal, where a pipe or a file is expected"))

// NeedsPipe is for actions that are about to read data from stdin. If that is a
// terminal, the user has probably forgotten something, and would wait for ever:
// the error, returned by the action, prints the help.
func NeedsPipe(stdin io.Reader) error {
	if IsTerminal(stdin) {
		return errNeedsPipe
	}
	return nil
}

// escapeC1 writes DEL and the controls of ISO 6429 above it, which terminals obey as
// they do those that begin with ESC, as JSON escapes them but need not: they are in
// nothing that a program of ours means for the terminal.
func escapeC1(p []byte) []byte {
	control := func(i int) bool { return i+1 < len(p) && p[i] == 0xC2 && 0x80 <= p[i+1] && p[i+1] <= 0x9F }
	var out []byte
	kept := 0
	for i := range p {
		switch {
		case p[i] == 0x7F:
			out = append(append(out, p[kept:i]...), `\u007f`...)
			kept = i + 1
		case control(i):
			out = fmt.Appendf(append(out, p[kept:i]...), `\u00%02x`, p[i+1])
			kept = i + 2
		}
	}
	if kept == 0 {
		return p
	}
	return append(out, p[kept:]...)
}

// Visible returns a writer for contents that a person looks at: on a terminal, what
// is not printable is escaped, but for the ends of lines and tabs. Elsewhere it is w.
func Visible(w io.Writer) io.Writer {
	if !IsTerminal(w) {
		return w
	}
	return visible{w}
}

type visible struct{ w io.Writer }

func (v visible) Write(p []byte) (int, error) {
	var b strings.Builder
	for rest := string(p); rest != ""; {
		at := strings.IndexAny(rest, "\n\t")
		if at < 0 {
			b.WriteString(escape(rest, ""))
			break
		}
		b.WriteString(escape(rest[:at], ""))
		b.WriteByte(rest[at])
		rest = rest[at+1:]
	}
	_, err := io.WriteString(v.w, b.String())
	return len(p), err
}

// Display prepares a file name for people. On a terminal a name with characters
// that are not printable, or that is not UTF-8, is written the way that bash and
// zsh read it back, $'a\nb'; every other name, and every name off a terminal, is
// given as it is.
func Display(name string, terminal bool) string {
	if !terminal || escape(name, "") == name {
		return name
	}
	return "$'" + escape(name, `\'`) + "'"
}

// ShellWord prepares a file name for a line that people copy into a shell, whoever gave
// the name: as Display, and in quotes where a shell would read more than a name.
func ShellWord(name string, terminal bool) string {
	const plain = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-_./:@%+,="
	shown := Display(name, terminal)
	if shown != name || name != "" && strings.Trim(name, plain) == "" {
		return shown
	}
	return quote(name)
}

// escape replaces what is not printable, and the characters of special, by
// backslash sequences.
func escape(s, special string) string {
	const hex = "0123456789ABCDEF"
	var b strings.Builder
	for i := 0; i < len(s); {
		r, size := utf8.DecodeRuneInString(s[i:])
		switch {
		case strings.ContainsRune(special, r):
			b.WriteByte('\\')
			b.WriteRune(r)
		case r == '\n':
			b.WriteString(`\n`)
		case r == '\t':
			b.WriteString(`\t`)
		case r == '\r':
			b.WriteString(`\r`)
		case unicode.IsPrint(r) && !(r == utf8.RuneError && size == 1):
			b.WriteRune(r)
		default:
			for _, c := range []byte(s[i : i+size]) {
				b.WriteString(`\x`)
				b.WriteByte(hex[c>>4])
				b.WriteByte(hex[c&15])
			}
		}
		i += size
	}
	return b.String()
}

// Size writes a number of bytes for people, to three digits or so, as in "12.4 MiB".
func Size(n int64) string {
	units := []string{"B", "KiB", "MiB", "GiB", "TiB", "PiB", "EiB"}
	x := float64(n)
	i := 0
	for x >= 999.5 && i < len(units)-1 {
		x /= 1024
		i++
	}
	if i == 0 || x >= 99.95 {
		return fmt.Sprintf("%.0f %s", x, units[i])
	}
	return fmt.Sprintf("%.1f %s", x, units[i])
}

// Count writes a number of things, as in "1 record" and "2 records".
func Count(n int64, one string) string {
	if n == 1 {
		return "1 " + one
	}
	return fmt.Sprintf("%d %ss", n, one)
}

// Printable replaces what is not printable in a text for people by backslash
// sequences.
func Printable(text string) string { return escape(text, "") }
