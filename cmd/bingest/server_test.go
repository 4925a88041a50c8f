package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"
)

// embedServer is an embeddings server that gives every text the same vector, once
// it is open.
type embedServer struct {
	*httptest.Server
	open  atomic.Bool
	asked chan struct{} // gets one for each request to a server that is not open
	wait  bool          // rather than refuse
	dim   int           // of its vectors
}

func newEmbedServer(t *testing.T) *embedServer {
	s := &embedServer{asked: make(chan struct{}, 100), dim: 3}
	s.Server = httptest.NewServer(s)
	t.Cleanup(s.Close)
	return s
}

func (s *embedServer) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	var body struct{ Input []string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	if !s.open.Load() {
		s.asked <- struct{}{}
		if s.wait {
			<-r.Context().Done()
			return
		}
		http.Error(w, "loading the model", http.StatusServiceUnavailable)
		return
	}
	type item struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var answer struct {
		Data []item `json:"data"`
	}
	for i := range body.Input {
		answer.Data = append(answer.Data, item{i, slices.Repeat([]float32{1}, s.dim)})
	}
	json.NewEncoder(w).Encode(answer)
}

// measured is what the tests look at of a report.
type measured struct {
	Status      string
	Fatal       string
	Performance map[string]any `json:"performance_metrics"`
	Processing  map[string]any `json:"processing_summary"`
}

// passages returns how many passages got their vector, and how many wait.
func (m *measured) passages() [2]any {
	return [2]any{m.Performance["passages_embedded"], m.Performance["passages_waiting"]}
}

// TestServerComesBack takes documents in while the embedding server refuses all,
// and has the next run, of which nothing is new, fill in what is lacking.
func TestServerComesBack(t *testing.T) {
	p := newPrograms(t)
	for i := range 3 {
		p.write(fmt.Sprintf("docs/%d.md", i), fmt.Sprintf("Text of document %d.\n", i))
	}
	server := newEmbedServer(t)
	stream := p.output(0, nil, "bscan", "docs")
	args := []string{"-embed-url", server.URL + "/v1", "-retries", "2", "-retry-wait", "1ms"}
	rep := decode[measured](t, p.output(3, bytes.NewReader(stream), "bingest", append(args, "-embed", "openai:m")...))
	if rep.Status != "complete" || rep.passages() != [2]any{0.0, 3.0} || rep.Performance["retries"] != 1.0 {
		t.Errorf("while the server is away: %+v", rep)
	}
	if st := decode[status](t, p.output(0, nil, "bingest", "status", "-json")); st.Index.Waiting != 3 || st.Index.Embedder != "openai:m" {
		t.Errorf("status %+v", st.Index)
	}

	server.open.Store(true)
	rep = decode[measured](t, p.output(0, bytes.NewReader(stream), "bingest", args...))
	if rep.Processing["unchanged"] != 3.0 || rep.passages() != [2]any{3.0, 0.0} {
		t.Errorf("when it is back: %+v", rep)
	}
	if st := decode[status](t, p.output(0, nil, "bingest", "status", "-json")); st.Index.Waiting != 0 {
		t.Errorf("status %+v", st.Index)
	}
}

// TestServerNeedsHelp has passages wait for a server that no later run can do
// anything about: what to do is said, and helps.
func TestServerNeedsHelp(t *testing.T) {
	p := newPrograms(t)
	said := func(code int, name string, args ...string) string {
		t.Helper()
		cmd := p.command(name, args...)
		var stderr bytes.Buffer
		cmd.Stderr = &stderr
		if got := exitCode(t, cmd.Run()); got != code {
			t.Errorf("%s %q: exit code %d: %s", name, args, got, &stderr)
		}
		return stderr.String()
	}
	const again = "bingest: hint: every later run asks for them first; until then they are found by their words\n"
	record := func(i int) {
		p.write("records", fmt.Sprintf(`{"type":"file","path":"%d.md","valid_from":"2025-01-01T00:00:00Z","content":"Kettle %d."}`, i, i))
	}

	closed := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, _ *http.Request) {
		http.Error(w, "wrong key", http.StatusUnauthorized)
	}))
	t.Cleanup(closed.Close)
	record(1)
	got := said(3, "bingest", "-partial", "-embed", "openai:m", "-embed-url", closed.URL, "records")
	if want := "bingest: warning: 1 passage waits for a vector: the embedding server answered 401 Unauthorized: wrong key\n" +
		"bingest: hint: see that -embed-url is the embedding server, that -embed names a model of it, and that BATCH_EMBED_KEY is its key\n" +
		again; got != want {
		t.Errorf("said %s, not %s", got, want)
	}

	server := newEmbedServer(t)
	server.open.Store(true)
	if got := said(0, "bingest", "-partial", "-embed-url", server.URL, "records"); got != "" {
		t.Errorf("said %s", got)
	}
	server.dim = 5
	record(2)
	const reindex = "hint: if the server has another model now, make all vectors anew with: bingest reindex\n"
	got = said(3, "bingest", "-partial", "-embed-url", server.URL, "records")
	if want := "bingest: warning: 1 passage waits for a vector: vectors of 5 dimensions, where those of the knowledge base have 3\n" +
		"bingest: " + reindex + again; got != want {
		t.Errorf("said %s, not %s", got, want)
	}
	search := []string{"search", "-embed-url", server.URL, "kettle"}
	got = said(0, "basof", search...)
	if want := "basof: warning: searched by words alone: the embedder openai:m gives vectors of 5 dimensions, where those of the knowledge base have 3\n" +
		"basof: " + reindex; !strings.HasPrefix(got, want) {
		t.Errorf("said %s, not %s", got, want)
	}
	said(0, "bingest", "reindex", "-embed-url", server.URL)
	if got = said(0, "basof", search...); got != "" {
		t.Errorf("said %s", got)
	}

	server.dim = 8193
	const large = "the embedding server answered a vector of 8193 dimensions, where a knowledge base takes 8192 at most\n"
	const smaller = "bingest: hint: take another model, or have the server give shorter vectors: bingest reindex -embed openai:MODEL\n"
	got = said(3, "bingest", "-partial", "-db", "new", "-embed", "openai:m", "-embed-url", server.URL, "records")
	if want := "bingest: warning: 1 passage waits for a vector: " + large + smaller + again; got != want {
		t.Errorf("said %s, not %s", got, want)
	}
	said(0, "basof", "search", "-db", "new", "-mode", "text", "kettle")
	got = said(1, "bingest", "reindex", "-db", "new", "-embed", "openai:m", "-embed-url", server.URL)
	if !strings.Contains(got, large) || !strings.HasSuffix(got, smaller) {
		t.Errorf("said %s, not %s%s", got, large, smaller)
	}
	server.dim = 8192
	said(0, "bingest", "-partial", "-db", "new", "-embed-url", server.URL, "records")
	said(0, "basof", "search", "-db", "new", "-mode", "vector", "-embed-url", server.URL, "kettle")
	said(0, "bcheck", "-data", "-db", "new")
}

