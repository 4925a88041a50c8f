package embed

import (
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"slices"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"
)

// fake is an embeddings server. The vector of a text is (number in it, 1, 2).
type fake struct {
	t   *testing.T
	url string

	// answer is called for each request with its number, from 1, and its texts. It
	// returns false to have the server answer as it should.
	answer func(w http.ResponseWriter, r *http.Request, n int, texts []string) bool

	mu       sync.Mutex
	requests [][]string
	open     int // requests that are being answered now,
	most     int // and at most so far
}

func newFake(t *testing.T, answer func(w http.ResponseWriter, r *http.Request, n int, texts []string) bool) *fake {
	f := &fake{t: t, answer: answer}
	server := httptest.NewServer(f)
	t.Cleanup(server.Close)
	f.url = server.URL + "/v1"
	return f
}

func (f *fake) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct {
		Model string
		Input []string
	}
	if err := json.NewDecoder(r.Body).Decode(&body); r.Context().Err() == nil &&
		(err != nil || body.Model != "m" || r.URL.Path != "/v1/embeddings") {
		f.t.Errorf("request %s %+v: %v", r.URL, body, err)
	}
	f.mu.Lock()
	f.requests = append(f.requests, body.Input)
	n := len(f.requests)
	f.open++
	f.most = max(f.most, f.open)
	f.mu.Unlock()
	defer func() {
		f.mu.Lock()
		f.open--
		f.mu.Unlock()
	}()
	if f.answer == nil || !f.answer(w, r, n, body.Input) {
		io.WriteString(w, answerFor(body.Input))
	}
}

// received returns the texts of each request so far. One that was given up may
// still be on its way.
func (f *fake) received() [][]string {
	f.mu.Lock()
	defer f.mu.Unlock()
	return slices.Clone(f.requests)
}

// answerFor is the right answer for texts.
func answerFor(texts []string) string {
	var items []string
	for i, text := range texts {
		items = append(items, fmt.Sprintf(`{"object":"embedding","index":%d,"embedding":[%d,1,2]}`, i, number(text)))
	}
	return `{"object":"list","data":[` + strings.Join(items, ",") + `],"model":"m"}`
}

func number(text string) int {
	n, _ := strconv.Atoi(strings.TrimSpace(strings.TrimPrefix(text, "text ")))
	return n
}

// vectorFor is the vector that a text must get.
func vectorFor(text string) []float32 {
	v := []float32{float32(number(text)), 1, 2}
	unit(v)
	return v
}

func numbered(n int) (texts []string) {
	for i := range n {
		texts = append(texts, fmt.Sprint("text ", i))
	}
	return texts
}

// noon is when the tests take place.
var noon = time.Date(2025, 3, 1, 12, 0, 0, 0, time.UTC)

// clock stands still, and lets waits pass at once.
type clock struct {
	mu    sync.Mutex
	waits []time.Duration
}

func (c *clock) after(d time.Duration) <-chan time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.waits = append(c.waits, d)
	passed := make(chan time.Time, 1)
	passed <- noon.Add(d)
	return passed
}

func newTestServer(t *testing.T, url string, change func(*Options)) (*Server, *clock) {
	t.Helper()
	c := &clock{}
	opts := Options{
		URL:    url,
		Getenv: func(string) string { return "" },
		Now:    func() time.Time { return noon },
		After:  c.after,
	}
	if change != nil {
		change(&opts)
	}
	s, err := NewServer("m", opts)
	if err != nil {
		t.Fatal(err)
	}
	return s, c
}

// checkVectors asserts that all texts but some have their vectors.
func checkVectors(t *testing.T, texts []string, vectors [][]float32, without ...int) {
	t.Helper()
	if len(vectors) != len(texts) {
		t.Fatalf("%d vectors for %d texts", len(vectors), len(texts))
	}
	for i, v := range vectors {
		if slices.Contains(without, i) {
			if v != nil {
				t.Errorf("text %d has a vector", i)
			}
		} else if !slices.Equal(v, vectorFor(texts[i])) {
			t.Errorf("text %d has the vector %v, not %v", i, v, vectorFor(texts[i]))
		}
	}
}

// fails answers with a status.
func fails(w http.ResponseWriter, status int, body string, header ...string) bool {
	for i := 0; i < len(header); i += 2 {
		w.Header().Set(header[i], header[i+1])
	}
	w.WriteHeader(status)
	io.WriteString(w, body)
	return true
}
