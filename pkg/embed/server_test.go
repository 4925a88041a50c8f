package embed

import (
	"context"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log"
	"math"
	"net/http"
	"net/http/httptest"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/seed16713943/btools/pkg/kb"
)

func TestServerBatches(t *testing.T) {
	f := newFake(t, func(_ http.ResponseWriter, _ *http.Request, n int, _ []string) bool {
		time.Sleep(time.Duration(10-n%10) * time.Millisecond) // later requests are answered first
		return false
	})
	texts := numbered(200)
	texts[50] = "text 50" + strings.Repeat(" ", 500) // more than a request may have
	s, _ := newTestServer(t, f.url, func(o *Options) { o.Texts, o.Bytes, o.InFlight = 7, 100, 5 })
	if s.Dim() != 0 || s.Name() != "openai:m" {
		t.Errorf("before: dimension %d, name %q", s.Dim(), s.Name())
	}
	vectors, err := s.Embed(t.Context(), texts)
	if err != nil {
		t.Fatal(err)
	}
	texts[50] = "text 50"
	checkVectors(t, texts, vectors)
	if s.Dim() != 3 {
		t.Errorf("dimension %d", s.Dim())
	}
	f.mu.Lock()
	if f.most < 2 || f.most > 5 {
		t.Errorf("%d requests at a time", f.most)
	}
	f.mu.Unlock()
	for _, request := range f.received() {
		if size := len(strings.Join(request, "")); len(request) > 7 || size > 100 && len(request) > 1 {
			t.Errorf("a request with %d texts of %d bytes", len(request), size)
		}
	}
	if vectors, err := s.Embed(t.Context(), nil); err != nil || len(vectors) != 0 {
		t.Errorf("no texts: %v, %v", vectors, err)
	}
}

// TestServerCalls makes several calls at once, which share the requests that may be under
// way.
func TestServerCalls(t *testing.T) {
	const inFlight = 3
	full := make(chan struct{})
	var open atomic.Int64
	f := newFake(t, func(http.ResponseWriter, *http.Request, int, []string) bool {
		if open.Add(1) == inFlight {
			close(full)
		}
		<-full // none is answered before as many as may be are there
		return false
	})
	s, _ := newTestServer(t, f.url, func(o *Options) { o.Texts, o.InFlight = 4, inFlight })
	var calls sync.WaitGroup
	for range 6 {
		calls.Go(func() {
			texts := numbered(4)
			vectors, err := s.Embed(t.Context(), texts)
			if err != nil {
				t.Error(err)
				return
			}
			checkVectors(t, texts, vectors)
		})
	}
	calls.Wait()
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.most != inFlight {
		t.Errorf("%d requests at a time", f.most)
	}
}