// TestServerRejects has a passage that the embedding server will not take, which
// is said, counted, and costs the others nothing.
func TestServerRejects(t *testing.T) {
	p := newPrograms(t)
	p.write("docs/a.md", "Water boils.\n")
	p.write("docs/b.md", "Too much of it.\n")
	open := newEmbedServer(t)
	open.open.Store(true)
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if err != nil || bytes.Contains(body, []byte("Too much")) {
			http.Error(w, "too long", http.StatusBadRequest)
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		open.ServeHTTP(w, r)
	}))
	t.Cleanup(server.Close)
	stream := p.output(0, nil, "bscan", "docs")
	rep := decode[measured](t, p.output(3, bytes.NewReader(stream), "bingest", "-embed", "openai:m", "-embed-url", server.URL))
	if rep.Status != "complete" || rep.passages() != [2]any{1.0, 0.0} || rep.Performance["passages_rejected"] != 1.0 {
		t.Errorf("%+v", rep)
	}
	if st := decode[status](t, p.output(0, nil, "bingest", "status", "-json")); st.Index.Rejected != 1 {
		t.Errorf("status %+v", st.Index)
	}
	if out := p.output(0, nil, "bingest", "status"); !bytes.Contains(out, []byte("1 passage has no vector, since openai:m gave none that can be used; the words alone find it, and bingest reindex asks again\n")) {
		t.Errorf("status for people: %s", out)
	}
	rep = decode[measured](t, p.output(0, bytes.NewReader(stream), "bingest", "-embed-url", server.URL))
	if rep.Performance["passages_rejected"] != 0.0 {
		t.Errorf("it is asked for again: %+v", rep)
	}
}

// TestReindexInterrupted stops bingest reindex by a signal while the server of
// the new embedder keeps it waiting, and has a server fail it: neither changes
// anything.
func TestReindexInterrupted(t *testing.T) {
	p := newPrograms(t)
	p.write("docs/a.md", "Water boils.\n")
	p.output(0, bytes.NewReader(p.output(0, nil, "bscan", "docs")), "bingest")
	said := p.output(0, nil, "basof", "when", "water boils")
	unchanged := func() {
		t.Helper()
		if st := decode[status](t, p.output(0, nil, "bingest", "status", "-json")); st.Index.Embedder != "builtin-1" || st.Index.Behind {
			t.Errorf("status %+v", st.Index)
		}
		if got := p.output(0, nil, "basof", "when", "water boils"); !bytes.Equal(got, said) {
			t.Errorf("water boils: %s, not %s", got, said)
		}
	}

	server := newEmbedServer(t)
	server.wait = true
	reindex := []string{"reindex", "-embed", "openai:m", "-embed-url", server.URL, "-retries", "1"}
	run := p.command("bingest", reindex...)
	var stdout, stderr bytes.Buffer
	run.Stdout, run.Stderr = &stdout, &stderr
	if err := run.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { run.Process.Kill() })
	select {
	case <-server.asked:
	case <-time.After(20 * time.Second):
		t.Fatal("the server was not asked")
	}
	if err := run.Process.Signal(os.Interrupt); err != nil {
		t.Fatal(err)
	}
	if code := exitCode(t, run.Wait()); code != 130 {
		t.Errorf("exit code %d", code)
	}
	const told = "bingest: error: interrupted; searches find what they found before\nbingest: hint: to begin anew, run the same line again\n"
	if stderr.String() != told {
		t.Errorf("said %q", &stderr)
	}
	if rep := decode[measured](t, stdout.Bytes()); rep.Status != "interrupted" {
		t.Errorf("report %+v", rep)
	}
	unchanged()

	server.wait = false
	rep := decode[measured](t, p.output(1, nil, "bingest", reindex...))
	if rep.Status != "failed" || !strings.Contains(rep.Fatal, "503") {
		t.Errorf("report %+v", rep)
	}
	unchanged()

	server.open.Store(true)
	rep = decode[measured](t, p.output(0, nil, "bingest", reindex...))
	if rep.Status != "complete" || rep.passages() != [2]any{1.0, 0.0} {
		t.Errorf("report %+v", rep)
	}
	if st := decode[status](t, p.output(0, nil, "bingest", "status", "-json")); st.Index.Embedder != "openai:m" {
		t.Errorf("status %+v", st.Index)
	}
}
