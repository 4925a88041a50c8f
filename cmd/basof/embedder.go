package main

import (
	"context"
	"fmt"

	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/sqlite"
	"github.com/seed16713943/btools/pkg/tool"
)

// embedder returns the embedder that made the vectors of the knowledge base. A
// server is waited for only as long as a person would.
func (s *search) embedder(ctx context.Context, reader *sqlite.Reader) (embed.Embedder, error) {
	index, err := reader.SearchIndex(ctx)
	if err != nil {
		return nil, err
	}
	builtin := embed.NewBuiltin()
	switch name := index.Embedder; {
	case name == "" || name == embed.None{}.Name():
		return embed.None{}, nil
	case name == builtin.Name():
		return builtin, nil
	case !embed.IsServer(name):
		return embed.NewAbsent(name, tool.WithHint(
			fmt.Errorf("the vectors are of the embedder %s, which this version does not have", name),
			"make them anew with: bingest reindex -embed builtin")), nil
	case s.url == "":
		// OpenAI's own server does not stand in for one that nobody has named: what is
		// searched for is not sent to where the documents perhaps never were.
		return embed.NewAbsent(name, tool.WithHint(
			fmt.Errorf("the vectors are of the embedder %s, a model of a server, and it is not said which", name),
			"name it with -embed-url or BATCH_EMBED_URL, and its key with BATCH_EMBED_KEY")), nil
	default:
		return embed.Parse(name, embed.Options{URL: string(s.url), Attempts: 2, Timeout: *s.timeout})
	}
}
