// Package ingest takes a stream of records into a store: it reads what has
// changed, decides from when on it was so, makes passages and vectors of it, and
// commits unit after unit, each in one transaction, so that whatever happens to
// the process, the store holds whole units and the same input run again does the
// rest.
//
// The rules of time are in apply.go (what a record makes of its path),
// instant.go (from when on) and settle.go (what a complete scan says of the
// paths that it did not list). From them follows which passages are in force
// when, in derive.go and intervals.go: at every moment those of the version in
// force, in whatever order versions arrive.
//
//	sum, err := ingest.Run(ctx, store, os.Stdin, ingest.Options{…})
//
// A record that cannot be taken in becomes a failure, is counted, and costs
// nothing but itself. A content without text is stored all the same, and while an
// embedder gives no vectors, texts wait for theirs, which every later run gets
// first. A fault of the store ends the run.
package ingest

import (
	"math"
	"os"
	"time"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/report"
)

// Status says how a run ended.
type Status string

// The ways in which a run ends. Running is that of one that has not.
const (
	Running     Status = "running"
	Complete    Status = "complete"
	Incomplete  Status = "incomplete"  // the stream ended before its scan did
	Interrupted Status = "interrupted" // by a signal, after the transaction in hand, or killed
	Errored     Status = "failed"      // by a fault that no record can be charged with
)

// Options say how a run works. The zero value of a field is not a default:
// programs fill in all of them.
type Options struct {
	Clock       kb.Clock
	Dir         string   // folder of records without a scan, absolute
	Root        *os.Root // if set, files are read below it and nowhere else (bingest -C)
	Own         []string // files of the store itself, it first, which are skipped where the stream lists them
	Workers     int      // documents read, compressed and made text of at the same time
	ChunkSize   int      // records in a unit, where the stream comes without chunks
	UnitBytes   int64    // memory for one unit; what takes more is split over several
	Together    int      // records in a transaction of several units; each has its own if it is 0
	MaxFileSize int64    // bytes; larger files are refused, unless it is 0
	MaxDelete   float64  // largest share of the covered paths that a scan may delete, 0 to 1
	Partial     bool     // the stream is one of several, or made by hand: it needs no end
	Retry       Retry

	Filters  []*extract.Filter // make text of contents that are new, and with Reindex of all
	Embedder embed.Embedder    // embed.None{} for a store without vectors
	// Adopt returns the embedder of a name, for a store whose index another one than
	// Embedder has made when the run begins. It is nil where Embedder was asked for.
	Adopt func(name string) (embed.Embedder, error)

	Warn     func(message string) // is told what a person should know and no report says
	Progress func(Progress)       // is told after each transaction; may be nil
	// Retrying is told of each attempt that failed and will be made again, and of the
	// time until then, by several goroutines at once; may be nil.
	Retrying func(err error, wait time.Duration)
	Pressure func() bool // reports whether to take in less at a time; may be nil
}

// largest returns the largest size of a file in bytes.
func (o *Options) largest() int64 {
	if o.MaxFileSize == 0 {
		return math.MaxInt64 - 1 // so that one more can be asked for
	}
	return o.MaxFileSize
}

// Retry says how often and at what distance a fault that may pass is tried
// again.
type Retry struct {
	Attempts int // in all, at least 1
	Wait     time.Duration
	MaxWait  time.Duration
}

// Progress is what a run has done so far.
type Progress struct {
	Run      int64
	Counts   Counts
	Read     int64 // records, by Run: those of Counts, and those that are read ahead
	Contents int64 // made anew, by Reindex
	Chunks   int64
}

// Summary is what a run did, complete or not.
type Summary struct {
	Run      int64
	Status   Status
	Counts   Counts
	Classes  map[kb.Class]int64 // of Counts.Failed
	Chunks   int64
	Retries  int64
	Waited   time.Duration // between attempts
	Withheld int64         // deletions not made, since they were too many
	Unread   int64         // folders that scans could not read
	HeldBack int64         // how often memory was short, so that less was taken in at a time
	Pressed  time.Duration // for how long it was
	Read     time.Duration // spent reading and compressing, over all workers
	Extract  time.Duration // spent on making text and passages, over all workers
	Embed    time.Duration // spent on waiting for vectors, over all calls of the embedder
	Store    time.Duration // spent in transactions
	Started  time.Time
	began    time.Time // the same by a clock that does not jump; zero where Elapsed is known otherwise
	Elapsed  time.Duration

	samples report.Samples

	Embedded        int64             // texts that this run embedded
	Reused          int64             // passages read whose text needed nothing
	Waiting         int64             // texts of the store that wait for their vector at the end
	Textless        map[kb.Code]int64 // versions stored without text, by the reason
	KeptText        int64             // versions that keep the text of before in Reindex, since their filter failed
	KeptFaults      []Failure         // the first of these, report.TextErrors at most
	FirstEmbedFault *kb.Fault         // why texts of this run wait; nil if none does
	Rejected        int64             // texts of this run that the embedder gives no vector for
	FirstRefusal    *kb.Fault         // why; nil if there are none

	FirstUnread      string     // one of Unread
	FailedContents   int64      // of Counts.Failed: records whose content came with them, or was to, and is not kept
	FailedNames      int64      // of Counts.Failed: other records, with a name that may not be read
	FailedLines      int64      // of Counts.Failed: lines that are no records
	SkippedForgotten int64      // of Counts.Skipped: records of what was forgotten
	Forgotten        *Forgotten // what Forget dropped; nil in other runs, and where it failed
}
