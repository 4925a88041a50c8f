package sqlite

import (
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// TestSightings asks for what was seen, a few at a time, and compares it with all that
// was seen.
func TestSightings(t *testing.T) {
	atOnce := sightingsAtOnce
	t.Cleanup(func() { sightingsAtOnce = atOnce })

	path := filepath.Join(t.TempDir(), "kb.sqlite")
	store := openStore(t, path)
	names := []string{
		"docs", "docs-old/a", "docs.md", "docs/", "docs/a", "docs/a/b", "docs/b", "docs/\x01", "docs/\xff\xff", "docs/ä", "docs0", "doc", "\xff", "/docs/a",
	}
	must(t, store.Update(t.Context(), func(tx ingest.Tx) error {
		scan, err := tx.Scan(&kb.Scan{ID: "1", StartedAt: kb.InstantOf(store.clock())})
		must(t, err)
		for i, name := range names {
			p, err := tx.Path(name)
			must(t, err)
			text := []byte(name)
			c := content.NewEncoder().EncodeAfter(content.Base{}, kb.HashOf(text), text)
			v := &kb.Version{Path: name, SHA256: c.SHA256, Size: c.Size}
			must(t, tx.AddVersion(p.ID, 1, v, c))
			mtime, ctime, inode := kb.Instant(i), kb.Instant(2*i), ^uint64(i)
			must(t, tx.See(p.ID, ingest.Sighting{Scan: scan.ID, MTime: &mtime, CTime: &ctime, Inode: &inode, SHA256: &c.SHA256}))
		}
		return nil
	}))
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	defer r.Close()
	for _, prefix := range []string{"", "docs", "docs/a", "/", "/docs", "none", "\xff"} {
		var want []string
		for i, name := range names {
			if prefix == "" || name == prefix || strings.HasPrefix(name, strings.TrimSuffix(prefix, "/")+"/") {
				want = append(want, fmt.Sprint(ingest.SeenFile{
					Path: name, Size: int64(len(name)), MTime: kb.Instant(i), CTime: kb.Instant(2 * i), Inode: ^uint64(i), SHA256: kb.HashOf([]byte(name)),
				}))
			}
		}
		slices.Sort(want)
		for sightingsAtOnce = range 20 {
			if sightingsAtOnce == 0 {
				continue
			}
			var got []string
			must(t, r.Sightings(t.Context(), []string{prefix}, func(f ingest.SeenFile) { got = append(got, fmt.Sprint(f)) }))
			if slices.Sort(got); !slices.Equal(got, want) {
				t.Errorf("under %q, %d at once: %q, not %q", prefix, sightingsAtOnce, got, want)
			}
		}
	}
}
