package main

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"time"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// infoScans is how many scans info lists.
const infoScans = 5

func infoCommand() *cli.Command {
	q := newQuestion()
	return &cli.Command{
		Name:      "info",
		Usage:     "sums up the knowledge base",
		UsageText: "basof info\nbasof info -json | jq .documents",
		Flags:     tool.Flags(&q.set),
		Action:    q.info,
	}
}

// info is what basof info tells.
type info struct {
	DB           string      `json:"db"`
	Documents    int64       `json:"documents"` // that hold content now
	Paths        int64       `json:"paths"`     // that ever held content
	Versions     int64       `json:"versions"`
	Contents     int64       `json:"contents"` // different ones
	ContentBytes int64       `json:"content_bytes"`
	FileBytes    int64       `json:"file_bytes"`
	CreatedAt    *kb.Instant `json:"created_at"`
	ValidFrom    *kb.Instant `json:"first_valid_from"`
	ValidTo      *kb.Instant `json:"last_valid_from"`
	RecordedFrom *kb.Instant `json:"first_recorded_at"`
	RecordedTo   *kb.Instant `json:"last_recorded_at"`
	Failed       int64       `json:"standing_failures"`
	Embedder     *string     `json:"embedder"` // null without an index, or where that has no vectors
	Index        index       `json:"index"`
	Scans        []infoScan  `json:"scans"` // the last ones, the latest first
	stamp
}

// index is what searches stand on.
type index struct {
	Recorded  bool  `json:"recorded"` // there is one, be it of nothing
	Passages  int64 `json:"passages"` // in force now
	Texts     int64 `json:"texts"`    // different wordings of all that ever were
	Vectors   int64 `json:"vectors"`
	Waiting   int64 `json:"waiting"`   // texts that are still to get their vector
	Dimension int   `json:"dimension"` // of the vectors; 0 without any
	Behind    bool  `json:"behind"`    // of what was taken in
}

type infoScan struct {
	*kb.Scan
	Complete bool
	Paths    int64
	Withheld int64
}

// MarshalJSON writes the scan as the stream has it, with what became of it.
func (s infoScan) MarshalJSON() ([]byte, error) {
	return kb.MarshalJSON(struct {
		Scan     *kb.Scan `json:"scan"`
		Complete bool     `json:"complete"`
		Paths    int64    `json:"paths"`
		Withheld int64    `json:"withheld,omitempty"`
	}{s.Scan, s.Complete, s.Paths, s.Withheld})
}

