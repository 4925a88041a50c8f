package ingest

import (
	"context"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

// Remove records by hand that the documents of the given names, and those below
// folders of these names, are gone from a moment on; nil means now. Of opts it heeds
// Retry and Retrying.
func Remove(ctx context.Context, store Store, start RunStart, opts Options, at *kb.Instant, prefixes []string) (*Summary, error) {
	sum := &Summary{Started: start.At.Time(), began: time.Now()}
	store = Retrying(store, opts.Retry, sum.counting(opts.Retrying))
	var err error
	if sum.Run, err = store.BeginRun(ctx, start); err != nil {
		return sum.end(ctx, err)
	}
	err = store.Update(ctx, func(tx Tx) error {
		from := tx.Now()
		if at != nil {
			from = *at
		}
		held := make(map[int64]PathState) // prefixes may overlap
		for _, prefix := range prefixes {
			err := tx.Under(prefix, from, func(p PathState) error {
				held[p.ID] = p
				return nil
			})
			if err != nil {
				return err
			}
		}
		passages := deriver{tx: tx, run: sum.Run}
		for _, p := range held {
			v := &kb.Version{Path: p.Name, Gone: true, ValidFrom: from}
			if p.InForce.ValidFrom == from {
				v.Seq = p.InForce.Seq
			}
			if err := passages.bury(p.ID, v); err != nil {
				return err
			}
		}
		if err := passages.finish(); err != nil {
			return err
		}
		sum.Chunks, sum.Counts.Deleted = 1, int64(len(held))
		return tx.AddChunk(ChunkResult{Run: sum.Run, Counts: sum.Counts})
	})
	return sum.end(ctx, err)
}