// What passes is tried again, after the right time.
func TestServerRetries(t *testing.T) {
	second := func(at time.Time) string { return at.Format(http.TimeFormat) }
	tests := []struct {
		name   string
		answer func(w http.ResponseWriter, r *http.Request) bool
		least  time.Duration // of the wait; at most 500 ms more
	}{
		{"500", func(w http.ResponseWriter, _ *http.Request) bool { return fails(w, 500, "oops") }, 0},
		{"502", func(w http.ResponseWriter, _ *http.Request) bool { return fails(w, 502, "") }, 0},
		{"503 with seconds", func(w http.ResponseWriter, _ *http.Request) bool { return fails(w, 503, "", "Retry-After", "7") }, 7 * time.Second},
		{"408", func(w http.ResponseWriter, _ *http.Request) bool { return fails(w, 408, "") }, 0},
		{"429", func(w http.ResponseWriter, _ *http.Request) bool {
			return fails(w, 429, `{"error":{"message":"slow down"}}`)
		}, 0},
		{"429 with seconds", func(w http.ResponseWriter, _ *http.Request) bool { return fails(w, 429, "", "Retry-After", "20") }, 20 * time.Second},
		{"429 with a date", func(w http.ResponseWriter, _ *http.Request) bool {
			return fails(w, 429, "", "Retry-After", second(noon.Add(12*time.Second)))
		}, 12 * time.Second},
		{"429 with a past date", func(w http.ResponseWriter, _ *http.Request) bool {
			return fails(w, 429, "", "Retry-After", second(noon.Add(-time.Hour)))
		}, 0},
		{"429 with nonsense", func(w http.ResponseWriter, _ *http.Request) bool { return fails(w, 429, "", "Retry-After", "soon") }, 0},
		{"garbage", func(w http.ResponseWriter, _ *http.Request) bool { return fails(w, 200, "<html>busy</html>") }, 0},
		{"half an answer", func(w http.ResponseWriter, _ *http.Request) bool { return fails(w, 200, answerFor(numbered(3))[:60]) }, 0},
		{"closed connection", func(http.ResponseWriter, *http.Request) bool { panic(http.ErrAbortHandler) }, 0},
		{"closed in the answer", func(w http.ResponseWriter, _ *http.Request) bool {
			w.Header().Set("Content-Length", "1000")
			io.WriteString(w, "{")
			return true
		}, 0},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, r *http.Request, n int, _ []string) bool {
				return n == 1 && tt.answer(w, r)
			})
			var told time.Duration
			s, c := newTestServer(t, f.url, func(o *Options) { o.Retry = func(_ error, wait time.Duration) { told = wait } })
			texts := numbered(3)
			vectors, err := s.Embed(t.Context(), texts)
			if err != nil {
				t.Fatal(err)
			}
			checkVectors(t, texts, vectors)
			if len(c.waits) != 1 || c.waits[0] < tt.least || c.waits[0] >= tt.least+500*time.Millisecond || told != c.waits[0] {
				t.Errorf("waited %v, told %v, should be %v or a little more", c.waits, told, tt.least)
			}
		})
	}
}

// TestServerLongestWait has a server ask to wait for as long as is allowed, and longer.
func TestServerLongestWait(t *testing.T) {
	tests := []struct {
		name, after string
		longest     time.Duration
		message     string // of the failure; "" where it is tried again
	}{
		{"as long", "1", time.Second, ""},
		{"nearly as long", "0.9", time.Second, ""},
		{"shorter than the first wait", "0", 100 * time.Millisecond, ""},
		{"a second longer", "2", time.Second, "(it asks to wait 2s)"},
		{"a part of a second longer", noon.Add(2 * time.Second).Format(http.TimeFormat), time.Second, "(it asks to wait 2s)"},
		{"minutes longer", "62.5", time.Second, "(it asks to wait 1m3s)"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, n int, _ []string) bool {
				return n <= 5 && fails(w, 429, "", "Retry-After", tt.after)
			})
			s, c := newTestServer(t, f.url, func(o *Options) {
				o.MaxWait, o.Attempts = tt.longest, 6
				o.Now = func() time.Time { return noon.Add(700 * time.Millisecond) }
			})
			_, err := s.Embed(t.Context(), numbered(1))
			if tt.message != "" {
				if err == nil || !strings.HasSuffix(err.Error(), tt.message) || len(c.waits) > 0 {
					t.Errorf("error %v, waited %v", err, c.waits)
				}
				return
			}
			if err != nil || len(c.waits) != 5 || slices.Max(c.waits) > tt.longest {
				t.Errorf("error %v, waited %v", err, c.waits)
			}
		})
	}
}

