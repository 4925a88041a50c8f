package ingest_test

import (
	"testing"

	"github.com/seed16713943/btools/pkg/ingest"
)

// TestScanAhead goes on with a scan that was registered with a start that lies ahead, as
// in files of earlier days: nothing is valid from a moment that is yet to come.
func TestScanAhead(t *testing.T) {
	b := newBench(t)
	b.run(100, tree{id: "s1", start: 100}.whole(file("docs/a.md", "one", 50), file("docs/b.md", "b", 50)))
	ahead := tree{id: "s2", start: 5000}
	b.now = 150
	b.check(b.store.Update(t.Context(), func(tx ingest.Tx) error {
		_, err := tx.Scan(ahead.scan())
		return err
	}))
	b.run(200, ahead.whole(file("docs/a.md", "one", 50)))
	b.wantHistory("docs/a.md", "50 one")
	b.wantHistory("docs/b.md", "50 b, 200 gone")
	b.run(300, tree{id: "s3", start: 300}.whole(file("docs/a.md", "two", 250)))
	b.wantHistory("docs/a.md", "50 one, 250 two, 300 one") // what s2 saw counts as later, but not as yet to come
}
