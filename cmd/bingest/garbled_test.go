package main

import (
	"bytes"
	"encoding/json"
	"fmt"
	"hash/fnv"
	"math/rand/v2"
	"net/http"
	"net/http/httptest"
	"strings"
	"sync"
	"testing"
)

// wordServer is an embeddings server whose vectors depend on the text.
func wordServer(w http.ResponseWriter, r *http.Request) {
	var body struct{ Input []string }
	if err := json.NewDecoder(r.Body).Decode(&body); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	type item struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var data []item
	for i, text := range body.Input {
		h := fnv.New64a()
		h.Write([]byte(text)) // never fails
		rng := rand.New(rand.NewPCG(h.Sum64(), 0))
		v := make([]float32, 8)
		for n := range v {
			v[n] = rng.Float32() - 0.5
		}
		data = append(data, item{i, v})
	}
	json.NewEncoder(w).Encode(map[string]any{"data": data})
}

// proxy stands before an embeddings server and spoils most of what passes.
type proxy struct {
	mu      sync.Mutex
	rand    *rand.Rand
	spoils  bool
	spoiled map[string]int
}

func (p *proxy) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	answer := httptest.NewRecorder()
	wordServer(answer, r)
	good := answer.Body.Bytes()
	p.mu.Lock()
	how, at := "none", p.rand.IntN(len(good))
	if p.spoils {
		how = []string{"none", "dropped", "delayed", "cut", "garbled", "page", "gateway", "limited", "fewer", "turned"}[p.rand.IntN(10)]
	}
	p.spoiled[how]++
	p.mu.Unlock()
	switch how {
	case "dropped":
		panic(http.ErrAbortHandler)
	case "delayed":
		<-r.Context().Done() // until the client has had enough
	case "cut":
		w.Header().Set("Content-Length", fmt.Sprint(len(good)))
		w.Write(good[:at])
		panic(http.ErrAbortHandler)
	case "garbled": // no JSON any more
		w.Write(append(append(bytes.Clone(good[:at]), "\x00\xff{"...), good[at:]...))
	case "page":
		fmt.Fprint(w, "<html>Please log in</html>")
	case "gateway":
		http.Error(w, "bad gateway", http.StatusBadGateway)
	case "limited":
		w.Header().Set("Retry-After", "0")
		http.Error(w, "slow down", http.StatusTooManyRequests)
	case "fewer":
		fmt.Fprint(w, `{"data":[]}`)
	case "turned": // two answers in one
		w.Write(good)
		w.Write(good)
	default:
		w.Write(good)
	}
}

// TestGarbledServer has a proxy before the embeddings server that drops, delays and
// garbles. Every document is stored and found by its words all the while; what has
// a vector has the right one; and when the proxy is gone, all have.
func TestGarbledServer(t *testing.T) {
	p := newPrograms(t)
	for i := range 60 {
		p.write(fmt.Sprintf("docs/%02d.md", i), fmt.Sprintf("# Document %d\n\nThe text of number %d, which nobody else has.\n", i, i*i))
	}
	spoiler := &proxy{rand: rand.New(rand.NewPCG(3, 4)), spoils: true, spoiled: make(map[string]int)}
	server := httptest.NewServer(spoiler)
	t.Cleanup(server.Close)
	stream := p.output(0, nil, "bscan", "docs")
	args := []string{"-embed", "openai:m", "-embed-url", server.URL, "-embed-batch", "4", "-embed-timeout", "500ms",
		"-retries", "4", "-retry-wait", "1ms", "-retry-max-wait", "5ms", "-n", "10"}
	for round := range either(4, 60) {
		_, err := p.run(string(stream), "bingest", args...)
		if err == nil {
			break // all have got through
		}
		if !strings.Contains(err.Error(), "exit status 3") {
			t.Fatalf("round %d: %v", round, err)
		}
		if all := lines(p.output(0, nil, "basof", "ls")); len(all) != 60 {
			t.Errorf("round %d: %d documents", round, len(all))
		}
		if found := p.output(0, nil, "basof", "search", "-mode", "text", "-k", "1", "-json", "number 3481"); !bytes.Contains(found, []byte("docs/59.md")) {
			t.Errorf("round %d: found %s", round, found)
		}
	}
	spoiler.mu.Lock()
	t.Logf("spoiled: %v", spoiler.spoiled)
	if len(spoiler.spoiled) < 5 {
		t.Errorf("spoiled in %d ways only", len(spoiler.spoiled))
	}
	spoiler.spoils = false
	spoiler.mu.Unlock()
	rep := decode[measured](t, p.output(0, bytes.NewReader(stream), "bingest", args...))
	if rep.Status != "complete" || rep.Performance["passages_waiting"] != 0.0 || rep.Performance["passages_rejected"] != 0.0 {
		t.Errorf("in the end: %+v", rep)
	}
	p.output(0, bytes.NewReader(stream), "bingest", append(args, "-db", "calm.sqlite")...)
	for _, query := range []string{"number 49", "document 7", "nobody"} {
		find := []string{"search", "-mode", "vector", "-exact", "-k", "60", "-embed-url", server.URL, query}
		a, b := p.output(0, nil, "basof", append(find, "-json")...), p.output(0, nil, "basof", append(find, "-json", "-db", "calm.sqlite")...)
		if got, want := hitsOf(t, a), hitsOf(t, b); got != want {
			t.Errorf("%s finds\n%s\nbut without the proxy\n%s", query, got, want)
		}
	}
}

// hitsOf are the documents of hits with their scores, in their order.
func hitsOf(t *testing.T, answer []byte) string {
	t.Helper()
	var list []string
	for _, line := range lines(answer) {
		hit := decode[struct {
			Path  string
			Score float64
		}](t, line)
		list = append(list, fmt.Sprintf("%s %.4f", hit.Path, hit.Score))
	}
	return strings.Join(list, "\n")
}
