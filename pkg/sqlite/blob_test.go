package sqlite

import (
	"bytes"
	"errors"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// storeChain stores n versions of a document, each as a delta from the one before,
// and the same ones under another name, and returns their contents.
func storeChain(t *testing.T, path string, n int) [][]byte {
	t.Helper()
	store, err := Open(t.Context(), path, Options{})
	must(t, err)
	enc := content.NewEncoder()
	text := strings.Repeat("a line of a document that is edited all the time\n", 40)
	var all [][]byte
	var base content.Base
	must(t, store.Update(t.Context(), func(tx ingest.Tx) error {
		p, err := tx.Path("a.md")
		must(t, err)
		other, err := tx.Path("copy of a.md")
		must(t, err)
		for i := range n {
			text = fmt.Sprintf("edit %d\n%s", i, text)
			plain := []byte(text)
			v := &kb.Version{ValidFrom: kb.Instant(i), SHA256: kb.HashOf(plain), Size: int64(len(plain))}
			must(t, tx.AddVersion(p.ID, 1, v, enc.EncodeAfter(base, v.SHA256, plain)))
			must(t, tx.AddVersion(other.ID, 1, v, enc.EncodeAfter(base, v.SHA256, plain)))
			all, base = append(all, plain), content.Base{SHA256: v.SHA256, Plain: plain}
		}
		return nil
	}))
	must(t, store.Close())
	return all
}

// TestChainsAreBounded checks how much is read for one content at most, and how
// little room edits take.
func TestChainsAreBounded(t *testing.T) {
	path := filepath.Join(t.TempDir(), "kb.sqlite")
	all := storeChain(t, path, 3*maxDepth)
	r, err := OpenReader(t.Context(), path)
	must(t, err)
	defer r.Close()
	var deepest, whole, stored int64
	_, err = r.row("SELECT max(depth), sum(depth = 0), (SELECT sum(length(data)) FROM part) FROM blob", nil, &deepest, &whole, &stored)
	must(t, err)
	if deepest != maxDepth || whole != 3 {
		t.Errorf("chains of at most %d contents, %d of which stand by themselves", deepest, whole)
	}
	if most := int64(len(all) * 30); stored > most {
		t.Errorf("%d edits take %d bytes, more than %d", len(all), stored, most)
	}
	for i, plain := range all {
		var got bytes.Buffer
		if err := r.WriteContent(t.Context(), &got, kb.HashOf(plain)); err != nil || !bytes.Equal(got.Bytes(), plain) {
			t.Errorf("content %d: %d bytes, %v", i, got.Len(), err)
		}
	}
}

// TestDamagedChains forges what a content is a delta from: it is an error, and
// no endless search.
func TestDamagedChains(t *testing.T) {
	for name, script := range map[string]string{
		"from itself":            "UPDATE part SET base = blob WHERE blob = 5",
		"in a circle":            "UPDATE part SET base = 5 WHERE blob = 2",
		"from nothing":           "UPDATE part SET base = NULL WHERE blob = 3",
		"from what is not there": "DELETE FROM blob WHERE id = 2",
		"from another content":   "UPDATE part SET base = 1 WHERE blob = 4",
		"of a whole one":         "UPDATE part SET codec = 1 WHERE blob = 3",
		"at no depth":            "UPDATE blob SET depth = 0 WHERE id = 5",
		"without its part":       "DELETE FROM part WHERE blob = 3",
		"garbled":                "UPDATE part SET data = x'ffffffffffffffff' WHERE blob = 3",
	} {
		t.Run(name, func(t *testing.T) {
			path := filepath.Join(t.TempDir(), "kb.sqlite")
			all := storeChain(t, path, 5)
			execSQL(t, path, script)
			r, err := OpenReader(t.Context(), path)
			must(t, err)
			defer r.Close()
			var got bytes.Buffer
			if err := r.WriteContent(t.Context(), &got, kb.HashOf(all[4])); !errors.Is(err, ErrDamaged) {
				t.Errorf("%d bytes, %v", got.Len(), err)
			}
		})
	}
}
