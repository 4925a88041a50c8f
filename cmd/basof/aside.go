package main

import (
	"fmt"
	"slices"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// warnAside tells those who ask as of a commit where scans of files have brought what
// is not in its tree.
func warnAside(c *cli.Context, reader *sqlite.Reader, point *asked) error {
	live, err := reader.LivePrefixes(c.Context)
	if err != nil || len(live) == 0 {
		return err
	}
	covers, err := repository(c, reader, point.when.hash)
	if err != nil || covers == nil {
		return err
	}
	aside := ""
	err = reader.Aside(c.Context, covers.prefix, point.Point, func(path string) bool {
		if covers.has(path, live) {
			aside = path
		}
		return aside == ""
	})
	if err == nil && aside != "" {
		tool.Warn(c, tool.WithHint(
			fmt.Errorf("%s was changed by a scan of files, and so what was there as of @%s is not exactly the tree that it left", aside, point.when.hash),
			"a history that is taken in alone, or under a -prefix of its own, has it exactly"))
	}
	return err
}

// repositoryPaths are those that the histories of a repository list.
type repositoryPaths struct {
	prefix    string
	histories []*scan.Coverage
}

// repository returns the paths of that which a commit is of; nil if it is not known.
func repository(c *cli.Context, reader *sqlite.Reader, commit string) (*repositoryPaths, error) {
	changed, err := reader.PathOf(c.Context, commit)
	if err != nil {
		return nil, err
	}
	scans, err := reader.HistoriesHeard(c.Context)
	if err != nil {
		return nil, err
	}
	var found *repositoryPaths
	for i := range scans {
		s := &scans[i]
		covers, err := scan.NewCoverage(&kb.Scan{Prefix: s.Prefix, Covers: s.History.Takes})
		switch {
		case err != nil:
			return nil, err
		case !listed(covers, changed), found != nil && len(s.Prefix) < len(found.prefix):
			continue
		case found == nil || len(s.Prefix) > len(found.prefix):
			found = &repositoryPaths{prefix: s.Prefix}
		}
		found.histories = append(found.histories, covers)
	}
	return found, nil
}

// has reports whether a path is the repository's, and not under a longer prefix that
// scans of files were given, to be kept apart.
func (r *repositoryPaths) has(path string, live []string) bool {
	apart := func(prefix string) bool { return len(prefix) > len(r.prefix) && scan.Below(prefix, path) }
	return !slices.ContainsFunc(live, apart) &&
		slices.ContainsFunc(r.histories, func(covers *scan.Coverage) bool { return listed(covers, path) })
}

func listed(covers *scan.Coverage, path string) bool {
	return covers.Covers(path) || covers.IsTree(path)
}
