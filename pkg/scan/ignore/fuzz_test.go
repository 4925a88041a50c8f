package ignore_test

import (
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/scan/ignore"
)

// FuzzEscaped checks that a path whose every byte is escaped is a pattern for
// that path and for no other, and that the path as a pattern does no harm.
func FuzzEscaped(f *testing.F) {
	f.Add("a.md", "b.md")
	f.Add("docs/**/[!a-b]*?", "docs/x/c1")
	f.Add("[[:alpha:]", "a")
	f.Add(" # !\\ ", "\xff")
	f.Fuzz(func(t *testing.T, path, other string) {
		ignore.Parse([]byte(path)).Match(other, true)
		if path == "" || strings.ContainsAny(path, "\n\x00") || strings.HasPrefix(path, "/") || strings.HasSuffix(path, "/") {
			return
		}
		var pattern strings.Builder
		pattern.WriteByte('/')
		for i := range len(path) {
			pattern.WriteString(`\` + path[i:i+1])
		}
		list, err := ignore.Compile([]string{pattern.String()})
		if err != nil {
			t.Fatal(err)
		}
		if list.Match(path, false) != ignore.Ignored {
			t.Errorf("%q does not match %q", pattern.String(), path)
		}
		if other != path && list.Match(other, false) != ignore.Unknown {
			t.Errorf("%q matches %q", pattern.String(), other)
		}
	})
}

// TestTimeIsBounded has patterns that take matchers with plain recursion for
// ever.
func TestTimeIsBounded(t *testing.T) {
	name := strings.Repeat("a", 5000)
	path := strings.Repeat("a/", 2500)
	for _, pattern := range []string{strings.Repeat("*a", 50) + "b", "/" + strings.Repeat("**/a*/", 50) + "b"} {
		list := ignore.Parse([]byte(pattern))
		if list.Match(name, false) != ignore.Unknown || list.Match(path+"c", false) != ignore.Unknown {
			t.Errorf("%s matches", pattern)
		}
	}
}
