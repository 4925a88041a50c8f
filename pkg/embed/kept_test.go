package embed

import (
	"context"
	"math/rand/v2"
	"slices"
	"testing"
)

// TestKept gives vectors that were stored, and makes of them what was stored.
func TestKept(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 1))
	stored := make(map[string][]int8)
	for _, text := range []string{"a", "b", "c"} {
		v := make([]float32, 300)
		for i := range v {
			v[i] = float32(r.NormFloat64())
		}
		stored[text] = Int8(v)
	}
	stored["short"] = []int8{127}
	stored["zero"] = make([]int8, 300)
	k := NewKept("openai:model", 300, func(_ context.Context, texts []string) ([][]int8, error) {
		vectors := make([][]int8, len(texts))
		for i, text := range texts {
			vectors[i] = stored[text]
		}
		return vectors, nil
	})
	texts := []string{"a", "unknown", "b", "short", "zero", "c"}
	vectors, err := k.Embed(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, text := range texts {
		if has := len(text) == 1; has != (vectors[i] != nil) || has && !slices.Equal(Int8(vectors[i]), stored[text]) {
			t.Errorf("the vector of %q is not the one stored", text)
		}
	}
}