func (q *question) info(c *cli.Context) (err error) {
	if c.Args().Present() {
		return tool.Usagef("info takes no arguments")
	}
	reader, err := openReader(c, *q.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	now := kb.InstantOf(time.Now())
	sum, err := reader.Info(c.Context, now, infoScans)
	if err != nil {
		return err
	}
	if *q.json {
		return kb.NewJSONEncoder(c.App.Writer).Encode(infoOf(&sum, now))
	}
	return writeInfo(c.App.Writer, &sum)
}

func infoOf(sum *asof.Info, now kb.Instant) *info {
	out := &info{
		DB: sum.Path, Documents: sum.Documents, Paths: sum.Paths, Versions: sum.Versions,
		Contents: sum.Contents, ContentBytes: sum.ContentBytes, FileBytes: sum.FileBytes, CreatedAt: sum.CreatedAt,
		ValidFrom: sum.ValidFrom, ValidTo: sum.ValidTo, RecordedFrom: sum.RecordedFrom, RecordedTo: sum.RecordedTo,
		Failed: sum.Failed, Scans: []infoScan{}, stamp: stamp{AsOf: &now},
	}
	i := &sum.Index
	out.Index = index{i.Recorded, i.Passages, i.Texts, i.Vectors, i.Waiting, i.Dim, i.Behind}
	if hasEmbedder(i) {
		out.Embedder = &i.Embedder
	}
	for i := range sum.Scans {
		s := &sum.Scans[i]
		out.Scans = append(out.Scans, infoScan{&s.Scan, s.Complete, s.Paths, s.Withheld})
	}
	return out
}

func writeInfo(w io.Writer, sum *asof.Info) error {
	var b strings.Builder
	row := func(name, format string, args ...any) {
		fmt.Fprintf(&b, "%-11s %s\n", name, fmt.Sprintf(format, args...))
	}
	row("file", "%s, %s", tool.Display(sum.Path, tool.IsTerminal(w)), tool.Size(sum.FileBytes))
	row("documents", "%d now, %d ever", sum.Documents, sum.Paths)
	row("versions", "%d, of %d different contents with %s", sum.Versions, sum.Contents, tool.Size(sum.ContentBytes))
	row("valid", "%s", between(sum.ValidFrom, sum.ValidTo))
	row("recorded", "%s", between(sum.RecordedFrom, sum.RecordedTo))
	row("passages", "%s", passagesText(&sum.Index))
	row("embedder", "%s", embedderText(&sum.Index))
	if sum.Index.Behind {
		row("index", "does not hold all that was taken in; make it anew with: bingest reindex")
	}
	if sum.Failed > 0 {
		row("failed", "%s, and did not succeed since", tool.Count(sum.Failed, "document"))
	}
	for i := range sum.Scans {
		s := &sum.Scans[i]
		listed := "path"
		if s.History != nil {
			listed = "record"
		}
		state := "complete, " + tool.Count(s.Paths, listed)
		switch {
		case !s.Complete && len(s.Roots) == 0:
			state = "without an end"
		case !s.Complete:
			state = "not complete"
		case s.Withheld > 0:
			state += fmt.Sprintf(", %s withheld", tool.Count(s.Withheld, "deletion"))
		}
		row("scan", "%s  %s in %s  %s", s.StartedAt, rootNames(&s.Scan), tool.Display(s.Dir, tool.IsTerminal(w)), state)
	}
	_, err := io.WriteString(w, b.String())
	return err
}

func passagesText(i *asof.IndexInfo) string {
	if !i.Recorded {
		return "no index yet"
	}
	return fmt.Sprintf("%d now, %s ever", i.Passages, tool.Count(i.Texts, "different text"))
}

func hasEmbedder(i *asof.IndexInfo) bool {
	return i.Embedder != "" && i.Embedder != embed.None{}.Name()
}

func embedderText(i *asof.IndexInfo) string {
	if !hasEmbedder(i) {
		return "none"
	}
	text := i.Embedder + ", " + tool.Count(i.Vectors, "vector")
	if i.Dim > 0 {
		text += fmt.Sprintf(" of %d dimensions", i.Dim)
	}
	if i.Waiting > 0 {
		text += fmt.Sprintf(", %s without one yet", tool.Count(i.Waiting, "text"))
	}
	return text
}

func between(from, to *kb.Instant) string {
	if from == nil || to == nil {
		return "nothing yet"
	}
	return fmt.Sprintf("%s .. %s", from, to)
}

func rootNames(s *kb.Scan) string {
	if len(s.Roots) == 0 {
		return "single paths"
	}
	names := make([]string, len(s.Roots))
	for i, root := range s.Roots {
		names[i] = tool.Display(root, true)
	}
	if h := s.History; h != nil {
		return fmt.Sprintf("history of %s up to %.12s", strings.Join(names, " "), h.Commit)
	}
	return strings.Join(names, " ")
}

func backupCommand() *cli.Command {
	q := newQuestion()
	q.progress = tool.AddProgress(&q.set, false)
	return &cli.Command{
		Name:        "backup",
		Usage:       "writes a consistent copy of the knowledge base, also while it is written to",
		ArgsUsage:   "OUT",
		UsageText:   "basof backup /backup/kb-$(date +%F).sqlite",
		Description: "The copy is one file; it appears under its name when it is whole. A file that is there already is not overwritten.",
		Flags:       tool.Flags(&q.set),
		Action:      q.backup,
	}
}

func (q *question) backup(c *cli.Context) (err error) {
	to := c.Args().First()
	switch {
	case to == "":
		return tool.Usagef("name the file to write the copy to")
	case c.Args().Len() > 1:
		return tool.Usagef("backup takes one name, but there are %d arguments", c.Args().Len())
	case to == "-":
		return tool.Usagef("backup writes a file, and cannot write to standard output")
	}
	reader, err := openReader(c, *q.db)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, reader.Close()) }()
	err = q.copyTo(c, reader, to)
	switch {
	case errors.Is(err, os.ErrExist):
		return tool.WithHint(err, "name another file, or remove that one first")
	case errors.Is(err, sqlite.ErrNoFolder):
		return tool.WithHint(err, "make the folder first, or name another file")
	case errors.Is(err, sqlite.ErrFull):
		return tool.WithHint(err, "make room there, or name a file on another disk")
	case errors.Is(err, sqlite.ErrFileLimit):
		return tool.WithHint(err, "raise the limit, of which ulimit -f tells, or name a file on a file system that takes larger ones")
	case err != nil:
		return err
	}
	if !*q.json {
		return nil
	}
	stat, err := os.Stat(to)
	if err != nil {
		return err
	}
	return kb.NewJSONEncoder(c.App.Writer).Encode(struct {
		Backup string `json:"backup"`
		Bytes  int64  `json:"bytes"`
		stamp
	}{Backup: to, Bytes: stat.Size()})
}

func (q *question) copyTo(c *cli.Context, reader *sqlite.Reader, to string) error {
	shown := q.progress.Start(c, tool.ProgressOptions{One: "page"})
	defer shown.Close()
	return reader.Backup(c.Context, to, func(done, of int64) { shown.Tell(tool.Done{Files: done, Of: of}) })
}
