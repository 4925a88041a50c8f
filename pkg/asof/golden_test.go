package asof_test

import (
	"flag"
	"fmt"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

var update = flag.Bool("update", false, "write the golden files anew")

// questions to the handbook, with the document that answers them.
var questions = []struct{ words, document string }{
	{"retry with backoff", "operations/retry.md"},
	{"how do I restore a deleted page", "operations/restore.adoc"},
	{"empty share not mounted", "incidents/2025-02-unmounted-share.md"},
	{"stale answers", "incidents/2024-11-stale-answers.md"},
	{"what do I do when the share is empty", "incidents/2025-02-unmounted-share.md"},
	{"how can I write a page that they find", "writing/style.md"},
	{"when should I retry what my program does", "operations/retry.md"},
	{"wo kann ich sehen wie ich eine Sicherung mache", "de/sicherung.md"},
	{"what is a passage", "start/glossary.html"},
	{"upgrade the file format", "operations/upgrade.md"},
	{"alarm when the disk fills up", "operations/monitoring.org"},
	{"how large will the knowledge base grow", "operations/capacity.rst"},
	{"bckup resotre", "operations/backup.md"},
	{"wo liegen die Sicherungen", "de/sicherung.md"},
	{"kurze Sätze schreiben", "de/schreiben.md"},
	{"バックアップ", "ja/backup.md"},
	{"検索", "ja/search.md"},
	{"写作", "zh/writing.md"},
	{"重试", "zh/operations.md"},
}

// TestRankings asks the handbook questions in its four languages. The document
// that answers one is among the first three found, and the rankings are those of
// the golden file.
func TestRankings(t *testing.T) {
	root := filepath.Join("..", "..", "testdata", "handbook")
	pages := make(map[string]string)
	check(t, fs.WalkDir(os.DirFS(root), ".", func(path string, entry fs.DirEntry, err error) error {
		if err != nil || entry.IsDir() {
			return err
		}
		text, err := os.ReadFile(filepath.Join(root, path))
		pages[path] = string(text)
		return err
	}))
	b := newBase(t)
	for _, path := range slices.Sorted(maps.Keys(pages)) {
		b.document(path, pages[path], 10, kb.Forever)
	}
	var got strings.Builder
	for _, q := range questions {
		for _, mode := range []asof.SearchMode{asof.Text, asof.Vector, asof.Hybrid} {
			fmt.Fprintf(&got, "%s: %s\n", mode, q.words)
			found := b.find(asof.Search{Words: q.words, Mode: mode, At: valid(20), Now: 20, Limit: 5})
			rank := 0
			for i := range found.Hits {
				hit := &found.Hits[i]
				fmt.Fprintf(&got, "  %.3f %s:%d %s\n", hit.Score, hit.Version.Path, hit.Start, strings.Join(hit.Heading, " > "))
				if hit.Version.Path == q.document && rank == 0 {
					rank = i + 1
				}
			}
			if mode == asof.Hybrid && (rank == 0 || rank > 3) {
				t.Errorf("%q: %s is at %d, not among the first three", q.words, q.document, rank)
			}
		}
	}
	golden := filepath.Join("testdata", "rankings.golden")
	if *update {
		check(t, os.WriteFile(golden, []byte(got.String()), 0o644))
	}
	want, err := os.ReadFile(golden)
	check(t, err)
	if got.String() != string(want) {
		t.Errorf("the rankings are not those of %s (go test -update writes them):\n%s", golden, got.String())
	}
}
