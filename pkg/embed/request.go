package embed

import (
	"bytes"
	"context"
	"crypto/tls"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"math"
	"math/rand/v2"
	"net/http"
	"strconv"
	"strings"
	"time"

	retry "github.com/avast/retry-go/v4"

	"github.com/seed16713943/btools/pkg/kb"
)

// failure is the fault of one attempt.
type failure struct {
	*kb.Fault
	after    time.Duration // the server asks to wait so long
	internal bool          // the server failed, perhaps over these texts
}

// Unwrap returns the fault, for errors.As.
func (f *failure) Unwrap() error { return f.Fault }

// timer waits as the options say.
type timer func(time.Duration) <-chan time.Time

// After implements retry.Timer.
func (t timer) After(d time.Duration) <-chan time.Time { return t(d) }

// request gets the vectors of texts, which may be of any length. It tries again
// what may pass, but of suspects not what may be their fault. The error is a
// *failure, or says that ctx is done.
func (s *Server) request(ctx context.Context, texts []string, suspects bool) ([][]float32, error) {
	var (
		body     = s.body(texts)
		vectors  [][]float32
		attempts int
		last     *failure
	)
	err := retry.Do(
		func() error {
			attempts++
			if vectors, last = s.attempt(ctx, body, len(texts)); last != nil {
				return last
			}
			return nil
		},
		retry.Context(ctx),
		retry.Attempts(uint(s.opts.Attempts)),
		retry.RetryIf(func(error) bool {
			return last.Class == kb.ExceptionAfterRetries && !(suspects && last.internal) && last.after <= s.opts.MaxWait && ctx.Err() == nil
		}),
		retry.DelayType(func(n uint, err error, _ *retry.Config) time.Duration { return s.wait(n, last) }),
		retry.WithTimer(timer(s.opts.After)),
		retry.LastErrorOnly(true),
	)
	switch {
	case ctx.Err() != nil:
		return nil, context.Cause(ctx)
	case err != nil:
		last.Attempts = attempts
		return nil, last
	}
	return vectors, nil
}

// wait returns how long to wait after the nth attempt: as long as the server
// asks for, and a random time up to a bound that doubles with each attempt, so
// that requests that were refused together do not come together again, but never
// longer than the longest wait.
func (s *Server) wait(n uint, f *failure) time.Duration {
	bound := s.opts.MaxWait
	if shift := min(n-1, 30); s.opts.Wait<<shift < bound {
		bound = s.opts.Wait << shift
	}
	wait := f.after + rand.N(max(min(bound, s.opts.MaxWait-f.after), 1))
	s.opts.Retry(f.Fault, wait)
	return wait
}

// body returns the request for texts.
func (s *Server) body(texts []string) []byte {
	body, err := json.Marshal(struct {
		Model  string   `json:"model"`
		Input  []string `json:"input"`
		Format string   `json:"encoding_format"`
	}{s.model, texts, "float"})
	if err != nil {
		panic(err) // strings can always be written as JSON
	}
	return body
}

// attempt sends one request for a number of vectors. What its failure says is
// without the key, which some servers repeat.
func (s *Server) attempt(ctx context.Context, body []byte, count int) ([][]float32, *failure) {
	vectors, f := s.exchange(ctx, body, count)
	if f != nil {
		if text := s.withoutKey(f.Error()); text != f.Error() {
			f.Err = &keyless{f.Err, text}
		}
	}
	return vectors, f
}

// keyless is an error with another text.
type keyless struct {
	error
	text string
}

func (e *keyless) Error() string { return e.text }

// Unwrap returns the error itself.
func (e *keyless) Unwrap() error { return e.error }

func (s *Server) withoutKey(text string) string {
	if s.key == "" {
		return text
	}
	return strings.ReplaceAll(text, s.key, "(key)")
}

// exchange is attempt, whose failure may have the key in it.
func (s *Server) exchange(ctx context.Context, body []byte, count int) ([][]float32, *failure) {
	ctx, cancel := context.WithTimeout(ctx, s.opts.Timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, s.endpoint, bytes.NewReader(body))
	if err != nil {
		return nil, &failure{Fault: kb.NewFault(kb.Processing, Refused, "embed: %w", err)}
	}
	request.Header.Set("Content-Type", "application/json")
	if s.key != "" {
		request.Header.Set("Authorization", "Bearer "+s.key)
	}
	response, err := s.client.Do(request)
	if err != nil {
		return nil, s.connection(ctx, fmt.Errorf("embed: %w", err))
	}
	defer response.Body.Close()
	limit := int64(1<<20 + count<<19) // enough for 16,384 dimensions with 32 bytes each
	answer, err := io.ReadAll(io.LimitReader(response.Body, limit))
	switch {
	case err != nil:
		return nil, s.connection(ctx, fmt.Errorf("the embedding server's answer breaks off: %w", err))
	case response.StatusCode != http.StatusOK:
		return nil, s.status(response, answer)
	case int64(len(answer)) == limit:
		return nil, badAnswer("more than %d bytes", limit)
	}
	vectors, f := parse(answer, count)
	if f == nil {
		f = s.check(vectors)
	}
	return vectors, f
}