// What does not pass: how often it is asked for, and what it is called.
func TestServerFaults(t *testing.T) {
	always := func(status int, body string, header ...string) func(http.ResponseWriter, *http.Request, int, []string) bool {
		return func(w http.ResponseWriter, _ *http.Request, _ int, _ []string) bool {
			return fails(w, status, body, header...)
		}
	}
	raw := func(answer string) func(http.ResponseWriter, *http.Request, int, []string) bool {
		return func(w http.ResponseWriter, _ *http.Request, _ int, _ []string) bool {
			conn, _, err := http.NewResponseController(w).Hijack()
			if err == nil {
				_, err = io.WriteString(conn, answer)
			}
			if err = errors.Join(err, conn.Close()); err != nil {
				t.Error(err)
			}
			return true
		}
	}
	tests := []struct {
		name     string
		answer   func(http.ResponseWriter, *http.Request, int, []string) bool
		requests int
		class    kb.Class
		code     kb.Code
		message  string
	}{
		{"500", always(500, "oops"), 4, kb.ExceptionAfterRetries, kb.Unavailable, "500 Internal Server Error: oops"}, // the fourth asks for a word
		{"429", always(429, `{"error":"too many"}`), 3, kb.ExceptionAfterRetries, RateLimited, "429 Too Many Requests: too many"},
		{"429 for an hour", always(429, "", "Retry-After", "3600"), 1, kb.ExceptionAfterRetries, RateLimited, "no reason given (it asks to wait 1h0m0s)"},
		{"504", always(504, ""), 3, kb.ExceptionAfterRetries, kb.Timeout, "504"},
		{"401", always(401, `{"error":{"message":"wrong key sesame"}}`), 1, kb.Processing, Refused, "401 Unauthorized: wrong key (key)"},
		{"the key where it is cut", always(401, strings.Repeat("x", 297)+"sesame"), 1, kb.Processing, Refused, "xxx(ke…"},
		{"the key in the status", raw("HTTP/1.1 401 Bad key sesame\r\nContent-Length: 0\r\n\r\n"), 1, kb.Processing, Refused, "401 Bad key (key): no reason given"},
		{"the key in an address", always(307, "", "Location", "http://elsewhere.example/?key=sesame"), 1, kb.Processing, Refused, "?key=(key)"},
		{"the key in what is no address", always(307, "", "Location", "://sesame"), 3, kb.ExceptionAfterRetries, kb.Unavailable, `"://(key)"`},
		{"the key in what is no answer", raw("HTTP/1.1 sesame\r\n\r\n"), 3, kb.ExceptionAfterRetries, kb.Unavailable, `status code "(key)"`},
		{"404", always(404, `{"message":"no model m"}`), 1, kb.Processing, Refused, "404 Not Found: no model m"},
		{"307", always(307, "", "Location", "http://elsewhere.example/"), 1, kb.Processing, Refused, "307 Temporary Redirect: Location: http://elsewhere.example/"},
		{"400 for everything", always(400, `{"error":{"message":"no such model"}}`), 3, kb.Processing, Refused, "no such model"},
		{"garbage", always(200, "<html>"), 3, kb.ExceptionAfterRetries, BadAnswer, "invalid character"},
		{"an error with status 200", always(200, `{"error":"no"}`), 1, kb.Processing, BadAnswer, "0 vectors for 2 texts"},
		{"too few vectors", always(200, answerFor(numbered(1))), 1, kb.Processing, BadAnswer, "1 vectors for 2 texts"},
		{"an index twice", always(200, `{"data":[{"index":1,"embedding":[1]},{"index":1,"embedding":[1]}]}`), 1, kb.Processing, BadAnswer, "index 1"},
		{"an index outside", always(200, `{"data":[{"index":1,"embedding":[1]},{"index":2,"embedding":[1]}]}`), 1, kb.Processing, BadAnswer, "index 2"},
		{"two dimensions", always(200, `{"data":[{"embedding":[1]},{"embedding":[1,2]}]}`), 1, kb.Processing, BadAnswer, "dimension 2 where 1"},
		{"no numbers", always(200, `{"data":[{"embedding":[]},{"embedding":{}}]}`), 1, kb.Processing, BadAnswer, "no numbers"},
		{"cut off", always(200, "{", "Content-Length", "100"), 3, kb.ExceptionAfterRetries, kb.Unavailable, "the embedding server's answer breaks off: unexpected EOF"},
		{"half a number", always(200, `{"data":[{"embedding":"AAA="},{"embedding":"AAA="}]}`), 1, kb.Processing, BadAnswer, "2 bytes"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, tt.answer)
			s, _ := newTestServer(t, f.url, func(o *Options) {
				o.Getenv = func(name string) string { return map[string]string{"BATCH_EMBED_KEY": "sesame"}[name] }
			})
			texts := numbered(2)
			vectors, err := s.Embed(t.Context(), texts)
			checkVectors(t, texts, vectors, 0, 1)
			var lacking *BatchError
			var fault *kb.Fault
			if !errors.As(err, &lacking) || !errors.As(err, &fault) || len(lacking.Faults) != 2 {
				t.Fatalf("error %v", err)
			}
			if fault.Class != tt.class || fault.Code != tt.code || !strings.Contains(fault.Error(), tt.message) || strings.Contains(err.Error(), "sesame") {
				t.Errorf("fault %s/%s %q", fault.Class, fault.Code, err)
			}
			if len(f.received()) != tt.requests {
				t.Errorf("%d requests, want %d", len(f.received()), tt.requests)
			}
			if tt.code != Refused && fault.Attempts != min(tt.requests, 3) {
				t.Errorf("%d attempts, want %d", fault.Attempts, min(tt.requests, 3))
			}
		})
	}
}

