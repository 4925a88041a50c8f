package main

import (
	"errors"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/urfave/cli/v2"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/scan"
	"github.com/seed16713943/btools/pkg/stream"
	"github.com/seed16713943/btools/pkg/tool"
)

const examples = `
bscan docs | bchunk | bingest               # take a tree in
bscan -ext md,rst -exclude drafts/ docs     # some of it
bscan . | jq -r 'select(.type == "file").path'
git ls-files -z '*.md' | bscan -0 -         # the files of a list
bscan -git . | bchunk | bingest             # take the history of a repository in
bscan -git . -index kb.sqlite docs          # what is new in the history of docs
bscan -prefix wiki .                        # a.md becomes wiki/a.md
`

const description = `
The records come in a fixed order: the paths as given, and below each the names of every folder in the order of
their bytes. A path that is a folder is walked; one that is a file is listed whatever the rules say, but for
-max-size and -shard. A path that is a symbolic link is followed; a link below is not, unless with -follow. Pipes,
sockets and devices are never opened, and .git folders never entered.

GLOB is a pattern as in .gitignore, relative to the path given: "*.md" matches in every folder, "drafts/" matches
folders, "/a.md" and "a/b.md" match at the top. A folder that matches counts for all below it, "!" takes back what
an earlier GLOB has matched, and -exclude wins over -include.

.gitignore files hold as they do for git check-ignore --no-index, in a git repository or not; in one, those above
the path given and .git/info/exclude hold too, but not core.excludesFile. A .bscanignore is read after the .gitignore
beside it, so that it can take back what that has left out.

With "-" the paths come from stdin, one a line. Each must be a file and is listed as if it were given alone. Such a
list, and a path that is a file, never makes bingest take another document for deleted.

With -follow a link that leads back to a folder it lies in is not followed; outside the paths given each folder and
each file is read once, under its first name; and what lies inside is listed again under the name of a link, where
further links to folders inside are not followed.

With -git the records are those of a history: the first-parent line that ends with -rev, oldest first, each with its
content, valid from the time of its commit, or of the commit before where that is later. The paths are those of the
repository, from its root. Names are chosen as in a tree, but ignore files do not apply to what is tracked. Submodules
are left out, and contents in Git LFS are the pointers that git has. With -follow a symbolic link holds what the
document that it leads to in the same commit holds. Nothing is fetched. -since names a commit on the line and lists what
came after it; -index does that with the last commit that a knowledge base has taken in whole, under the same flags.

A shallow clone lacks the beginning of its line, from which times and places count: -since is refused. With -index, commits
that the knowledge base knows keep their places, and what begins after a gap comes after all that is known of the same
documents, and what is not there any more is gone then.

Files that cannot be read become "error" records, folders that cannot be read are named in the "end" line, and the
exit code is 3. An interrupted scan writes no "end" line.
`

// settings are the flags and variables of bscan.
type settings struct {
	config.Set
	ext, include, exclude             *[]string
	prefix                            *string
	hidden, noIgnore, follow, content *bool
	nul                               *bool
	maxSize, workers                  *int64
	shard                             shardValue
	git, rev, since, index            *string
	rehash                            *bool
	progress                          *tool.ProgressSettings
}

func newSettings() *settings {
	s := &settings{}
	s.ext = s.List("ext", "BATCH_EXTENSIONS", scan.DefaultExtensions, "take files with these `EXTENSIONS`, in any case; '*' takes all")
	s.hidden = s.Bool("hidden", "", "take names that begin with a dot too")
	s.include = s.Strings("include", "", nil, "take only what matches `GLOB`; may be repeated")
	s.exclude = s.Strings("exclude", "", nil, "leave out what matches `GLOB`; may be repeated")
	s.noIgnore = s.Bool("no-ignore", "", "take no notice of .gitignore and .bscanignore")
	s.follow = s.Bool("follow", "", "follow symbolic links")
	s.maxSize = s.Bytes("max-size", "BATCH_MAX_FILE_SIZE", 50<<20, "skip files that are larger; 0 skips none")
	s.prefix = s.String("prefix", "", "", "put `NAME`/ before all paths")
	s.content = s.Bool("content", "", "put the content into the records, for another machine")
	s.Var("shard", "", &s.shard, "take part `I/N`, such as 1/4; a path stays in its part")
	s.workers = s.Int("j", "", int64(scan.DefaultWorkers()), 1, 1024, "files read at once; two for each CPU")
	s.git = s.String("git", "", "", "list the history of the git repository in `DIR`")
	s.rev = s.Name("rev", "", "HEAD", "a commit", "with -git: the last `COMMIT`")
	s.since = s.Name("since", "", "", "a commit", "with -git: list what came after `COMMIT`")
	s.index = s.Name("index", "", "", "a knowledge base", "do not read what the knowledge base `FILE` has seen and whose size and times are the same; with -git: list what came after the last commit that it has taken in; one that is not there has seen nothing")
	s.rehash = s.Bool("rehash", "", "read all files, whatever -index says; with -git: list all of the history")
	s.nul = s.Bool("0", "", "the paths on stdin end with NUL instead of newline")
	s.progress = tool.AddProgress(&s.Set, false)
	return s
}

func newApp() *cli.App {
	s := newSettings()
	return &cli.App{
		Name: "bscan", Usage: "walks trees of documents and says what is there", ArgsUsage: "PATH... | - | -git DIR [PATH...]",
		UsageText: examples, Description: description, Flags: tool.Flags(&s.Set),
		Action: func(c *cli.Context) error { return run(c, s) },
	}
}

