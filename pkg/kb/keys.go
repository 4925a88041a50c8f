package kb

import (
	"slices"
	"strings"
)

// The environment variables that hold keys.
const (
	EmbedKey  = "BATCH_EMBED_KEY" // of the embedding server
	OpenAIKey = "OPENAI_API_KEY"  // of OpenAI's own server
)

// WithoutKeys returns an environment, in the form of os.Environ, without the
// variables that hold keys: for programs that have no use for them, and read what
// strangers wrote.
func WithoutKeys(env []string) []string {
	return slices.DeleteFunc(slices.Clone(env), func(v string) bool {
		return strings.HasPrefix(v, EmbedKey+"=") || strings.HasPrefix(v, OpenAIKey+"=")
	})
}
