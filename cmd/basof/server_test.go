package main

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/seed16713943/btools/pkg/tool/tooltest"
)

// serveVectors is an embedding server for which all texts about cats are alike,
// and all others.
func serveVectors(w http.ResponseWriter, r *http.Request) {
	var request struct{ Input []string }
	if err := json.NewDecoder(r.Body).Decode(&request); err != nil {
		http.Error(w, err.Error(), http.StatusBadRequest)
		return
	}
	type vector struct {
		Index     int       `json:"index"`
		Embedding []float32 `json:"embedding"`
	}
	var answer struct {
		Data []vector `json:"data"`
	}
	for i, text := range request.Input {
		v := []float32{0.1, 1}
		if strings.Contains(text, "cat") || strings.Contains(text, "feline") {
			v = []float32{1, 0.1}
		}
		answer.Data = append(answer.Data, vector{i, v})
	}
	json.NewEncoder(w).Encode(answer) // its reader would say so
}

// TestSearchWithServer searches a knowledge base whose vectors a server made:
// while it runs, when nobody says where it is, and when it is away.
func TestSearchWithServer(t *testing.T) {
	bin, dir := tooltest.Build(t), t.TempDir()
	var refuses atomic.Int32 // texts about felines with this status, unless 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		body, err := io.ReadAll(r.Body)
		if status := refuses.Load(); status != 0 && bytes.Contains(body, []byte("feline")) || err != nil {
			http.Error(w, "not now", int(status))
			return
		}
		r.Body = io.NopCloser(bytes.NewReader(body))
		serveVectors(w, r)
	}))
	defer server.Close()
	run := func(code int, args ...string) (stdout, stderr string) {
		t.Helper()
		cmd := exec.Command(filepath.Join(bin, args[0]), args[1:]...)
		var out, errOut bytes.Buffer
		cmd.Dir, cmd.Stdout, cmd.Stderr = dir, &out, &errOut
		cmd.Env = []string{"PATH=" + os.Getenv("PATH"), "HOME=" + dir, "TZ=UTC"}
		err := cmd.Run()
		var exit *exec.ExitError
		if err != nil && !errors.As(err, &exit) || cmd.ProcessState.ExitCode() != code {
			t.Fatalf("%v: %v\n%s", args, err, &errOut)
		}
		return out.String(), errOut.String()
	}
	holds := func(what, text, part string) {
		t.Helper()
		if !strings.Contains(text, part) {
			t.Errorf("%s: %q is not in %q", what, part, text)
		}
	}
	records := `{"type":"file","path":"a.txt","valid_from":"2025-01-01T00:00:00Z","content":"The feline sleeps."}
{"type":"file","path":"b.txt","valid_from":"2025-01-01T00:00:00Z","content":"Nobody saw what."}`
	if err := os.WriteFile(filepath.Join(dir, "records"), []byte(records), 0o600); err != nil {
		t.Fatal(err)
	}
	run(0, "bingest", "-partial", "-embed", "openai:m", "-embed-url", server.URL+"/v1", "records")

	out, warned := run(0, "basof", "search", "-k", "1", "-mode", "vector", "-embed-url", server.URL+"/v1", "cat")
	holds("by meaning", out, "a.txt:1")
	if warned != "" {
		t.Errorf("a search by meaning says %q", warned)
	}
	out, warned = run(0, "basof", "search", "feline")
	holds("nobody says where", out, "a.txt:1")
	holds("nobody says where", warned, "warning: searched by words alone: the vectors are of the embedder openai:m, a model of a server, and it is not said which\n")
	holds("nobody says where", warned, "hint: name it with -embed-url or BATCH_EMBED_URL")
	_, warned = run(1, "basof", "search", "-mode", "vector", "feline")
	holds("nobody says where, by vectors", warned, "hint: name it with -embed-url")
	_, warned = run(0, "basof", "search", "-mode", "text", "feline")
	if warned != "" {
		t.Errorf("a search by words needs no server, and says %q", warned)
	}
	_, warned = run(2, "basof", "search", "-embed-url", "localhost", "feline")
	holds("no address", warned, `-embed-url: URL of the embedding server: "localhost" is no http:// or https:// address`)

	for status, hint := range map[int32]string{
		http.StatusTooManyRequests: "hint: ask again later, or search by words with -mode text\n",
		http.StatusBadRequest:      "hint: ask in fewer words, or search by words with -mode text\n",
	} {
		refuses.Store(status)
		out, warned = run(0, "basof", "search", "-embed-url", server.URL+"/v1", "feline")
		holds(http.StatusText(int(status)), out, "a.txt:1")
		holds(http.StatusText(int(status)), warned, hint)
	}

	server.Close()
	out, warned = run(0, "basof", "search", "-embed-url", server.URL+"/v1", "feline")
	holds("away", out, "a.txt:1")
	holds("away", warned, "warning: searched by words alone: ")
	holds("away", warned, "hint: see that -embed-url or BATCH_EMBED_URL is the embedding server")
	_, warned = run(1, "basof", "search", "-mode", "vector", "-embed-url", server.URL+"/v1", "feline")
	holds("away, by vectors", warned, "hint: see that -embed-url")
}
