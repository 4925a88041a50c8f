package kb

import (
	"path"
	"strings"
	"unicode/utf8"
)

// IsPath reports whether a document can have a name: those of records are cleaned as
// [path.Clean] does it before they are stored.
func IsPath(name string) bool {
	return name != "" && name != "." && name != "/" && path.Clean(name) == name && !strings.Contains(name, "\x00")
}

// CleanPrefix makes of a name that somebody typed the one that documents have, or that of
// a folder of theirs; "" for all of them.
func CleanPrefix(typed string) string {
	if name := path.Clean(typed); name != "." {
		return name
	}
	return ""
}

// Under reports whether a path is a prefix or lies below it, as below a folder. All
// paths are under "".
func Under(prefix, path string) bool {
	return prefix == "" || path == prefix || strings.HasPrefix(path, strings.TrimSuffix(prefix, "/")+"/")
}

// Readable returns s as a JSON string can hold it, and its bytes where that is not all
// of it, since s is not UTF-8.
func Readable(s string) (readable string, raw []byte) {
	if utf8.ValidString(s) {
		return s, nil
	}
	return strings.ToValidUTF8(s, "\uFFFD"), []byte(s)
}
