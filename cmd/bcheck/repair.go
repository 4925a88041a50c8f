package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"runtime"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/stream"
	"github.com/seed16713943/btools/pkg/sysload"
	"github.com/seed16713943/btools/pkg/tool"
)

const (
	// unitBytes of content are read for one transaction, or for one step of a
	// reindex.
	unitBytes  = 16 << 20
	unitCount  = 100
	beforeName = ".before-repair"
)

// action is something that -repair or -recover did, as -json has it.
type action struct {
	Type  string `json:"type"` // "action"
	Did   string `json:"did"`  // a word for it
	Count int64  `json:"count,omitempty"`
	File  string `json:"file,omitempty"`
}

// plan is what a repair has to do.
type plan struct {
	runs, scans, meta, log          bool
	textIndex, vectors, passagesToo bool
}

// planOf makes a plan of the codes that a check has found. proved says that it has read
// all data: else passages and texts themselves may be what is wrong where something that
// is made of them differs.
func planOf(codes map[string]int64, proved bool) plan {
	any := func(names ...string) bool {
		for _, name := range names {
			if codes[name] > 0 {
				return true
			}
		}
		return false
	}
	p := plan{
		runs: any(sqlite.CodeRun, sqlite.CodeRunOpen), scans: any(sqlite.CodeScanOpen),
		meta: any(sqlite.CodeMeta), log: any(sqlite.CodeLog),
		textIndex:   any(sqlite.CodeTextIndex, sqlite.CodeWord),
		vectors:     any(sqlite.CodeVectorRow, sqlite.CodeBlock, sqlite.CodeSpan),
		passagesToo: any(sqlite.CodeText, sqlite.CodeInterval, sqlite.CodePassages, sqlite.CodeVector, sqlite.CodeMeta, sqlite.CodeForeignKey),
	}
	p.passagesToo = p.passagesToo || !proved && (p.textIndex || p.vectors)
	return p
}

// runRepair checks, makes a copy, repairs, and checks again.
func (s *settings) runRepair(c *cli.Context, out *printer) error {
	if err := s.check(c, out); err != nil {
		return err
	}
	repairable := out.cures[sqlite.ByRepair] > 0
	p := planOf(out.codes, *s.data && *s.sample == 100)
	switch {
	case out.codes[sqlite.CodeSQLite]+out.codes[sqlite.CodeUnreadable] > 0:
		err := fmt.Errorf("%s is damaged where SQLite itself stands on it; what was repaired would stand on damaged pages, and so nothing was", *s.db)
		return errors.Join(out.summary(), tool.Exit(tool.ExitPartial, tool.WithHint(err, "to save what can still be read: bcheck -recover OUT")))
	case !repairable && !p.runs && !p.scans:
		return errors.Join(out.summary(), s.verdict(out))
	}
	copied, err := sqlite.Aside(c.Context, *s.db, beforeName)
	if err != nil {
		return storeHint(err)
	}
	if err := out.say(action{"action", "copied", 0, copied}, "copied %s to %s", tool.Display(*s.db, out.terminal), tool.Display(copied, out.terminal)); err != nil {
		return err
	}
	if err := s.mend(c, out, p, copied); err != nil {
		return storeHint(err)
	}
	out.again()
	if err := s.check(c, out); err != nil {
		return err
	}
	return errors.Join(out.summary(), s.verdict(out))
}

// mend does what the plan says.
func (s *settings) mend(c *cli.Context, out *printer, p plan, copied string) (err error) {
	store, err := sqlite.Open(c.Context, *s.db, sqlite.Options{Copied: func(name string) {
		tool.Warn(c, fmt.Errorf("%s was made by an older version and is brought up to date; as it was, it is kept in %s", *s.db, name))
	}})
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, store.Close()) }()
	if p.runs {
		n, err := store.RepairRuns(c.Context, s.options().Alive)
		if err == nil {
			err = out.say(action{"action", "ended_runs", n, ""}, "ended %s whose process is gone", tool.Count(n, "run"))
		}
		if err != nil {
			return err
		}
	}
	if p.meta {
		if err := store.RepairMeta(c.Context); err != nil {
			return err
		}
	}
	if err := s.mendIndex(c, out, store, p, copied); err != nil {
		return err
	}
	if p.scans {
		if err := s.settle(c, out, store, copied); err != nil {
			return err
		}
	}
	if p.log { // which ends with the transactions that can be read, and is emptied when the file is closed
		return out.say(action{"action", "emptied_wal", 0, ""}, "emptied the write-ahead log; the transactions that cannot be read are lost")
	}
	return nil
}

// mendIndex makes anew what is damaged of what searches stand on.
func (s *settings) mendIndex(c *cli.Context, out *printer, store *sqlite.Store, p plan, copied string) error {
	if p.passagesToo {
		if err := s.reindex(c, store, copied); err != nil {
			return err
		}
		return out.say(action{"action", "reindexed", 0, ""}, "made all passages, their index of words and their vectors anew")
	}
	if p.textIndex {
		if err := store.RepairTextIndex(c.Context); err != nil {
			return err
		}
		if err := out.say(action{"action", "rebuilt_text_index", 0, ""}, "made the index of words anew"); err != nil {
			return err
		}
	}
	if p.vectors {
		if err := store.RepairVectors(c.Context); err != nil {
			return err
		}
		return out.say(action{"action", "rebuilt_vectors", 0, ""}, "packed the vectors anew")
	}
	return nil
}

