package asof

import "github.com/seed16713943/btools/pkg/kb"

// Info sums up a knowledge base.
type Info struct {
	Path                     string
	CreatedAt                *kb.Instant
	Documents                int64 // paths that hold content now
	Paths                    int64 // paths that ever did
	Versions                 int64
	Contents                 int64 // different ones
	ContentBytes             int64 // of these, before compression
	FileBytes                int64
	ValidFrom, ValidTo       *kb.Instant // the first and the last valid time
	RecordedFrom, RecordedTo *kb.Instant
	Index                    IndexInfo
	Failed                   int64 // records that failed and have not succeeded since
	Scans                    []ScanInfo
}

// ScanInfo is one scan.
type ScanInfo struct {
	kb.Scan
	Complete bool
	Paths    int64 // that it listed; 0 until its end is in
	Withheld int64 // deletions not made, since they were too many
}

// IndexInfo is what searches of a knowledge base stand on.
type IndexInfo struct {
	Recorded bool   // there is an index, be it of nothing
	Behind   bool   // versions were taken in that the index does not know
	Embedder string // that made the vectors; "" without an index
	Dim      int    // of the vectors; 0 until there is one
	Passages int64  // in force now
	Texts    int64  // different wordings of all passages that ever were
	Vectors  int64  // texts that have one
	Waiting  int64  // texts that are still to get theirs
}