// A text that the server rejects costs the others nothing.
func TestServerHalves(t *testing.T) {
	tests := []struct {
		name, bad string
		status    int
		message   string
		requests  int // at most
		waits     int
	}{
		{"400", "text 37", 400, "bad input", 16, 0},
		{"413", "text 0", 413, "", 16, 0},
		{"422", "text 99", 422, "", 16, 0},
		// The whole batch and the text by itself are tried three times each, and after
		// both a word.
		{"500 about the text", "text 64", 500, `{"error":{"code":500,"message":"input (613 tokens) is too large to process","type":"server_error"}}`, 22, 4},
		{"500 without a reason", "text 1", 500, "", 22, 4},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int, texts []string) bool {
				return slices.Contains(texts, tt.bad) && fails(w, tt.status, tt.message)
			})
			s, c := newTestServer(t, f.url, func(o *Options) { o.Texts = 50 })
			texts := numbered(100)
			vectors, err := s.Embed(t.Context(), texts)
			checkVectors(t, texts, vectors, number(tt.bad))
			var lacking *BatchError
			if !errors.As(err, &lacking) || len(lacking.Faults) != 1 {
				t.Fatalf("error %v", err)
			}
			fault := lacking.Faults[number(tt.bad)]
			if fault == nil || fault.Class != kb.Processing || fault.Code != Rejected {
				t.Errorf("faults %v", lacking.Faults)
			}
			if len(f.received()) > tt.requests || len(c.waits) != tt.waits {
				t.Errorf("%d requests, waits %v", len(f.received()), c.waits)
			}
		})
	}
}

func TestServerVectorsWithoutDirection(t *testing.T) {
	packed := func(v ...float32) string {
		raw, _ := binary.Append(nil, binary.LittleEndian, v)
		return base64.StdEncoding.EncodeToString(raw)
	}
	for name, bad := range map[string]string{
		"NaN in JSON":        `[NaN,1,2]`,
		"infinite in JSON":   `[1,-Infinity,2]`,
		"too large":          `[1e39,1,2]`,
		"zero":               `[0,0,0]`,
		"NaN in base64":      strconv.Quote(packed(float32(math.NaN()), 1, 2)),
		"infinite in base64": strconv.Quote(packed(float32(math.Inf(1)), 1, 2)),
	} {
		t.Run(name, func(t *testing.T) {
			passes := false
			f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int, texts []string) bool {
				switch {
				case len(texts) == 3:
					return fails(w, 200, `{"data":[{"index":1,"embedding":`+bad+`},{"index":2,"embedding":"`+packed(2, 1, 2)+`"},{"index":0,"embedding":[0,1.0,2e0]}]}`)
				case passes:
					return false
				default:
					return fails(w, 200, `{"data":[{"index":0,"embedding":`+bad+`}]}`)
				}
			})
			s, _ := newTestServer(t, f.url, nil)
			texts := numbered(3)
			vectors, err := s.Embed(t.Context(), texts)
			checkVectors(t, texts, vectors, 1)
			var lacking *BatchError
			if !errors.As(err, &lacking) || len(lacking.Faults) != 1 || lacking.Faults[1].Code != Rejected {
				t.Errorf("error %v", err)
			}
			passes = true
			vectors, err = s.Embed(t.Context(), texts)
			checkVectors(t, texts, vectors)
			if err != nil {
				t.Errorf("what passes: %v", err)
			}
			if got, want := f.received(), [][]string{texts, texts[1:2], texts, texts[1:2]}; !reflect.DeepEqual(got, want) {
				t.Errorf("requests %q, not %q", got, want)
			}
		})
	}
}

