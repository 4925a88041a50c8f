package embed

import "math/bits"

// keys make different signs of one feature in each 64 dimensions.
var keys = [builtinDim / 64]uint64{0xa0761d6478bd642f, 0xe7037ed1a0b428db, 0x8ebc6af09c88c6e3, 0x589965cc75374cc3}

// sign returns 64 random bits that depend on a feature.
func sign(feature, key uint64) uint64 {
	high, low := bits.Mul64(feature^key, key<<1|1)
	return high ^ low
}

// tally says of each dimension, in a byte, how many of up to mostTallied
// features have a 1 there. Dimension 64·i + 8·k + j has byte k of word 8·i + j.
type tally [builtinDim / 8]uint64

const mostTallied = 255

// count makes it the tally of features.
func (t *tally) count(features []uint64) {
	for i, key := range keys {
		counts := upright(features, key)
		lying((*[8]uint64)(t[8*i:]), &counts)
	}
}

// lying has each count in a byte, that of dimension 8·k + j in byte k of word j, of
// counts as upright has them.
func lying(bytes, counts *[8]uint64) {
	const pairs, nibbles, halves = 0x5555555555555555, 0x3333333333333333, 0x0f0f0f0f0f0f0f0f
	var two [4][2]uint64 // bits of each count, for dimensions j modulo 2
	for i := range two {
		two[i][0], two[i][1] = widen(counts[2*i], counts[2*i+1], pairs, 1)
	}
	for j := range 2 {
		a, b := widen(two[0][j], two[1][j], nibbles, 2) // four bits of each, for dimensions j and j+2 modulo 4
		c, d := widen(two[2][j], two[3][j], nibbles, 2)
		bytes[j], bytes[j+4] = widen(a, c, halves, 4)
		bytes[j+2], bytes[j+6] = widen(b, d, halves, 4)
	}
}

// widen puts fields of width bits of low below those of high: the even ones into one
// word, the odd ones into another. The mask has the even ones.
func widen(low, high, mask uint64, width int) (even, odd uint64) {
	return low&mask | high&mask<<width, low>>width&mask | high&^mask
}

// upright counts the features with a 1 in each of 64 dimensions. The word k has
// of each count what it has of 2^k, so that one bitwise operation adds to all of
// them (carry-save adders, as fast counting of bits uses them).
func upright(features []uint64, key uint64) (counts [8]uint64) {
	var ones, twos, fours uint64
	for ; len(features) >= 8; features = features[8:] {
		f := features[:8]
		var a, b, c, d, e, g, eights uint64
		ones, a = carrySave(ones, sign(f[0], key), sign(f[1], key))
		ones, b = carrySave(ones, sign(f[2], key), sign(f[3], key))
		ones, c = carrySave(ones, sign(f[4], key), sign(f[5], key))
		ones, d = carrySave(ones, sign(f[6], key), sign(f[7], key))
		twos, e = carrySave(twos, a, b)
		twos, g = carrySave(twos, c, d)
		fours, eights = carrySave(fours, e, g)
		carry(counts[3:], eights)
	}
	counts[0], counts[1], counts[2] = ones, twos, fours
	for _, feature := range features {
		carry(counts[:], sign(feature, key))
	}
	return counts
}

// carrySave adds three bits in each place.
func carrySave(a, b, c uint64) (sum, carry uint64) {
	odd := a ^ b
	return odd ^ c, a&b | odd&c
}

// carry adds a bit to each count.
func carry(counts []uint64, bits uint64) {
	for k := 0; bits != 0; k++ {
		counts[k], bits = counts[k]^bits, counts[k]&bits
	}
}

// counter sums the random signs of features: for each dimension it counts how
// many have a 1.
type counter struct {
	// The sums of the tallies' bytes with an even and with an odd number, four to
	// a word, and the most that one of them can be.
	even, odd [builtinDim / 8]uint64
	most      int

	settled [builtinDim]int64 // counted before those
}

func (c *counter) reset() { *c = counter{} }

// add counts features, each as often as weight says.
func (c *counter) add(features []uint64, weight int) {
	var t tally
	for len(features) > 0 {
		n := min(len(features), mostTallied)
		t.count(features[:n])
		c.addTally(&t, n, weight)
		features = features[n:]
	}
}

// addTally counts the features of a tally, each as often as weight says.
func (c *counter) addTally(t *tally, features, weight int) {
	const alternate = 0x00ff00ff00ff00ff
	if c.most += features * weight; c.most > 0xffff {
		c.settle()
		c.most = features * weight
	}
	w := uint64(weight)
	for i, eight := range t {
		c.even[i] += eight & alternate * w
		c.odd[i] += eight >> 8 & alternate * w
	}
}

// settle makes room for further sums.
func (c *counter) settle() {
	for i := range c.even {
		eight := c.settled[i/8*64+i%8:] // every eighth dimension: see tally
		for k := range 4 {
			eight[16*k] += int64(c.even[i] >> (16 * k) & 0xffff)
			eight[16*k+8] += int64(c.odd[i] >> (16 * k) & 0xffff)
		}
	}
	c.even, c.odd, c.most = [builtinDim / 8]uint64{}, [builtinDim / 8]uint64{}, 0
}

// counts returns the counts.
func (c *counter) counts() [builtinDim]int64 {
	c.settle()
	return c.settled
}
