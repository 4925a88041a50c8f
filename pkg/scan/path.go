package scan

import (
	"errors"
	"fmt"
	"hash/fnv"
	"path"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
)

// cleanRoots cleans paths and drops those that say the same again.
func cleanRoots(roots []string, prefix string) ([]string, error) {
	var clean []string
	for _, root := range roots {
		switch {
		case root == "":
			return nil, errors.New("an empty path names nothing")
		case strings.Contains(root, "\x00"):
			return nil, fmt.Errorf("path %q has a NUL byte, which no file name can have", root)
		}
		root = path.Clean(root)
		if prefix != "" && climbs(root) {
			return nil, fmt.Errorf("path %q leads out of the current folder, which no path below the prefix %q can say", root, prefix)
		}
		if !slices.Contains(clean, root) {
			clean = append(clean, root)
		}
	}
	if prefix != "" && slices.ContainsFunc(clean, path.IsAbs) && !allFunc(clean, path.IsAbs) {
		return nil, fmt.Errorf("absolute and relative paths look the same below the prefix %q: give them to one scan each", prefix)
	}
	return clean, nil
}

func allFunc(list []string, is func(string) bool) bool {
	return !slices.ContainsFunc(list, func(s string) bool { return !is(s) })
}

// CleanPrefix cleans what is put before paths; "" stays.
func CleanPrefix(prefix string) (string, error) {
	if prefix == "" {
		return "", nil
	}
	clean := path.Clean(prefix)
	if clean == "." || path.IsAbs(clean) || climbs(clean) || strings.Contains(clean, "\x00") {
		return "", fmt.Errorf("prefix %q is not a relative path such as wiki or team/wiki", prefix)
	}
	return clean, nil
}

// climbs reports whether a clean path begins with "..".
func climbs(clean string) bool {
	return clean == ".." || strings.HasPrefix(clean, "../")
}

// join returns the clean path of a name in a folder that is clean.
func join(folder, name string) string {
	switch folder {
	case ".":
		return name
	case "/":
		return "/" + name
	default:
		return folder + "/" + name
	}
}

// below returns the part of a clean path that lies below a clean folder, and
// whether there is one.
func below(folder, p string) (rest string, ok bool) {
	switch folder {
	case ".":
		rest, ok = p, p != "." && !path.IsAbs(p)
	case "/":
		rest, ok = strings.CutPrefix(p, "/")
	default:
		rest, ok = strings.CutPrefix(p, folder+"/")
	}
	if !ok || rest == "" || climbs(rest) { // "../.." is not below ".."
		return "", false
	}
	return rest, true
}

// WithPrefix returns the path that stands in records for the file at p.
func WithPrefix(prefix, p string) string {
	if prefix == "" {
		return p
	}
	return path.Join(prefix, p)
}

// FilePath returns where the file of a record is to be read, relative to the
// folder s.Dir, or absolute where the roots of the scan were. The error is a
// *kb.Fault for a path that this scan cannot have listed.
func FilePath(s *kb.Scan, record string) (string, error) {
	if s.Prefix == "" {
		return record, nil
	}
	rest, ok := below(s.Prefix, record)
	if !ok {
		return "", kb.NewFault(kb.Validation, kb.BadPath, "path %q is not below the prefix %q of its scan", record, s.Prefix)
	}
	if len(s.Roots) > 0 && path.IsAbs(s.Roots[0]) {
		return "/" + rest, nil
	}
	return rest, nil
}

// SplitRoot splits where a file is to be read, as FilePath returns it, into the root that
// the scan found it below, the innermost of several, and the way from there. It is not ok
// for a file that is a root itself or was listed by name.
func SplitRoot(s *kb.Scan, file string) (root, rest string, ok bool) {
	for _, r := range s.Roots {
		if way, is := below(r, file); is && (!ok || len(way) < len(rest)) {
			root, rest, ok = r, way, true
		}
	}
	return root, rest, ok
}

// Below reports whether a path of a record is the folder or lies below it: the
// test for what an unread folder hides.
func Below(folder, record string) bool {
	_, ok := below(folder, record)
	return ok || folder == record
}

// InShard reports whether a path belongs to a part of the whole. The parts are
// those of the 64-bit FNV-1a hash of the path, modulo their count: a path stays
// in its part as long as the count stays.
func InShard(shard kb.Shard, record string) bool {
	if shard.Count <= 1 {
		return true
	}
	hash := fnv.New64a()
	hash.Write([]byte(record))
	return hash.Sum64()%uint64(shard.Count) == uint64(shard.Index-1)
}
