package passage

import (
	"fmt"
	"runtime"
	"runtime/debug"
	"runtime/metrics"
	"strings"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/extract"
)

// What a document takes while it is read and split is a small multiple of its
// bytes, also where nearly each of its lines is a block of its own.
func TestMemoryOfManyBlocks(t *testing.T) {
	const size, most = 2 << 20, 5
	defer debug.SetGCPercent(debug.SetGCPercent(5))
	for _, tt := range []struct{ exts, unit string }{
		{"txt md rst adoc org go", "w%d\n\n"},
		{"txt md rst adoc org", "- item%d\n"},
		{"html", "<p>w%d"},
		{"html", "<article><li>w%d</article>"},
		{"html", "<tr><td>w%d"},
		{"md", "- a\n\n  b%d\n\n      c\n\n"},
		{"md", "w%d\n\n[a]: b\n\n"},
		{"org", "* %d\n"},
		{"md", "# %d\n"},
		{"adoc", "== %d\n"},
		{"html", "<h1>%d</h1>"},
	} {
		for ext := range strings.FieldsSeq(tt.exts) {
			t.Run(fmt.Sprintf("%s %q", ext, tt.unit), func(t *testing.T) {
				unit := fmt.Sprintf(tt.unit, 7)
				content := []byte(strings.Repeat(unit, size/len(unit)))
				runtime.GC()
				before := heap()
				stop, peak := make(chan struct{}), make(chan uint64)
				go func() {
					most := uint64(0)
					for {
						select {
						case <-stop:
							peak <- most
							return
						case <-time.After(time.Millisecond):
							most = max(most, heap())
						}
					}
				}()
				doc, err := extract.Extract("x."+ext, content)
				if err != nil {
					t.Fatal(err)
				}
				passages := 0
				for range All(doc) {
					passages++
				}
				close(stop)
				times := float64(<-peak-before) / float64(len(content))
				runtime.KeepAlive(content)
				if passages < size/20_000 {
					t.Errorf("only %d passages", passages)
				}
				t.Logf("%.1f bytes for each", times)
				if times > most {
					t.Errorf("takes %.1f bytes for each that is read", times)
				}
			})
		}
	}
}

// heap returns the bytes of all objects that are there.
func heap() uint64 {
	sample := []metrics.Sample{{Name: "/memory/classes/heap/objects:bytes"}}
	metrics.Read(sample)
	return sample[0].Value.Uint64()
}
