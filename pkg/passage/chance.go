package passage

// drawn returns the share of chance of a cut before a text, which depends on
// both ends of the text alone: many beginnings are alike, and many ends.
func drawn(text string) int64 {
	hash, n := uint64(0xcbf29ce484222325), len(text)
	if n < 8 {
		for i := range n {
			hash = mix(hash, uint64(text[i]))
		}
		return share(hash)
	}
	for i := 0; i < n-8; i += 8 {
		if i == hashed && n > 2*hashed {
			i = n - hashed
		}
		hash = mix(hash, word(text[i:]))
	}
	return share(mix(hash, word(text[n-8:])))
}

// share returns a share of chance that every bit of a hash counts for.
func share(hash uint64) int64 { return int64(mix(hash, 0)>>32) % chance }

// mix adds a word to a hash, by multiplying with 2^64 over the golden ratio as
// Fibonacci hashing does.
func mix(hash, word uint64) uint64 {
	hash = (hash ^ word) * 0x9e3779b97f4a7c15
	return hash ^ hash>>32
}

// word returns the first eight bytes of a text as a number.
func word(text string) uint64 {
	_ = text[7]
	return uint64(text[0]) | uint64(text[1])<<8 | uint64(text[2])<<16 | uint64(text[3])<<24 |
		uint64(text[4])<<32 | uint64(text[5])<<40 | uint64(text[6])<<48 | uint64(text[7])<<56
}