// reindex makes the whole index anew. Vectors of a server are taken from the file as
// it was, as far as they can be read; the others wait for the next run of bingest.
func (s *settings) reindex(c *cli.Context, store *sqlite.Store, was string) (err error) {
	kept, err := sqlite.OpenReader(c.Context, was)
	switch {
	case err == nil:
		defer func() { err = errors.Join(err, kept.Close()) }()
	case errors.Is(err, sqlite.ErrDamaged), errors.Is(err, sqlite.ErrForeign):
		kept = nil // it is being recovered
	default:
		return err
	}
	index, err := store.Index(c.Context)
	if err != nil {
		return err
	}
	embedder, err := embedderOf(index, kept)
	if err != nil {
		return err
	}
	shown := s.progress.Start(c, tool.ProgressOptions{One: "content"})
	defer shown.Close()
	var of int64 // not known where the file cannot be read
	if kept != nil && shown.Shown() {
		of, _ = kept.CountVersions(c.Context)
	}
	opts := s.ingestOptions(c, embedder)
	opts.Progress = func(p ingest.Progress) { shown.Tell(tool.Done{Files: p.Contents, Of: of}) }
	sum, err := ingest.Reindex(c.Context, store, ingest.RunHere(kb.InstantOf(time.Now())), opts)
	return s.finish(c, store, sum, err)
}

// embedderOf returns the embedder of an index. One that is a server is not asked:
// that takes an address and a key, and may cost money.
func embedderOf(index ingest.IndexState, kept *sqlite.Reader) (embed.Embedder, error) {
	switch {
	case index.Embedder == "" || embed.IsBuiltin(index.Embedder):
		return embed.NewBuiltin(), nil
	case index.Embedder == (embed.None{}).Name():
		return embed.None{}, nil
	}
	of := func(_ context.Context, texts []string) ([][]int8, error) { return make([][]int8, len(texts)), nil }
	if kept != nil {
		of = kept.KeptVectors()
	}
	return embed.NewKept(index.Embedder, max(index.Dim, 1), of), nil
}

func (s *settings) ingestOptions(c *cli.Context, embedder embed.Embedder) ingest.Options {
	return ingest.Options{
		Clock: time.Now, Workers: max(2, runtime.NumCPU()), ChunkSize: unitCount, UnitBytes: unitBytes,
		MaxDelete: 0.5, Partial: true, Embedder: embedder,
		Retry: ingest.Retry{Attempts: 3, Wait: 100 * time.Millisecond, MaxWait: 10 * time.Second},
		Warn:  func(message string) { tool.Warn(c, errors.New(message)) },
	}
}

// settle settles scans of which all is in: it takes their ends in once more.
func (s *settings) settle(c *cli.Context, out *printer, store *sqlite.Store, copied string) (err error) {
	ends, err := store.OpenScans(c.Context)
	if err != nil || len(ends) == 0 {
		return err
	}
	var input bytes.Buffer
	enc := stream.NewEncoder(&input)
	for i := range ends {
		if err := errors.Join(enc.Scan(&ends[i].Scan), enc.End(&ends[i])); err != nil {
			return err
		}
	}
	kept, err := sqlite.OpenReader(c.Context, copied)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, kept.Close()) }()
	index, err := store.Index(c.Context)
	if err != nil {
		return err
	}
	embedder, err := embedderOf(index, kept)
	if err != nil {
		return err
	}
	sum, err := ingest.Run(c.Context, store, &input, s.ingestOptions(c, embedder))
	if err := s.finish(c, store, sum, err); err != nil {
		return err
	}
	return out.say(action{"action", "settled_scans", int64(len(ends)), ""}, "settled %s: %s gone", tool.Count(int64(len(ends)), "scan"), tool.Count(sum.Counts.Deleted, "document"))
}

// finish ends a run of this program.
func (s *settings) finish(c *cli.Context, store *sqlite.Store, sum *ingest.Summary, fatal error) error {
	if sum.Run == 0 {
		return fatal
	}
	usage, err := sysload.Memory()
	if err != nil {
		tool.Warn(c, err)
	}
	rep := sum.Report(time.Now(), usage, s.set.Map(), fatal)
	rep.Command = report.Repair
	kept, err := report.Marshal(rep)
	if err != nil {
		return errors.Join(fatal, err)
	}
	ctx := context.WithoutCancel(c.Context) // an interrupted run is finished too
	err = store.FinishRun(ctx, sum.Run, ingest.RunFinish{At: kb.InstantOf(time.Now()), Status: sum.Status, Report: kept})
	switch {
	case fatal != nil:
		return errors.Join(fatal, err)
	case err == nil && sum.Status == ingest.Interrupted:
		return tool.ErrInterrupted
	}
	return err
}