// A server that fails when it is asked for a vector once more is away, and the text
// waits.
func TestServerAwayWhenAskedAgain(t *testing.T) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, n int, texts []string) bool {
		if n > 1 {
			return fails(w, 503, "")
		}
		return fails(w, 200, `{"data":[{"embedding":[0,1,2]},{"embedding":[NaN,1,2]}]}`)
	})
	s, _ := newTestServer(t, f.url, nil)
	texts := numbered(2)
	vectors, err := s.Embed(t.Context(), texts)
	checkVectors(t, texts, vectors, 1)
	var lacking *BatchError
	if !errors.As(err, &lacking) || len(lacking.Faults) != 1 || lacking.Faults[1].Code != kb.Unavailable {
		t.Errorf("error %v", err)
	}
}

// Once a server is away, it is left alone; what is still asked then is given up.
func TestServerStops(t *testing.T) {
	t.Run("one at a time", func(t *testing.T) { testServerStops(t, 1, 5) })
	t.Run("two at a time", func(t *testing.T) { testServerStops(t, 2, 4) })
}

func testServerStops(t *testing.T, inFlight, atLeast int) {
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, n int, _ []string) bool {
		return n > 5 && fails(w, 503, "restarting")
	})
	s, _ := newTestServer(t, f.url, func(o *Options) { o.Texts, o.InFlight = 1, inFlight })
	texts := numbered(1000)
	vectors, err := s.Embed(t.Context(), texts)
	var lacking *BatchError
	if !errors.As(err, &lacking) {
		t.Fatalf("error %v", err)
	}
	got := 0
	for i, v := range vectors {
		if v != nil {
			got++
		} else if fault := lacking.Faults[i]; fault == nil || fault.Code != kb.Unavailable {
			t.Fatalf("text %d has neither vector nor fault: %v", i, fault)
		}
	}
	if got < atLeast || got > 5 || len(f.received()) > 5+inFlight*3 {
		t.Errorf("%d vectors, %d requests", got, len(f.received()))
	}
	if want := fmt.Sprintf("embed: %d of 1000 texts have no vector: the embedding server answered 503", 1000-got); !strings.HasPrefix(err.Error(), want) {
		t.Errorf("error %q", err)
	}
	// Of one text, as of a question, there is nothing to count.
	if _, err := s.Embed(t.Context(), numbered(1)); err == nil || !strings.HasPrefix(err.Error(), "the embedding server answered 503") {
		t.Errorf("error %q", err)
	}
}

func TestServerTimeout(t *testing.T) {
	f := newFake(t, func(_ http.ResponseWriter, r *http.Request, n int, _ []string) bool {
		if n == 1 {
			<-r.Context().Done()
		}
		return false
	})
	// The second answer has to come in time on a busy machine too.
	s, c := newTestServer(t, f.url, func(o *Options) { o.Timeout = 2 * time.Second })
	vectors, err := s.Embed(t.Context(), numbered(2))
	if err != nil {
		t.Fatal(err)
	}
	checkVectors(t, numbered(2), vectors)
	if len(c.waits) != 1 {
		t.Errorf("waits %v", c.waits)
	}

	f = newFake(t, func(_ http.ResponseWriter, r *http.Request, _ int, _ []string) bool {
		<-r.Context().Done()
		return true
	})
	s, _ = newTestServer(t, f.url, func(o *Options) { o.Timeout = 50 * time.Millisecond })
	_, err = s.Embed(t.Context(), numbered(2))
	var fault *kb.Fault
	if !errors.As(err, &fault) || fault.Code != kb.Timeout || fault.Class != kb.ExceptionAfterRetries || fault.Attempts != 3 {
		t.Errorf("error %v", err)
	}
	if want := f.url + "/embeddings has not answered within 50ms"; fault.Error() != want {
		t.Errorf("says %q, not %q", fault, want)
	}
}

