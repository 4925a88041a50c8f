package sqlite

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// Commits returns the commits whose hashes begin with some digits. Versions are
// looked at one after the other: an index of their sources would cost every
// version, and few questions name a commit.
func (r *Reader) Commits(ctx context.Context, digits string, most int) ([]asof.Commit, error) {
	var found []asof.Commit
	first := kb.CommitSource + digits
	err := r.each(`
		SELECT DISTINCT source, valid_from, seq FROM version
		WHERE source >= ? AND source < ?
		ORDER BY source, valid_from, seq`, []any{first, first + "g"}, func(rows *sql.Rows) error { // "g" follows "f"
		var c asof.Commit
		if err := rows.Scan(&c.Hash, &c.ValidFrom, &c.Seq); err != nil {
			return err
		}
		c.Hash = c.Hash[len(kb.CommitSource):]
		if last := len(found) - 1; last >= 0 && found[last].Hash == c.Hash {
			c.Elsewhere = true
			found[last] = c
			return nil
		}
		if len(found) == most {
			return errStop
		}
		found = append(found, c)
		return ctx.Err()
	})
	return found, untilStop(err)
}

// Branches returns two commits with one place, no later than the given one and under a
// prefix under which that has changed something: histories were taken in there along
// more than one line. It returns "" where there are none.
func (r *Reader) Branches(ctx context.Context, c *asof.Commit) (one, other string, err error) {
	scans, err := r.HistoriesHeard(ctx)
	if err != nil || !mayBranch(scans) {
		return "", "", err
	}
	group, args := prefixGroup(scans)
	_, err = r.row(`
		WITH history AS (
			SELECT v.source, max(v.seq) AS seq, max(v.valid_from) AS valid_from, `+group+` AS prefix
			FROM version v JOIN path p ON p.id = v.path
			WHERE v.source >= :first AND v.source < :after AND v.seq <= :seq GROUP BY 1, 4)
		SELECT substr(min(source), :skip), substr(max(source), :skip) FROM history
		WHERE valid_from <= :until AND prefix IN (SELECT prefix FROM history WHERE source = :source)
		GROUP BY prefix, seq HAVING min(source) <> max(source) ORDER BY seq DESC LIMIT 1`,
		append(args, sql.Named("first", kb.CommitSource), sql.Named("after", kb.CommitSource+"g"),
			sql.Named("until", c.ValidFrom), sql.Named("source", kb.CommitSource+c.Hash), sql.Named("skip", len(kb.CommitSource)+1),
			sql.Named("seq", c.Seq)), &one, &other)
	return one, other, err
}

// LivePrefixes returns the prefixes of all scans of files, "" among them for those without.
func (r *Reader) LivePrefixes(context.Context) ([]string, error) {
	var prefixes []string
	err := r.each("SELECT DISTINCT coalesce(json_extract(body, '$.prefix'), '') FROM scan WHERE live = 1", nil, func(rows *sql.Rows) error {
		var prefix string
		err := rows.Scan(&prefix)
		prefixes = append(prefixes, prefix)
		return err
	})
	return prefixes, err
}

// PathOf returns a path that a commit has changed; "" if there is none.
func (r *Reader) PathOf(_ context.Context, commit string) (string, error) {
	var name []byte
	_, err := r.row("SELECT p.name FROM version v JOIN path p ON p.id = v.path WHERE v.source = ? LIMIT 1", []any{kb.CommitSource + commit}, &name)
	return string(name), err
}

// Aside calls fn, until that returns false, for the paths under a prefix that are at a
// point not as histories say, since other versions came later.
func (r *Reader) Aside(ctx context.Context, prefix string, at kb.Point, fn func(path string) bool) error {
	const fromHistory = "source >= :commit AND source < :commits"
	return untilStop(func() error {
		for _, part := range under(prefix) {
			args := append(pointArgs("", at), sql.Named("commit", kb.CommitSource), sql.Named("commits", kb.CommitSource+"g"))
			err := r.each(`
				SELECT p.name
				FROM path p
				JOIN version v ON v.id = `+inForceAt+`
				LEFT JOIN version h ON h.id = `+latest(begun("")+" AND "+fromHistory)+`
				WHERE NOT (v.source >= :commit AND v.source < :commits)
					AND (v.blob IS NOT h.blob OR ifnull(v.mode, 0) & 64 <> ifnull(h.mode, 0) & 64) AND `+part.condition,
				append(args, part.args...), func(rows *sql.Rows) error {
					var name []byte
					if err := rows.Scan(&name); err != nil {
						return err
					}
					if !fn(string(name)) {
						return errStop
					}
					return ctx.Err()
				})
			if err != nil {
				return err
			}
		}
		return nil
	}())
}

// mayBranch reports whether histories may be of more than one line: unless, under each
// prefix, one goes on where another ends. It may also be one line that was taken in anew.
func mayBranch(scans []kb.Scan) bool {
	type place struct{ prefix, commit string }
	next := make(map[place]string)
	ends := make(map[place]bool)
	for _, scan := range scans {
		from := place{scan.Prefix, scan.History.Since}
		if end, known := next[from]; known && end != scan.History.Commit {
			return true
		}
		next[from] = scan.History.Commit
		ends[place{scan.Prefix, scan.History.Commit}] = true
	}
	for from := range next {
		if from.commit != "" && !ends[from] {
			return true
		}
	}
	return false
}

// prefixGroup is an expression that tells names under the prefixes of scans apart. Of
// several, the longest one counts.
func prefixGroup(scans []kb.Scan) (expression string, args []any) {
	var prefixes []string
	for _, scan := range scans {
		if scan.Prefix != "" && !slices.Contains(prefixes, scan.Prefix) {
			prefixes = append(prefixes, scan.Prefix)
		}
	}
	if len(prefixes) == 0 {
		return "0", nil
	}
	slices.SortFunc(prefixes, func(a, b string) int { return cmp.Compare(len(b), len(a)) })
	var b strings.Builder
	b.WriteString("CASE")
	for i, prefix := range prefixes {
		below := spansUnder(prefix)[1]
		fmt.Fprintf(&b, " WHEN p.name >= :first%d AND p.name < :after%d THEN %d", i, i, i+1)
		args = append(args, sql.Named(fmt.Sprintf("first%d", i), []byte(below.first)), sql.Named(fmt.Sprintf("after%d", i), []byte(below.after)))
	}
	b.WriteString(" ELSE 0 END")
	return b.String(), args
}

// HistoryVersions calls fn for every version that comes from a history of git, in
// no order. It has the place and the source of the version, but not its content.
func (r *Reader) HistoryVersions(ctx context.Context, fn func(*kb.Version) error) error {
	return r.each(`
		SELECT v.id, p.name, v.valid_from, v.seq, v.blob IS NULL, v.source
		FROM version v JOIN path p ON p.id = v.path
		WHERE v.source >= ? AND v.source < ?`, []any{kb.CommitSource, kb.CommitSource + "g"}, func(rows *sql.Rows) error {
		var v kb.Version
		if err := rows.Scan(&v.ID, &v.Path, &v.ValidFrom, &v.Seq, &v.Gone, &v.Source); err != nil {
			return err
		}
		if err := fn(&v); err != nil {
			return err
		}
		return ctx.Err()
	})
}
