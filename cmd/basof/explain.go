package main

import (
	"errors"
	"strconv"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/tool"
)

// explainSearch says what to do about a search that failed, or that had to go by
// words alone. The name is that of the embedder.
func explainSearch(err error, name string) error {
	var fault *kb.Fault
	var query *asof.QueryError
	var dimension *embed.DimensionError
	switch {
	case errors.Is(err, asof.ErrNoIndex):
		return tool.WithHint(err, "make the index with: bingest reindex")
	case errors.Is(err, asof.ErrNoVectors) && name == embed.None{}.Name():
		return tool.WithHint(err, "make them with: bingest reindex -embed builtin; or search by words with -mode text")
	case errors.Is(err, asof.ErrNoVectors):
		return tool.WithHint(err, "the next bingest makes them; until then, search by words with -mode text")
	case errors.As(err, &query):
		return tool.Usagef("-fts: %w", err)
	case errors.As(err, &dimension):
		return tool.WithHint(err, "if the server has another model now, make all vectors anew with: bingest reindex")
	case errors.As(err, &fault) && fault.Code == embed.RateLimited:
		return tool.WithHint(err, "ask again later, or search by words with -mode text")
	case errors.As(err, &fault) && fault.Code == embed.Rejected:
		return tool.WithHint(err, "ask in fewer words, or search by words with -mode text")
	case errors.As(err, &fault) && isServerFault(fault.Code):
		return tool.WithHint(err, "see that -embed-url or BATCH_EMBED_URL is the embedding server, that it runs, and that BATCH_EMBED_KEY is its key")
	}
	return err
}

// isServerFault reports whether a fault is one of the embedding server.
func isServerFault(code kb.Code) bool {
	switch code {
	case kb.Unavailable, kb.Timeout, embed.Refused, embed.BadAnswer:
		return true
	}
	return false
}

// quoted writes what the user typed, the beginning of it if it is long.
func quoted(typed string) string { return strconv.Quote(cut(typed)) }

// cut returns the beginning of a text that is long for a message.
func cut(text string) string {
	const most = 200 // characters
	count := 0
	for at := range text {
		if count++; count > most {
			return text[:at] + "…"
		}
	}
	return text
}
