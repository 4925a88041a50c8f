package embed

import (
	"math/rand/v2"
	"slices"
	"testing"
)

func TestInt8(t *testing.T) {
	tests := []struct {
		v    []float32
		want []int8
	}{
		{nil, []int8{}},
		{[]float32{0, 0}, []int8{0, 0}},
		{[]float32{0.5, -1, 0.25}, []int8{64, -127, 32}},
		{[]float32{-0.001, 0.0005}, []int8{-127, 64}},
	}
	for _, tt := range tests {
		if got := Int8(tt.v); !slices.Equal(got, tt.want) {
			t.Errorf("Int8(%v) = %v, want %v", tt.v, got, tt.want)
		}
	}
}

// randomUnit returns a unit vector with the components of a normal distribution,
// which is what embeddings come near to.
func randomUnit(rnd *rand.Rand, dim int) []float32 {
	v := make([]float32, dim)
	for i := range v {
		v[i] = float32(rnd.NormFloat64())
	}
	unit(v)
	return v
}

func TestInt8KeepsCosine(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	for _, dim := range []int{64, 256, 768, 3072} {
		for range 200 {
			v := randomUnit(rnd, dim)
			back := make([]float32, dim)
			for i, x := range Int8(v) {
				back[i] = float32(x)
			}
			unit(back)
			if c := cosine(v, back); c < 0.999 {
				t.Fatalf("%d dimensions: cosine %v to itself", dim, c)
			}
		}
	}
	for _, text := range texts {
		v := vectorOf(t, text)
		back := make([]float32, len(v))
		for i, x := range Int8(v) {
			back[i] = float32(x)
		}
		unit(back)
		if c := cosine(v, back); c < 0.999 {
			t.Errorf("%.20q: cosine %v to itself", text, c)
		}
	}
}
