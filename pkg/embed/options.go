package embed

import (
	"net/http"
	"os"
	"time"
)

// openAI is the address of OpenAI's own server.
const openAI = "https://api.openai.com/v1"

// Options say how a server is used. A zero value means the default.
type Options struct {
	URL string // without /embeddings; https://api.openai.com/v1
	Dim int    // what vectors must have; what the first answer has

	Texts    int           // in one request, at most; 64
	Bytes    int           // of all texts of one request, at most, but of a single one; 128 KiB
	InFlight int           // requests at a time; 4
	Timeout  time.Duration // of one request; a minute

	Attempts int           // for one request; 3
	Wait     time.Duration // bound of the random wait before the second attempt, doubled for each later one; 0.5 s
	MaxWait  time.Duration // longest wait; a server that asks for a longer one counts as away; a minute

	// Getenv is where the key comes from: BATCH_EMBED_KEY, else OPENAI_API_KEY,
	// which goes to OpenAI's own server only. os.Getenv.
	Getenv func(string) string

	Transport http.RoundTripper                    // http.DefaultTransport, keeping InFlight connections
	Now       func() time.Time                     // time.Now
	After     func(time.Duration) <-chan time.Time // time.After

	// Retry is called before each wait, by several goroutines at once. nil for
	// nobody.
	Retry func(err error, wait time.Duration)
}

// withDefaults returns the options with the defaults filled in.
func (o Options) withDefaults() Options {
	setDefault(&o.URL, openAI)
	setDefault(&o.Texts, 64)
	setDefault(&o.Bytes, 128<<10)
	setDefault(&o.InFlight, 4)
	setDefault(&o.Timeout, time.Minute)
	setDefault(&o.Attempts, 3)
	setDefault(&o.Wait, 500*time.Millisecond)
	setDefault(&o.MaxWait, time.Minute)
	if o.Getenv == nil {
		o.Getenv = os.Getenv
	}
	if o.Transport == nil {
		transport := http.DefaultTransport.(*http.Transport).Clone()
		transport.MaxIdleConnsPerHost = o.InFlight
		o.Transport = transport
	}
	if o.Now == nil {
		o.Now = time.Now
	}
	if o.After == nil {
		o.After = time.After
	}
	if o.Retry == nil {
		o.Retry = func(error, time.Duration) {}
	}
	return o
}

// setDefault sets what has no value.
func setDefault[T comparable](value *T, to T) {
	var zero T
	if *value == zero {
		*value = to
	}
}
