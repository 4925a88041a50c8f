package embed

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"sync/atomic"

	"github.com/seed16713943/btools/pkg/kb"
)

// Server is the embedder for a server that speaks the OpenAI embeddings API, as
// OpenAI's, Ollama, llama.cpp, vLLM and TEI do.
//
// Texts are sent in batches, several at a time. What may pass is tried again,
// after as long as the server asks for: too many requests, faults of the server,
// time that ran out, connections that fail. A batch that the server rejects is
// halved until the text that it objects to stands alone, and the others get their
// vectors. So is one over which it fails each time (status 500), as some servers do
// over a text that they will never accept, while it still gives others their vector.
// A text whose vector is zero or not finite is asked for once more, by itself. When
// the server stays away or refuses everything, nothing more is sent, and all texts
// without a vector have that fault.
type Server struct {
	model    string
	endpoint string
	key      string
	opts     Options
	client   *http.Client
	slots    chan struct{} // one is taken for each batch under way
	dim      atomic.Int64  // 0 for not known
	answered atomic.Bool   // has ever given a vector
}

// NewServer returns the embedder for a model of a server. It sends nothing yet.
// The error says what is wrong with the URL.
func NewServer(model string, opts Options) (*Server, error) {
	opts = opts.withDefaults()
	base, err := parseAddress(opts.URL)
	if err != nil {
		return nil, err
	}
	s := &Server{model: model, endpoint: base + "/embeddings", opts: opts}
	s.key = opts.Getenv(kb.EmbedKey)
	if s.key == "" && base == openAI {
		s.key = opts.Getenv(kb.OpenAIKey)
	}
	s.dim.Store(int64(opts.Dim))
	s.slots = make(chan struct{}, opts.InFlight)
	s.client = &http.Client{
		Transport: opts.Transport,
		// Texts and the key go to no other server than the one that was named.
		CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse },
	}
	return s, nil
}

// Address is the URL of a server, for a setting: it takes what NewServer does, or
// nothing.
type Address string

// Set is that of flag.Value. The error shows nothing that may be a password.
func (a *Address) Set(text string) error {
	if text != "" {
		if _, err := parseAddress(text); err != nil {
			return err
		}
	}
	*a = Address(text)
	return nil
}

// String is that of flag.Value.
func (a *Address) String() string { return string(*a) }

// parseAddress reads the URL of a server. Of one that may have a password or a key
// in it, the error shows nothing.
func parseAddress(text string) (string, error) {
	base, err := url.Parse(strings.TrimRight(text, "/"))
	switch sound := err == nil && (base.Scheme == "http" || base.Scheme == "https") && base.Host != ""; {
	case sound && base.User == nil && base.RawQuery == "" && base.Fragment == "":
		return base.String(), nil
	case sound || strings.ContainsAny(text, "@?#"):
		return "", errors.New("URL of the embedding server: it may have http:// or https://, a host and a path only; a key belongs in BATCH_EMBED_KEY")
	default:
		return "", fmt.Errorf("URL of the embedding server: %q is no http:// or https:// address", text)
	}
}

// Name is "openai:" and the model. The server is not part of it, since a model
// gives the same vectors wherever it runs.
func (s *Server) Name() string { return serverName + s.model }

// Dim is the dimension that the first answer had, and 0 before it.
func (s *Server) Dim() int { return int(s.dim.Load()) }

// InFlight is how many requests are made at a time, by all calls of Embed together.
func (s *Server) InFlight() int { return s.opts.InFlight }

// Embed returns the vectors of texts. Of the faults that its BatchError may have,
// only those with the code Rejected are about the text itself. With any other, the
// text may get its vector another time.
func (s *Server) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	left, stop := context.WithCancelCause(ctx)
	defer stop(nil)
	j := &job{server: s, texts: texts, vectors: make([][]float32, len(texts)), again: make([]bool, len(texts)), stop: stop}
	var batches sync.WaitGroup
	for from := 0; from < len(texts) && s.enter(left); {
		first, end := from, s.batch(texts, from)
		batches.Go(func() {
			defer s.leave()
			j.embed(left, first, end, false)
		})
		from = end
	}
	batches.Wait()
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	return j.vectors, j.err(left)
}

