package scan

import (
	"errors"
	"fmt"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/scan/ignore"
)

// gitFolder is never entered, nor listed where it is a file: what git keeps is
// not part of the tree.
const gitFolder = ".git"

// rules are the rules that hold for every root and that a scan writes into its
// coverage: extension, include and exclude patterns, hidden names.
type rules struct {
	extensions []string // nil for all
	include    ignore.List
	exclude    ignore.List
	hidden     bool
}

func newRules(extensions, include, exclude []string, hidden bool) (*rules, error) {
	r := &rules{hidden: hidden}
	if !slices.Contains(extensions, "*") {
		r.extensions = extensions
	}
	var err error
	if r.include, err = ignore.Compile(include); err != nil {
		return nil, fmt.Errorf("include: %w", err)
	}
	if r.exclude, err = ignore.Compile(exclude); err != nil {
		return nil, fmt.Errorf("exclude: %w", err)
	}
	return r, nil
}

// CleanExtensions gives every extension its dot and lower case.
func CleanExtensions(list []string) ([]string, error) {
	var clean []string
	for _, ext := range list {
		switch {
		case ext == "*":
		case ext == "" || ext == "." || strings.ContainsAny(ext, "/*\x00"):
			return nil, fmt.Errorf("extension %q is not one such as md or .md, or * for all", ext)
		default:
			ext = "." + strings.ToLower(strings.TrimPrefix(ext, "."))
		}
		if !slices.Contains(clean, ext) {
			clean = append(clean, ext)
		}
	}
	if len(clean) == 0 {
		return nil, errors.New("no extension is left to look for")
	}
	return clean, nil
}

// name reports whether a name may be entered or listed at all.
func (r *rules) name(name string) bool {
	return name != gitFolder && (r.hidden || name[0] != '.')
}

// extension reports whether the name of a file ends in an extension looked for.
func (r *rules) extension(name string) bool {
	if r.extensions == nil {
		return true
	}
	for _, ext := range r.extensions {
		if from := len(name) - len(ext); from >= 0 && strings.EqualFold(name[from:], ext) {
			return true
		}
	}
	return false
}

// included reports whether an include pattern matches a path below its root; a
// folder that is included includes all below it.
func (r *rules) included(rel string, folder bool) bool {
	return r.include.Empty() || r.include.Match(rel, folder) == ignore.Ignored
}

// excluded reports whether an exclude pattern matches a path below its root.
func (r *rules) excluded(rel string, folder bool) bool {
	return r.exclude.Match(rel, folder) == ignore.Ignored
}

// covers is all of the rules in one, for a file at a path below its root.
func (r *rules) covers(rel string) bool {
	for name := range strings.SplitSeq(rel, "/") {
		if name == "" || !r.name(name) {
			return false
		}
	}
	return r.extension(rel) && !r.exclude.MatchBelow(rel) && (r.include.Empty() || r.include.MatchBelow(rel))
}
