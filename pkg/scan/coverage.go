package scan

import (
	"path"

	"github.com/seed16713943/btools/pkg/kb"
)

// Coverage tells which paths a scan would have looked at.
type Coverage struct {
	scan  *kb.Scan
	trees map[string]bool
	rules *rules
}

// NewCoverage prepares the coverage of a scan, which must not change while it
// is used. The error is about a pattern or an extension that this module would
// not have written.
func NewCoverage(scan *kb.Scan) (*Coverage, error) {
	covers := &scan.Covers
	c := &Coverage{scan: scan, trees: make(map[string]bool)}
	if len(covers.Trees) == 0 {
		return c, nil
	}
	extensions, err := CleanExtensions(covers.Extensions)
	if err != nil {
		return nil, err
	}
	if c.rules, err = newRules(extensions, covers.Include, covers.Exclude, covers.Hidden); err != nil {
		return nil, err
	}
	for _, tree := range covers.Trees {
		c.trees[tree] = true
	}
	return c, nil
}

// Covers reports whether the scan would have looked at the file of a record,
// had there been a file: it lies below one of the trees, and the extensions, the
// include and exclude patterns, the rule for hidden names and the shard take
// it. Ignore files, sizes and links are not asked: what they keep out now is
// not there for this scan.
func (c *Coverage) Covers(record string) bool {
	if len(c.trees) == 0 {
		return false
	}
	file, err := FilePath(c.scan, record)
	if err != nil {
		return false
	}
	rel, ok := c.belowTree(file)
	return ok && c.rules.covers(rel) && InShard(c.scan.Covers.Shard, record)
}

// IsTree reports whether a record is of one of the trees themselves, as where a scan did
// not find it.
func (c *Coverage) IsTree(record string) bool {
	file, err := FilePath(c.scan, record)
	return err == nil && c.trees[file]
}

// InTree reports whether a record is of one of the trees or of what lies below one,
// whatever the rules say of it.
func (c *Coverage) InTree(record string) bool {
	file, err := FilePath(c.scan, record)
	if err != nil {
		return false
	}
	_, below := c.belowTree(file)
	return below || c.trees[file]
}

// belowTree returns the part of a path below the deepest tree that holds it:
// where trees overlap, that one has listed it.
func (c *Coverage) belowTree(file string) (rel string, ok bool) {
	for at := file; ; {
		if path.Base(at) == ".." {
			return "", false // the parent of ".." is not "."
		}
		parent := path.Dir(at)
		if parent == at {
			return "", false
		}
		if c.trees[parent] {
			return below(parent, file)
		}
		at = parent
	}
}
