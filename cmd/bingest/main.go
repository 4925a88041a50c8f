// Command bingest takes records or chunks into a knowledge base.
package main

import (
	"context"
	"fmt"
	"math"
	"os"
	"runtime"
	"time"
	_ "time/tzdata" // -at is read in the user's zone, also where the system knows none

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/report"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

func main() { os.Exit(tool.Main(newApp())) }

const mebibyte = 1 << 20

// settings are those of all commands. Each command has its own set.
type settings struct {
	set   config.Set
	db    *string
	makes string // the command that reports name

	// of the run
	dir         *string
	workers     *int64
	chunkSize   *int64
	together    *int64
	maxFileSize *int64
	partial     *bool
	maxDelete   *float64
	memoryMB    *int64
	attempts    *int64
	wait        *time.Duration
	maxWait     *time.Duration
	progress    *tool.ProgressSettings
	index       indexing

	// of the other commands
	json    *bool
	run     *int64
	all     *bool
	command *string
	at      *string
	yes     *bool
	dryRun  *bool
}

func newSettings(aboutDB string) *settings {
	s := new(settings)
	s.db = s.set.Name("db", "BATCH_DB", "kb.sqlite", "a knowledge base", aboutDB)
	return s
}

// newQuery makes the settings of a command that needs a knowledge base.
func newQuery() *settings { return newSettings("the knowledge base `FILE`") }

func (s *settings) addRetries() {
	s.attempts = s.set.Int("retries", "BATCH_MAX_RETRIES", 3, 1, 100, "how often to try in all what may pass")
	s.wait = s.set.Duration("retry-wait", "", 100*time.Millisecond, "the longest `TIME` to wait before the second attempt; it doubles each time")
	s.maxWait = s.set.Duration("retry-max-wait", "", 10*time.Second, "the longest `TIME` to wait before any attempt")
}

func (s *settings) addWorkers(verb string) {
	s.workers = s.set.Int("j", "", int64(max(2, runtime.NumCPU())), 1, 1024, verb+" `N` documents at the same time; one for each CPU, and two at least")
}

// addWork adds what all runs have that make passages.
func (s *settings) addWork() {
	s.memoryMB = s.set.Mebibytes("memory", "BATCH_MEMORY_THRESHOLD_MB", 1024, 1, 1<<30, "above `MB` of memory, or a size such as 2G, warn and take in less at a time")
	s.addIndexing()
	s.addRetries()
	s.progress = tool.AddProgress(&s.set, true)
}

func newApp() *cli.App {
	s := newSettings("the knowledge base `FILE`; made if there is none")
	s.makes = report.Ingest
	s.dir = s.set.Name("C", "", "", "a folder", "read the files below `DIR`, and nothing outside of it, rather than where the scan found them")
	s.addWorkers("read")
	s.chunkSize = s.set.Int("n", "BATCH_CHUNK_SIZE", 100, 1, math.MaxInt, "commit at most `N` records at a time, where they come without chunks")
	s.together = s.set.Int("", "BATCH_MAX_BATCH_SIZE", 1000, 1, math.MaxInt, "the most that -n may ask for, and records in a transaction that smaller chunks share, where they are ready at the same time")
	s.maxFileSize = s.set.Bytes("max-size", "BATCH_MAX_FILE_SIZE", 50*mebibyte, "refuse files of more than this `SIZE`; 0 refuses none")
	s.partial = s.set.Bool("partial", "", "the input is one of several, or made by hand, so it needs no end")
	s.maxDelete = s.set.Percent("max-delete", "", 50, "if a scan would delete more than `PERCENT` of what it covers, delete nothing")
	s.addWork()
	return &cli.App{
		Name:      "bingest",
		Usage:     "takes records or chunks into a knowledge base, and keeps what was there before",
		ArgsUsage: "[FILE...]",
		UsageText: `bscan docs | bchunk -n 100 | bingest -db kb.sqlite
bscan docs | bingest -max-delete 100%        # the folder was emptied on purpose
bscan -ext md,pdf docs | bingest -filter pdf='pdftotext - -'
bscan docs | bingest -embed openai:nomic-embed-text -embed-url http://localhost:11434/v1
bingest -partial chunks-1.ndjson             # one of several workers
bingest status                               # from another terminal
bingest failed | bingest                     # try again what failed
bingest report | jq .processing_summary
bingest rm docs/old
bingest forget -before "2 years ago" -yes`,
		Description: `Reads FILEs, or standard input without any, and prints one JSON report. What is in force already is not read again. A file that the last scan of its folder has not found is recorded as gone.

The text of Markdown, HTML, reStructuredText, AsciiDoc, Org and plain text is cut into passages, for basof search, and so is what else is text, as it stands. A -filter is a program that gets documents of another format on its stdin and writes their text to stdout; no shell is between, so it begins with the name of a program. It has the environment of bingest, but for BATCH_EMBED_KEY and OPENAI_API_KEY. A password that it needs belongs into another variable, and not into its command line, which is kept in the knowledge base and stands in reports and in what breport makes of them. A document without text is stored all the same. A content keeps the text that it was first given under an extension, or stays without, whatever the filter of a later run makes of it: bingest reindex, with the -filter, makes it anew for all documents and times.

"builtin" makes vectors of the wording of passages, with nothing to install; "openai:MODEL" asks a server that speaks the OpenAI embeddings API, at -embed-url; "none" makes none. While the server is away everything else is done, and a later run asks again. A knowledge base has vectors of one kind: bingest reindex changes it.

Run the same line again after an interruption: what is done is not done twice.`,
		Flags:  tool.Flags(&s.set),
		Action: s.ingest,
		Commands: []*cli.Command{
			reindexCommand(),
			statusCommand(),
			failedCommand(),
			reportCommand(),
			rmCommand(),
			forgetCommand(),
		},
		ExtraInfo: func() map[string]string { return map[string]string{"SQLite": sqlite.Version()} },
	}
}

func (s *settings) retry() ingest.Retry {
	return ingest.Retry{Attempts: int(*s.attempts), Wait: *s.wait, MaxWait: *s.maxWait}
}

// openStore opens the knowledge base for writing.
func (s *settings) openStore(c *cli.Context) (*sqlite.Store, error) {
	store, err := sqlite.Open(c.Context, *s.db, sqlite.Options{Copied: func(name string) {
		tool.Warn(c, fmt.Errorf("%s was made by an older version and is brought up to date; as it was, it is kept in %s", *s.db, name))
	}})
	return store, storeHint(err)
}

// openReader opens the knowledge base for reading.
func (s *settings) openReader(ctx context.Context) (*sqlite.Reader, error) {
	reader, err := sqlite.OpenReader(ctx, *s.db)
	return reader, storeHint(err)
}
