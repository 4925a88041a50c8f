package sqlite

import (
	"context"
	"database/sql"
	"os"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// Info sums up the knowledge base.
func (r *Reader) Info(ctx context.Context, now kb.Instant, scans int) (asof.Info, error) {
	info := asof.Info{Path: r.name}
	var validFrom, validTo, recordedFrom, recordedTo, created sql.NullInt64
	_, err := r.row(`
		SELECT
			(SELECT count(*) FROM path p WHERE EXISTS (SELECT 1 FROM version WHERE path = p.id AND blob IS NOT NULL)),
			(SELECT count(*) FROM path p JOIN version v ON v.id = `+inForceNow+` WHERE v.blob IS NOT NULL),
			(SELECT count(*) FROM version),
			(SELECT count(*) FROM blob),
			(SELECT coalesce(sum(size), 0) FROM blob),
			(SELECT min(valid_from) FROM version), (SELECT max(valid_from) FROM version),
			(SELECT recorded_at FROM version ORDER BY id LIMIT 1),
			(SELECT recorded_at FROM version ORDER BY id DESC LIMIT 1),
			(SELECT value FROM meta WHERE key = 'created_at'),
			(SELECT count(*) FROM failure WHERE cleared_at IS NULL AND path IS NOT NULL)`,
		[]any{now}, &info.Paths, &info.Documents, &info.Versions, &info.Contents, &info.ContentBytes,
		&validFrom, &validTo, &recordedFrom, &recordedTo, &created, &info.Failed)
	if err != nil {
		return info, err
	}
	info.ValidFrom, info.ValidTo = instantPtr(validFrom), instantPtr(validTo)
	info.RecordedFrom, info.RecordedTo = instantPtr(recordedFrom), instantPtr(recordedTo)
	info.CreatedAt = instantPtr(created)
	if info.Index, err = r.indexInfo(ctx, now); err != nil {
		return info, err
	}
	if stat, err := os.Stat(r.path); err == nil {
		info.FileBytes = stat.Size()
	}
	err = r.each("SELECT body, expected, closed_at, withheld FROM scan ORDER BY started_at DESC, id DESC LIMIT ?", []any{scans},
		func(rows *sql.Rows) error {
			var scan asof.ScanInfo
			var body []byte
			var expected, closed sql.NullInt64
			if err := rows.Scan(&body, &expected, &closed, &scan.Withheld); err != nil {
				return err
			}
			if err := decodeScan(body, &scan.Scan); err != nil {
				return err
			}
			scan.Complete = closed.Valid
			scan.Paths = expected.Int64
			info.Scans = append(info.Scans, scan)
			return nil
		})
	return info, err
}

// hasIndex reports whether the file is of a version that has tables for an index.
func (r *Reader) hasIndex() (bool, error) {
	var has bool
	_, err := r.row("SELECT EXISTS (SELECT 1 FROM sqlite_schema WHERE name = 'passage')", nil, &has)
	return has, err
}

// indexInfo sums up the index.
func (r *Reader) indexInfo(ctx context.Context, now kb.Instant) (asof.IndexInfo, error) {
	state, err := r.Index(ctx)
	info := asof.IndexInfo{
		Recorded: state.Recorded, Behind: state.Behind, Waiting: state.Waiting, Embedder: state.Embedder, Dim: state.Dim,
	}
	if err != nil || !info.Recorded {
		return info, err
	}
	_, err = r.row(`
		SELECT (SELECT count(*) FROM passage WHERE valid_from <= ?1 AND valid_to > ?1),
			(SELECT count(*) FROM text),
			(SELECT count(*) FROM text WHERE embedding = 1)`, []any{now}, &info.Passages, &info.Texts, &info.Vectors)
	return info, err
}
