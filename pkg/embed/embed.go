// Package embed turns texts into vectors, so that texts that are alike have
// vectors that point the same way.
//
// There is an embedder that needs nothing (Builtin), one for any server that
// speaks the OpenAI embeddings API (Server), and one that makes no vectors
// (None). All vectors are unit vectors, so their dot product is their cosine.
//
//	embedder, err := embed.Parse("openai:nomic-embed-text", embed.Options{URL: "http://localhost:11434/v1"})
//	if err != nil {
//		return err
//	}
//	vectors, err := embedder.Embed(ctx, texts)
//	var lacking *embed.BatchError
//	if errors.As(err, &lacking) {
//		// vectors[i] is nil for each i in lacking.Faults
//	}
package embed

import (
	"context"
	"fmt"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
)

// The codes of faults that embedding adds. A server that is away is
// kb.Unavailable, one that is slow kb.Timeout.
const (
	Rejected    kb.Code = "embed_rejected" // the server accepts all but this text, or gives no usable vector for it
	Refused     kb.Code = "embed_refused"  // the server accepts nothing: its address, the model or the key is wrong
	BadAnswer   kb.Code = "bad_answer"     // the server answers something that is no vectors for these texts
	RateLimited kb.Code = "rate_limited"   // the server wanted fewer requests, longer than it was waited for
)

// Embedder turns texts into vectors. It may be used by several goroutines at
// once.
type Embedder interface {
	// Name identifies the embedder in a knowledge base: vectors of embedders with
	// different names cannot be compared.
	Name() string

	// Dim is the dimension of its vectors. Of a server's it is 0 until the first
	// answer; see Probe.
	Dim() int

	// Embed returns one unit vector for each text, in order; nil for one that waits
	// for an embedder that is not asked now, as with Kept. If some texts have
	// none, their vectors are nil and the error is a *BatchError that says why. If
	// ctx is done, the error is that of ctx and there are no vectors.
	Embed(ctx context.Context, texts []string) ([][]float32, error)
}

// BatchError says which texts have no vector and why.
type BatchError struct {
	Texts  int               // how many texts there were
	Faults map[int]*kb.Fault // by the index of the text
}

// Error gives the fault of the first text without a vector, and how many there are
// where there was more than one text.
func (e *BatchError) Error() string {
	if e.Texts == 1 {
		return e.first().Error()
	}
	return fmt.Sprintf("embed: %d of %d texts have no vector: %v", len(e.Faults), e.Texts, e.first())
}

// Unwrap returns the fault of the first text without a vector.
func (e *BatchError) Unwrap() error { return e.first() }

func (e *BatchError) first() *kb.Fault {
	for i := range e.Texts {
		if fault := e.Faults[i]; fault != nil {
			return fault
		}
	}
	return nil
}

// DimensionError says that the vectors of an embedder cannot be compared with those
// that it made before: a server has another model now.
type DimensionError struct{ Has, Had int }

func (e *DimensionError) Error() string {
	return fmt.Sprintf("vectors of %d dimensions, where those of the knowledge base have %d", e.Has, e.Had)
}

// MaxDim is the most dimensions of vectors that a knowledge base takes: what a vec0
// table of sqlite-vec has.
const MaxDim = 8192

// LimitError says that vectors have more than MaxDim dimensions.
type LimitError struct{ Dim int }

func (e *LimitError) Error() string {
	return fmt.Sprintf("a vector of %d dimensions, where a knowledge base takes %d at most", e.Dim, MaxDim)
}

// Parse returns the embedder that spec names: "builtin", "none", or
// "openai:MODEL" for a model of the server in the options. Options matter to
// servers only.
func Parse(spec string, opts Options) (Embedder, error) {
	switch kind, model, _ := strings.Cut(spec, ":"); {
	case spec == "builtin":
		return NewBuiltin(), nil
	case spec == "none":
		return None{}, nil
	case kind == "openai" && model != "":
		return NewServer(model, opts)
	}
	return nil, fmt.Errorf("embedder %q is none of builtin, none, openai:MODEL", spec)
}

// IsBuiltin reports whether a name is that of the built-in embedder, in whatever
// version.
func IsBuiltin(name string) bool { return strings.HasPrefix(name, builtinName) }

// IsServer reports whether a name is that of a model of a server.
func IsServer(name string) bool { return strings.HasPrefix(name, serverName) }

// What the names of embedders begin with.
const (
	builtinName = "builtin-"
	serverName  = "openai:"
)

// Probe returns the dimension of an embedder's vectors, asking for one if it is
// not known yet. The error is that of Embed.
func Probe(ctx context.Context, e Embedder) (int, error) {
	if e.Dim() == 0 && e.Name() != (None{}).Name() {
		if _, err := e.Embed(ctx, []string{"dimension"}); err != nil {
			return 0, err
		}
	}
	return e.Dim(), nil
}

// None is the embedder that makes no vectors: for knowledge bases that are
// searched by their text alone.
type None struct{}

// Name is "none".
func (None) Name() string { return "none" }

// Dim is 0.
func (None) Dim() int { return 0 }

// Embed returns nil for each text.
func (None) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	return make([][]float32, len(texts)), ctx.Err()
}