func TestServerNobodyThere(t *testing.T) {
	server := httptest.NewServer(nil)
	server.Close()
	s, c := newTestServer(t, server.URL, nil)
	_, err := s.Embed(t.Context(), numbered(2))
	var fault *kb.Fault
	if !errors.As(err, &fault) || fault.Code != kb.Unavailable || fault.Class != kb.ExceptionAfterRetries || len(c.waits) != 2 {
		t.Errorf("error %v, waits %v", err, c.waits)
	}
}

func TestServerUnknownCertificate(t *testing.T) {
	server := httptest.NewUnstartedServer(nil)
	server.Config.ErrorLog = log.New(io.Discard, "", 0)
	server.StartTLS()
	defer server.Close()
	s, c := newTestServer(t, server.URL, nil)
	_, err := s.Embed(t.Context(), numbered(2))
	var fault *kb.Fault
	if !errors.As(err, &fault) || fault.Code != Refused || len(c.waits) != 0 {
		t.Errorf("error %v, waits %v", err, c.waits)
	}
}

func TestServerCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	f := newFake(t, func(_ http.ResponseWriter, r *http.Request, _ int, _ []string) bool {
		cancel()
		<-r.Context().Done()
		return true
	})
	s, c := newTestServer(t, f.url, nil)
	vectors, err := s.Embed(ctx, numbered(200))
	if vectors != nil || !errors.Is(err, context.Canceled) || len(c.waits) != 0 {
		t.Errorf("%v, %v, waits %v", vectors, err, c.waits)
	}
}

// TestServerLimit has vectors as large as they may be, and larger ones: nothing more
// is asked for then, and their dimension is not that of the embedder.
func TestServerLimit(t *testing.T) {
	dim := MaxDim
	f := newFake(t, func(w http.ResponseWriter, _ *http.Request, _ int, _ []string) bool {
		fmt.Fprintf(w, `{"data":[{"embedding":[1%s]}]}`, strings.Repeat(",0", dim-1))
		return true
	})
	one := func(o *Options) { o.Texts = 1 }
	s, _ := newTestServer(t, f.url, one)
	if v, err := s.Embed(t.Context(), numbered(1)); err != nil || len(v[0]) != MaxDim || s.Dim() != MaxDim {
		t.Errorf("%d dimensions: %v", dim, err)
	}
	dim++
	s, _ = newTestServer(t, f.url, one)
	_, err := s.Embed(t.Context(), numbered(1))
	var fault *kb.Fault
	var limit *LimitError
	if !errors.As(err, &fault) || fault.Code != BadAnswer || !errors.As(err, &limit) || limit.Dim != dim || s.Dim() != 0 || len(f.received()) != 2 {
		t.Errorf("%d dimensions: %v after %d requests", dim, err, len(f.received()))
	}
}

func TestServerDimension(t *testing.T) {
	f := newFake(t, nil)
	s, _ := newTestServer(t, f.url, nil)
	if dim, err := Probe(t.Context(), s); dim != 3 || err != nil || len(f.received()) != 1 {
		t.Errorf("probe: %d, %v", dim, err)
	}
	if dim, err := Probe(t.Context(), s); dim != 3 || err != nil || len(f.received()) != 1 {
		t.Errorf("second probe: %d, %v, %d requests", dim, err, len(f.received()))
	}
	s, _ = newTestServer(t, f.url, func(o *Options) { o.Dim = 768 })
	_, err := s.Embed(t.Context(), numbered(1))
	var fault *kb.Fault
	if !errors.As(err, &fault) || fault.Code != BadAnswer || !strings.Contains(err.Error(), "dimension 3 where 768") {
		t.Errorf("error %v", err)
	}
}

