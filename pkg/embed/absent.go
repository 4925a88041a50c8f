package embed

import "context"

// Absent stands for an embedder that is not to be had. Whoever asks it for vectors is
// told why.
type Absent struct {
	name string
	why  error
}

// NewAbsent returns an embedder under the name of another, whose Embed always fails.
func NewAbsent(name string, why error) *Absent { return &Absent{name, why} }

// Name is that of the embedder that it stands for.
func (a *Absent) Name() string { return a.name }

// Dim is 0, as it is not known.
func (a *Absent) Dim() int { return 0 }

// Embed returns why there are no vectors.
func (a *Absent) Embed(context.Context, []string) ([][]float32, error) { return nil, a.why }
