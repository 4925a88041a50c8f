package embed

import "context"

// Kept stands for an embedder that is not to be asked: it gives the vectors that
// somebody has kept, and none to other texts, which wait for the embedder itself.
type Kept struct {
	name string
	dim  int
	of   func(ctx context.Context, texts []string) ([][]int8, error)
}

// NewKept returns an embedder under the name of another, which gives what of
// returns: the vectors of texts as Int8 made them, nil for those that it has none
// of. It may be called by several goroutines at once.
func NewKept(name string, dim int, of func(ctx context.Context, texts []string) ([][]int8, error)) *Kept {
	return &Kept{name, dim, of}
}

// Name is that of the embedder that made the vectors.
func (k *Kept) Name() string { return k.name }

// Dim is the dimension of the vectors.
func (k *Kept) Dim() int { return k.dim }

// Embed returns the vectors that are kept, and nil for the other texts.
func (k *Kept) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	kept, err := k.of(ctx, texts)
	if err != nil {
		return nil, err
	}
	vectors := make([][]float32, len(texts))
	for i, small := range kept {
		if len(small) != k.dim || k.dim == 0 {
			continue
		}
		v := make([]float32, len(small))
		for n, x := range small {
			v[n] = float32(x)
		}
		if unit(v) {
			vectors[i] = v
		}
	}
	return vectors, nil
}