func run(c *cli.Context, s *settings) error {
	shown := s.progress.Start(c, tool.ProgressOptions{One: "path", Feeds: true})
	defer shown.Close()
	out := &output{Encoder: stream.NewEncoder(c.App.Writer), warn: func(err error) { tool.Warn(c, err) }, shown: shown}
	if err := s.check(); err != nil {
		return err
	}
	if *s.git != "" {
		return s.history(c, out)
	}
	opts, err := s.options(c)
	if err != nil {
		return err
	}
	ctx, index, err := s.useIndex(c.Context, &opts)
	if err != nil {
		return err
	}
	out.ready = index.wait
	opts.Idle = func() error { return tool.Flush(c.App.Writer) }
	opts.Unread = out.unread
	scanner, err := scan.New(opts)
	if err != nil {
		_ = index.end(nil) // what is wrong with the command line comes first
		return tool.Usagef("%w", err)
	}
	_, err = scanner.Run(ctx, out)
	err = index.end(err)
	if errors.Is(err, scan.ErrNUL) {
		return tool.WithHint(err, "use -0 where the paths end with NUL")
	}
	if err != nil {
		return err
	}
	return errors.Join(index.unseen.verdict(c), out.verdict("path"))
}

// check refuses what no scan of either kind takes.
func (s *settings) check() error {
	if len(*s.ext) == 0 {
		return s.Lookup("ext").Refuse("no extension is left; * takes all files")
	}
	if _, err := scan.CleanExtensions(*s.ext); err != nil {
		return s.Lookup("ext").Refuse("%w", err)
	}
	if _, err := scan.CleanPrefix(*s.prefix); err != nil {
		return s.Lookup("prefix").Refuse("%w", err)
	}
	return nil
}

func (s *settings) options(c *cli.Context) (scan.Options, error) {
	opts := scan.Options{
		Prefix: *s.prefix, Extensions: *s.ext, Include: *s.include, Exclude: *s.exclude, Hidden: *s.hidden,
		NoIgnore: *s.noIgnore, Follow: *s.follow, Content: *s.content, MaxSize: *s.maxSize,
		Shard: kb.Shard(s.shard), Workers: int(*s.workers), NUL: *s.nul,
	}
	for _, name := range []string{"rev", "since", "git"} {
		if s.Lookup(name).Source() == config.FromFlag {
			return opts, s.needsGit(name)
		}
	}
	paths := c.Args().Slice()
	fromStdin := slices.Contains(paths, "-")
	switch {
	case len(paths) == 0:
		return opts, tool.WithHint(tool.Usagef("a path is missing"), "bscan . scans the current folder")
	case fromStdin && len(paths) > 1:
		return opts, tool.Usagef("- reads all paths from stdin and goes with no other path")
	case fromStdin:
		opts.List = c.App.Reader
		return opts, tool.NeedsPipe(c.App.Reader)
	case *s.nul:
		return opts, tool.Usagef("-0 is about the paths on stdin and goes with -")
	}
	opts.Roots = paths
	return opts, nil
}

// output is the stream on stdout, with a word on stderr about what could not be
// read.
type output struct {
	*stream.Encoder
	ready  func() error // says whether the end may be written; may be nil
	warn   func(error)
	shown  *tool.Progress
	done   tool.Done
	faults int
	failed string // the path of the last error record
}

// Record writes a record.
func (o *output) Record(rec *kb.Record) error {
	if rec.Kind == kb.Failed {
		o.failed = rec.Path
		o.fault(errors.New(rec.Message))
		o.done.Failed++
	}
	if rec.Kind == kb.File && rec.Size != nil {
		o.done.Bytes += *rec.Size
	}
	o.done.Files++
	o.shown.Tell(o.done)
	return o.Encoder.Record(rec)
}

// End writes the end of a scan, unless that is not to be believed.
func (o *output) End(end *kb.End) error {
	if o.ready != nil {
		if err := o.ready(); err != nil {
			return err
		}
	}
	return o.Encoder.End(end)
}

// verdict is the error of a scan that was complete but for what could not be
// read.
func (o *output) verdict(what string) error {
	if o.faults == 0 {
		return nil
	}
	return tool.Exit(tool.ExitPartial, fmt.Errorf("%s could not be read", tool.Count(int64(o.faults), what)))
}

// unread takes note of a folder. Of a path given that is not there, the error
// record has told already.
func (o *output) unread(path string, err error) {
	if path != o.failed {
		o.fault(fmt.Errorf("folder %s: %w", path, err))
	}
}

// fault warns of the first faults one by one. All of them are in the stream.
func (o *output) fault(err error) {
	const most = 20
	o.faults++
	switch {
	case o.faults <= most:
		o.warn(err)
	case o.faults == most+1:
		o.warn(errors.New("there are more like these; each is in the output"))
	}
}

// shardValue is a setting of the form I/N.
type shardValue kb.Shard

// Set reads I/N.
func (v *shardValue) Set(text string) error {
	index, count, _ := strings.Cut(text, "/")
	i, err1 := strconv.Atoi(index)
	n, err2 := strconv.Atoi(count)
	if err1 != nil || err2 != nil || i < 1 || i > n {
		return fmt.Errorf("%q is not a part such as 1/4, the first of four", text)
	}
	*v = shardValue{Index: i, Count: n}
	return nil
}

// String gives the form that Set reads; "" for the whole.
func (v *shardValue) String() string {
	if v.Count == 0 {
		return ""
	}
	return fmt.Sprintf("%d/%d", v.Index, v.Count)
}
