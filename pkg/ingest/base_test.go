package ingest

import (
	"fmt"
	"runtime"
	"testing"
)

// TestRememberedInBounds has a million small contents carried, which take more
// room to remember than they have bytes.
func TestRememberedInBounds(t *testing.T) {
	heap := func() uint64 {
		runtime.GC()
		var stats runtime.MemStats
		runtime.ReadMemStats(&stats)
		return stats.HeapAlloc
	}
	before := heap()
	var last lastCarried
	for i := range 1_000_000 {
		last.swap(fmt.Sprintf("docs/%d.md", i), newCarried([]byte("small")))
	}
	if grown := heap() - before; grown > 2*maxRemembered {
		t.Errorf("%d bytes for %d contents, where %d are allowed", grown, last.order.Len(), maxRemembered)
	}
	if last.order.Len() < 1000 {
		t.Errorf("only %d are remembered", last.order.Len())
	}
	runtime.KeepAlive(last.byPath)
}