// The key of OpenAI goes to nobody else.
func TestServerKey(t *testing.T) {
	tests := []struct {
		name, url string
		env       map[string]string
		want      string
	}{
		{"none", "", nil, ""},
		{"OpenAI's", "", map[string]string{"OPENAI_API_KEY": "a"}, "Bearer a"},
		{"OpenAI's, address given", "https://api.openai.com/v1/", map[string]string{"OPENAI_API_KEY": "a"}, "Bearer a"},
		{"OpenAI's for another", "http://localhost:11434/v1", map[string]string{"OPENAI_API_KEY": "a"}, ""},
		{"for any", "http://localhost:11434/v1", map[string]string{"OPENAI_API_KEY": "a", "BATCH_EMBED_KEY": "b"}, "Bearer b"},
		{"for any before OpenAI's", "", map[string]string{"OPENAI_API_KEY": "a", "BATCH_EMBED_KEY": "b"}, "Bearer b"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got *http.Request
			s, _ := newTestServer(t, tt.url, func(o *Options) {
				o.Getenv = func(name string) string { return tt.env[name] }
				o.Transport = roundTripper(func(r *http.Request) (*http.Response, error) {
					got = r
					return nil, errors.New("not sent")
				})
				o.Attempts = 1
			})
			s.Embed(t.Context(), numbered(1))
			if key := got.Header.Get("Authorization"); key != tt.want {
				t.Errorf("sent %q, want %q", key, tt.want)
			}
		})
	}
}

type roundTripper func(*http.Request) (*http.Response, error)

func (r roundTripper) RoundTrip(request *http.Request) (*http.Response, error) { return r(request) }

func TestParse(t *testing.T) {
	for spec, name := range map[string]string{
		"builtin":                 "builtin-1",
		"none":                    "none",
		"openai:nomic-embed-text": "openai:nomic-embed-text",
		"openai:org/model:latest": "openai:org/model:latest",
	} {
		e, err := Parse(spec, Options{})
		if err != nil || e.Name() != name {
			t.Errorf("Parse(%q): %v, %v", spec, e, err)
		}
	}
	for _, spec := range []string{"", "built-in", "builtin:x", "none:x", "openai", "openai:", "OpenAI:m"} {
		if e, err := Parse(spec, Options{}); err == nil {
			t.Errorf("Parse(%q) = %v", spec, e.Name())
		}
	}
	for _, url := range []string{"localhost:11434", "ftp://host/v1", "http://", "https://key@host/v1", "http://host/v1?key=1", "http://host/v1#x", "http://a b/"} {
		if _, err := Parse("openai:m", Options{URL: url}); err == nil {
			t.Errorf("the URL %q is accepted", url)
		}
	}
}

func TestNone(t *testing.T) {
	vectors, err := None{}.Embed(t.Context(), numbered(2))
	if err != nil || len(vectors) != 2 || vectors[0] != nil {
		t.Errorf("%v, %v", vectors, err)
	}
	if dim, err := Probe(t.Context(), None{}); dim != 0 || err != nil {
		t.Errorf("probe: %d, %v", dim, err)
	}
}

func FuzzAnswer(f *testing.F) {
	f.Add(answerFor(numbered(2)))
	f.Add(`{"data":[{"embedding":"AACAPw=="},{"embedding":[NaN]}]}`)
	f.Fuzz(func(t *testing.T, body string) {
		vectors, err := parse([]byte(body), 2)
		if err == nil && (len(vectors) != 2 || len(vectors[0]) == 0 || len(vectors[1]) == 0) {
			t.Errorf("%v", vectors)
		}
	})
}
