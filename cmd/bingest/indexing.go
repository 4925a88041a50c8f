package main

import (
	"context"
	"errors"
	"os/exec"
	"sync/atomic"
	"time"

	"github.com/seed16713943/btools/pkg/config"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/tool"
)

// indexing has the settings of what searches need.
type indexing struct {
	filters       *[]string
	filterTimeout *time.Duration
	embed         *string
	url           embed.Address
	batch         *int64
	parallel      *int64
	timeout       *time.Duration
	keys          [2]*string // only whether there is one; package embed reads them itself

	retries, waited atomic.Int64               // of requests to the embedding server
	retrying        func(error, time.Duration) // is told of each; nil for nobody
}

func (s *settings) addIndexing() {
	i := &s.index
	i.filters = s.set.Strings("filter", "", nil, "make the text of .EXT files with a program: `EXT=COMMAND`; may be given many times; no secrets in it, since it is kept in the knowledge base and stands in reports")
	i.filterTimeout = s.set.Duration("filter-timeout", "", extract.DefaultTimeout, "end a filter that takes longer than `TIME` over a document")
	i.embed = s.set.String("embed", "BATCH_EMBED", "", "what makes the vectors: `builtin|none|openai:MODEL`; if not given, what made those that are there, and builtin for the first")
	s.set.Lookup("embed").Suggest("builtin", "none", "openai:")
	s.set.Var("embed-url", "BATCH_EMBED_URL", &i.url, "the `URL` of the embedding server, such as http://localhost:11434/v1; not needed for OpenAI's own if -embed and a key are given")
	i.batch = s.set.Int("embed-batch", "", 64, 1, 100_000, "send the embedding server at most `N` passages in a request")
	i.parallel = s.set.Int("embed-parallel", "", 4, 1, 1024, "send it `N` requests at the same time")
	i.timeout = s.set.Duration("embed-timeout", "", time.Minute, "give up a request that takes longer than `TIME`")
	i.keys[0] = s.set.Secret(kb.EmbedKey, "the key of the embedding server")
	i.keys[1] = s.set.Secret(kb.OpenAIKey, "the key of OpenAI's own server, unless there is the other")
}

// parseFilters reads the filters, and looks for their programs rather than let
// every document fail.
func (s *settings) parseFilters() ([]*extract.Filter, error) {
	flag := s.set.Lookup("filter")
	if *s.index.filterTimeout == 0 {
		return nil, s.set.Lookup("filter-timeout").Refuse(`"0s" leaves no time; give more, such as 30s`)
	}
	var filters []*extract.Filter
	seen := make(map[string]bool)
	for _, text := range *s.index.filters {
		f, err := extract.ParseFilter(text)
		if err != nil {
			return nil, flag.Refuse("%w", err)
		}
		if seen[f.Ext] {
			return nil, flag.Refuse("%q is the second for .%s files", text, f.Ext)
		}
		if _, err := exec.LookPath(f.Argv[0]); err != nil {
			return nil, tool.WithHint(flag.Refuse("%w", err), "install it, or leave the filter out; the documents are stored all the same, without text to search")
		}
		seen[f.Ext] = true
		f.Timeout = *s.index.filterTimeout
		filters = append(filters, f)
	}
	return filters, nil
}

// checkEmbedder refuses an embedder that cannot be, before anything is opened.
func (s *settings) checkEmbedder() error {
	if !s.embedderGiven() {
		return nil
	}
	if _, err := embed.Parse(*s.index.embed, s.serverOptions()); err != nil {
		return s.set.Lookup("embed").Refuse("%w", err)
	}
	return s.serverNamed()
}

func (s *settings) embedderGiven() bool {
	return s.set.Lookup("embed").Source() != config.FromDefault
}

// serverNamed refuses to send documents to OpenAI's server by default, which
// the user of a model on another one would not want: that takes -embed and a key.
func (s *settings) serverNamed() error {
	key := *s.index.keys[0] != "" || *s.index.keys[1] != ""
	if !embed.IsServer(*s.index.embed) || s.index.url != "" || s.embedderGiven() && key {
		return nil
	}
	return tool.WithHint(
		tool.Usagef("%s is a model of an embedding server, and it is not said which", *s.index.embed),
		"name it with -embed-url or BATCH_EMBED_URL, such as http://localhost:11434/v1; OpenAI's own is https://api.openai.com/v1, with its key in OPENAI_API_KEY")
}

// embedder returns the embedder asked for, or else the one that the knowledge
// base was made with, as adopt gives it.
func (s *settings) embedder(ctx context.Context, store ingest.Store, adopt adopter) (embed.Embedder, error) {
	if s.embedderGiven() {
		return embed.Parse(*s.index.embed, s.serverOptions())
	}
	index, err := store.Index(ctx)
	if err != nil {
		return nil, err
	}
	return adopt(index.Embedder)
}

// adopter returns the embedder of a name.
type adopter func(name string) (embed.Embedder, error)

// adoptOrWait is adopt for a run that takes documents in: of a server of which nobody
// says where it is now, it has their passages wait, as for one that is away.
func (s *settings) adoptOrWait(name string) (embed.Embedder, error) {
	embedder, err := s.adopt(name)
	if isUsage(err) {
		return embed.NewAbsent(name, err), nil
	}
	return embedder, err
}

// adopt returns the embedder that a knowledge base was made with; "" for one that
// is still to be made.
func (s *settings) adopt(name string) (embed.Embedder, error) {
	*s.index.embed = "builtin" // so that the report has it
	if name != "" {
		*s.index.embed = specOf(name)
	}
	if err := s.serverNamed(); err != nil {
		return nil, err
	}
	return embed.Parse(*s.index.embed, s.serverOptions())
}

// specOf gives what -embed takes for the name of an embedder: all versions of
// the built-in one are one.
func specOf(name string) string {
	if embed.IsBuiltin(name) {
		return "builtin"
	}
	return name
}

func (s *settings) serverOptions() embed.Options {
	i := &s.index
	opts := embed.Options{
		URL: string(i.url), Texts: int(*i.batch), InFlight: int(*i.parallel), Timeout: *i.timeout, Attempts: int(*s.attempts),
		Retry: func(err error, wait time.Duration) {
			i.retries.Add(1)
			i.waited.Add(int64(wait))
			if i.retrying != nil {
				i.retrying(err, wait)
			}
		},
	}
	// Servers ask for longer waits than a knowledge base does.
	if s.set.Lookup("retry-wait").Source() != config.FromDefault {
		opts.Wait = *s.wait
	}
	if s.set.Lookup("retry-max-wait").Source() != config.FromDefault {
		opts.MaxWait = *s.maxWait
	}
	return opts
}

// embedderHint says what to do about an embedder that is not the one which the
// knowledge base was made with.
func embedderHint(err error, differ *ingest.EmbedderError) error {
	if differ.Meanwhile {
		return tool.WithHint(err, "run the same line again; it goes on with the embedder that is there now")
	}
	made, asked := specOf(differ.Made), specOf(differ.Asked)
	if made != asked {
		err = tool.WithHint(err, "to go on as before, leave -embed and BATCH_EMBED out, or use -embed "+made)
	}
	return tool.WithHint(err, "to make all vectors anew: bingest reindex -embed "+asked)
}

// isUsage reports whether an error is about the command line or the environment.
func isUsage(err error) bool {
	var exit *tool.ExitError
	return errors.As(err, new(*config.Error)) || errors.As(err, &exit) && exit.Code == tool.ExitUsage
}
