package asof

import (
	"context"
	"errors"
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/seed16713943/btools/pkg/kb"
)

// harmlessNames makes names that lead out of no folder of those of documents. Of two
// that become the same, the one that is so already, or has fewer steps up, stays.
type harmlessNames struct {
	store    Store
	prefixes []string   // under which the documents are
	at       []kb.Point // at any of which they are there
	warn     func(error)

	warned bool // that names have become shorter
}

// shorten returns the name that a document has, or why it has none.
func (h *harmlessNames) shorten(ctx context.Context, name string) (shorter, why string, err error) {
	if !kb.IsPath(name) { // which somebody's SQL may have put there
		return "", "no file can have this name", nil
	}
	shorter, others := harmless(name)
	if shorter == name {
		return name, "", nil
	}
	if shorter == "" {
		return "", "it names no file below the current folder", nil
	}
	for _, other := range others {
		taken, err := h.taken(ctx, other)
		if err != nil {
			return "", "", err
		}
		if taken {
			return "", fmt.Sprintf("as %s it would be in the way of %s", shorter, other), nil
		}
	}
	if !h.warned {
		h.warned = true
		h.warn(errors.New("a leading / or ../ of names is left out"))
	}
	return shorter, "", nil
}

// harmless returns a name without a leading slash or steps up, and the names that
// become the same, and come first: those with fewer steps. The name is a path of
// [kb.IsPath], so that steps up are nowhere else.
func harmless(name string) (shorter string, others []string) {
	shorter = strings.TrimPrefix(name, "/")
	steps := 0
	for strings.HasPrefix(shorter, "../") {
		shorter = shorter[len("../"):]
		steps++
	}
	switch {
	case shorter == "..":
		return "", nil
	case shorter == name:
		return shorter, nil
	case steps == 0:
		return shorter, []string{shorter}
	}
	others = []string{shorter, "/" + shorter}
	for n := 1; n < steps; n++ {
		others = append(others, strings.Repeat("../", n)+shorter)
	}
	return shorter, others
}

// taken reports whether there is a document of this name, or below it, or one that
// would have to be a folder above it.
func (h *harmlessNames) taken(ctx context.Context, name string) (bool, error) {
	inside := func(name string) bool {
		return slices.ContainsFunc(h.prefixes, func(prefix string) bool { return kb.Under(prefix, name) })
	}
	for _, at := range h.at {
		for v, err := range h.store.List(ctx, name, at) {
			if err != nil || inside(v.Path) {
				return true, err
			}
		}
		for above := path.Dir(name); above != "." && above != "/" && !strings.HasSuffix(above, ".."); above = path.Dir(above) {
			v, err := h.store.InForce(ctx, above, at)
			if err != nil || v != nil && !v.Gone && inside(above) {
				return true, err
			}
		}
	}
	return false, nil
}
