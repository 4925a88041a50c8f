package embed

import "math"

// Int8 returns a vector in which the largest component is 127 or -127 and the
// others are in proportion, rounded to the nearest. Its cosine to another vector
// is that of v to within about a thousandth; its length says nothing.
func Int8(v []float32) []int8 {
	var largest float32
	for _, x := range v {
		if x := math.Float32frombits(math.Float32bits(x) &^ (1 << 31)); x > largest { // |x|
			largest = x
		}
	}
	small := make([]int8, len(v))
	if largest == 0 {
		return small
	}
	for i, x := range v {
		small[i] = int8(math.RoundToEven(float64(x) * 127 / float64(largest)))
	}
	return small
}

// unit makes a unit vector of v in place, and reports whether it has a direction:
// whether it is neither zero nor has a component that is no number or infinite.
func unit(v []float32) bool {
	var squares float64
	for _, x := range v {
		x := float64(x)
		squares += float64(x * x) // not fused, as in normalised
	}
	if squares == 0 || math.IsNaN(squares) || math.IsInf(squares, 0) {
		return false
	}
	norm := math.Sqrt(squares)
	for i, x := range v {
		v[i] = float32(float64(x) / norm)
	}
	return true
}
