// Command bscan walks trees of documents and says what is there, as NDJSON
// records for bchunk and bingest.
package main

import (
	"os"
	"runtime/debug"

	"github.com/seed16713943/btools/pkg/tool"
)

// softLimit is from how many bytes on garbage is collected at once.
const softLimit = 64 << 20

func main() {
	// A scan allocates much and holds little, so that collecting a fifth as often costs a
	// few megabytes and saves a tenth of the time; but not where it holds large files.
	if os.Getenv("GOGC") == "" {
		debug.SetGCPercent(500)
	}
	limitMemory(0)
	os.Exit(tool.Main(newApp()))
}

// limitMemory has garbage collected once there is much of it besides what is held to the
// end.
func limitMemory(held int64) {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(softLimit + held)
	}
}