// enter waits until a batch may be under way, and reports whether it still is to be.
func (s *Server) enter(ctx context.Context) bool {
	select {
	case s.slots <- struct{}{}:
		if ctx.Err() == nil {
			return true
		}
		s.leave()
		return false
	case <-ctx.Done():
		return false
	}
}

func (s *Server) leave() { <-s.slots }

// batch returns where the batch ends that begins with a text.
func (s *Server) batch(texts []string, from int) int {
	end, size := from+1, len(texts[from])
	for end < len(texts) && end-from < s.opts.Texts && size+len(texts[end]) <= s.opts.Bytes {
		size += len(texts[end])
		end++
	}
	return end
}

// job is the work of one call of Embed.
type job struct {
	server  *Server
	texts   []string
	vectors [][]float32             // each element is written by one goroutine
	again   []bool                  // what was asked for once more; as above
	stop    context.CancelCauseFunc // called with the fault that ends the job

	mu       sync.Mutex
	rejected map[int]*kb.Fault
}

// embed gets the vectors of the texts from one index to another. Of suspects it is
// known that the server fails over one of them.
func (j *job) embed(ctx context.Context, from, end int, suspects bool) {
	vectors, err := j.server.request(ctx, j.texts[from:end], suspects && end-from > 1)
	var f *failure
	switch {
	case err == nil:
		j.keep(ctx, from, vectors)
		return
	case !errors.As(err, &f):
		j.stop(err) // ctx is done
		return
	case f.Code != Rejected && !f.internal:
		j.stop(f.Fault)
		return
	case end-from > 1 && (suspects || !f.internal):
	case f.internal:
		if j.server.word(ctx) != nil { // it fails over everything
			j.stop(f.Fault)
			return
		}
	default:
		if err := j.server.prove(ctx); err != nil {
			j.stop(err)
			return
		}
	}
	if end-from > 1 {
		middle := from + (end-from)/2
		j.embed(ctx, from, middle, f.internal)
		if ctx.Err() == nil {
			j.embed(ctx, middle, end, f.internal)
		}
		return
	}
	j.reject(from, &kb.Fault{Class: kb.Processing, Code: Rejected, Attempts: f.Attempts, Err: f.Err})
}

// word asks for the vector of a word, once.
func (s *Server) word(ctx context.Context) error {
	if _, f := s.attempt(ctx, s.body([]string{"vector"}), 1); f != nil {
		return f
	}
	return nil
}

// prove tells a server that rejects one text from one that rejects all of them,
// since the model or a setting is wrong: a server that has never given a vector is
// asked for that of a word.
func (s *Server) prove(ctx context.Context) error {
	if s.answered.Load() {
		return nil
	}
	_, err := s.request(ctx, []string{"dimension"}, false)
	var fault *kb.Fault
	if errors.As(err, &fault) && fault.Code == Rejected {
		fault.Code = Refused
	}
	return err
}

// keep takes the vectors of the texts from an index on. A text whose vector has no
// direction is asked for once more by itself, since that may be the fault of the
// moment, or of what else was in the batch; then it is rejected.
func (j *job) keep(ctx context.Context, from int, vectors [][]float32) {
	for i, v := range vectors {
		switch i := from + i; {
		case unit(v):
			j.vectors[i] = v
		case !j.again[i]:
			j.again[i] = true
			j.embed(ctx, i, i+1, false)
		default:
			j.reject(i, kb.NewFault(kb.Processing, Rejected, "the server's vector is zero or not finite, and was so twice"))
		}
	}
}

// reject notes that a text has no vector.
func (j *job) reject(i int, fault *kb.Fault) {
	j.mu.Lock()
	defer j.mu.Unlock()
	if j.rejected == nil {
		j.rejected = map[int]*kb.Fault{}
	}
	j.rejected[i] = fault
}

// err returns what is to be said about texts without a vector.
func (j *job) err(ctx context.Context) error {
	faults := j.rejected
	if faults == nil {
		faults = map[int]*kb.Fault{}
	}
	var stopped *kb.Fault
	if errors.As(context.Cause(ctx), &stopped) {
		for i, v := range j.vectors {
			if v == nil && faults[i] == nil {
				faults[i] = stopped
			}
		}
	}
	if len(faults) == 0 {
		return nil
	}
	return &BatchError{Texts: len(j.texts), Faults: faults}
}