// check compares the dimension of vectors to that of the ones before, and the first
// to what can be stored.
func (s *Server) check(vectors [][]float32) *failure {
	for _, v := range vectors {
		if len(v) > MaxDim {
			return badAnswer("%w", &LimitError{len(v)})
		}
		s.dim.CompareAndSwap(0, int64(len(v)))
		if dim := s.Dim(); len(v) != dim {
			return badAnswer("a vector of dimension %d where %d is expected", len(v), dim)
		}
	}
	s.answered.Store(true)
	return nil
}

// badAnswer is the fault of an answer that would be no better another time.
func badAnswer(format string, args ...any) *failure {
	return &failure{Fault: kb.NewFault(kb.Processing, BadAnswer, "the embedding server answered "+format, args...)}
}

// connection classifies what went wrong on the way to the server and back.
func (s *Server) connection(ctx context.Context, err error) *failure {
	var certificate *tls.CertificateVerificationError
	class, code := kb.ExceptionAfterRetries, kb.Unavailable
	switch {
	case errors.Is(ctx.Err(), context.DeadlineExceeded):
		code, err = kb.Timeout, fmt.Errorf("%s has not answered within %s", s.endpoint, s.opts.Timeout)
	case errors.As(err, &certificate):
		class, code = kb.Processing, Refused
	}
	return &failure{Fault: kb.NewFault(class, code, "%w", err)}
}

// status classifies an answer that is no success.
func (s *Server) status(response *http.Response, answer []byte) *failure {
	message := s.message(answer)
	class, code := kb.Processing, Refused
	switch status := response.StatusCode; {
	case status == http.StatusBadRequest, status == http.StatusRequestEntityTooLarge, status == http.StatusUnprocessableEntity:
		code = Rejected
	case status == http.StatusTooManyRequests:
		class, code = kb.ExceptionAfterRetries, RateLimited
	case status == http.StatusRequestTimeout, status == http.StatusGatewayTimeout:
		class, code = kb.ExceptionAfterRetries, kb.Timeout
	case status == http.StatusNotImplemented:
	case status >= 500:
		class, code = kb.ExceptionAfterRetries, kb.Unavailable
	case status >= 300 && status < 400:
		message = "Location: " + response.Header.Get("Location")
	}
	after := retryAfter(response.Header.Get("Retry-After"), s.opts.Now())
	if after > s.opts.MaxWait {
		seconds := time.Duration(math.Ceil(after.Seconds())) // rounded down, it could be what is allowed
		message += fmt.Sprintf(" (it asks to wait %s)", seconds*time.Second)
	}
	return &failure{
		Fault: kb.NewFault(class, code, "the embedding server answered %s: %s", response.Status, message),
		after: after, internal: response.StatusCode == http.StatusInternalServerError,
	}
}

// retryAfter returns how long a header Retry-After, in seconds or as a date, asks
// to wait; 0 if it says nothing.
func retryAfter(header string, now time.Time) time.Duration {
	if seconds, err := strconv.ParseFloat(header, 64); err == nil && seconds >= 0 {
		return time.Duration(min(seconds, 1e9) * float64(time.Second))
	}
	if at, err := http.ParseTime(header); err == nil {
		return max(at.Sub(now), 0)
	}
	return 0
}

// message returns what an answer says about its failure, in one line.
func (s *Server) message(answer []byte) string {
	var body struct {
		Error   json.RawMessage `json:"error"`
		Message string          `json:"message"`
	}
	var inner struct {
		Message string `json:"message"`
	}
	text := string(answer)
	if json.Unmarshal(answer, &body) == nil {
		var plain string
		switch {
		case json.Unmarshal(body.Error, &inner) == nil && inner.Message != "":
			text = inner.Message
		case json.Unmarshal(body.Error, &plain) == nil && plain != "":
			text = plain
		case body.Message != "":
			text = body.Message
		}
	}
	// Without the key before it is cut, perhaps within the key.
	text = s.withoutKey(strings.Join(strings.Fields(text), " "))
	const most = 300 // characters
	if runes := []rune(text); len(runes) > most {
		text = string(runes[:most]) + "…"
	}
	if text == "" {
		return "no reason given"
	}
	return text
}
