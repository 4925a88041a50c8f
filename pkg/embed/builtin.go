package embed

import (
	"context"
	"math"
	"math/bits"
	"runtime"
)

// builtinDim is the dimension of the built-in embedder's vectors.
const builtinDim = 256

// Builtin is the embedder that needs nothing: no model, no server, no download.
// Its vectors are the same on every platform, bit for bit. It matches wording,
// not meaning: words, pairs of neighbouring words, and character n-grams of 3 to
// 5 within words, so that forms of a word and misspellings still match.
//
// Each word, pair and n-gram is a feature, whose hash gives 256 random signs (a
// dense signed random projection). A text's vector is the normalised sum of its
// features' signs, each weighted by about 1 + log₂ of how often its word or pair
// occurs. The cosine of two vectors is that of the feature counts, with an error
// of about 1/√256.
//
// It may be used by several goroutines at once.
type Builtin struct {
	idle chan *projector
}

// NewBuiltin returns the built-in embedder.
func NewBuiltin() *Builtin {
	// Not a sync.Pool: what a projector knows of words is lost when the collector
	// empties that, and it takes long to learn them.
	return &Builtin{make(chan *projector, runtime.GOMAXPROCS(0))}
}

// Name is "builtin-1"; the number grows when its vectors change.
func (b *Builtin) Name() string { return builtinName + "1" }

// Dim is 256.
func (b *Builtin) Dim() int { return builtinDim }

// Embed returns the vectors of texts. It fails only when ctx is done.
func (b *Builtin) Embed(ctx context.Context, texts []string) ([][]float32, error) {
	p := b.take()
	defer b.give(p)
	vectors := make([][]float32, len(texts))
	values := make([]float32, len(texts)*builtinDim)
	for i, text := range texts {
		if err := ctx.Err(); err != nil {
			return nil, err
		}
		vectors[i] = values[i*builtinDim : (i+1)*builtinDim : (i+1)*builtinDim]
		p.embed(text, vectors[i])
	}
	return vectors, nil
}

// take returns a projector that nobody else uses.
func (b *Builtin) take() *projector {
	select {
	case p := <-b.idle:
		return p
	default:
		return newProjector()
	}
}

// give keeps a projector for the next texts.
func (b *Builtin) give(p *projector) {
	if cap(p.words.index) > largestKept {
		return
	}
	select {
	case b.idle <- p:
	default:
	}
}

// largestKept bounds, in slots of its index, of which there are up to two for each
// byte of a text, what a projector that is kept for the next texts may have grown
// to.
const largestKept = 1 << 15

// The weights of features, in quarters.
const (
	full = 4 // a word and its n-grams; two neighbouring ideographs
	half = 2 // a short word and its n-grams; a pair of words; a single ideograph

	shortWord = 3 // characters at most
)

// gramSeed and textSeed tell kinds of features apart, as those of words do.
const (
	gramSeed = 0x165667b19e3779f9
	textSeed = 0x27d4eb2f165667c5
)

// projector makes vectors. It is kept for the next text, since its tables are
// large and it knows the tallies of words that it has met.
type projector struct {
	words    *words
	runes    []rune
	features []uint64
	single   [maxWeight + 1][]uint64 // features of what is no word, by weight
	tallies  *tallies
	sum      counter
}

// maxWeight is that of what occurs 2^32 times.
const maxWeight = 32 * full

func newProjector() *projector {
	return &projector{words: &words{}, tallies: &tallies{}}
}

// embed puts the vector of a text into v.
func (p *projector) embed(text string, v []float32) {
	p.words.read(text)
	p.sum.reset()
	var total int64 // of all weights
	for i := range p.words.list {
		w := &p.words.list[i]
		weight := sublinear(int(w.weight), int(w.count))
		if w.end == 0 {
			p.single[weight] = append(p.single[weight], mix(w.hash))
			continue
		}
		total += int64(weight * p.addWord(w, weight))
	}
	if len(p.words.list) == 0 { // nothing but punctuation
		h := uint64(textSeed)
		for _, r := range text {
			h = hash(h, r)
		}
		p.single[full] = append(p.single[full], mix(h))
	}
	for weight := range p.single {
		features := &p.single[weight]
		if len(*features) == 0 {
			continue
		}
		p.sum.add(*features, weight)
		total += int64(weight * len(*features))
		*features = (*features)[:0]
	}
	normalised(p.sum.counts(), total, v)
}

// addWord adds the features of a word to the sum and returns how many they are.
func (p *projector) addWord(w *word, weight int) int {
	text := p.words.folded[w.start:w.end]
	if len(text) > longestTallied {
		features := p.featuresOf(w.hash, text)
		p.sum.add(features, weight)
		return len(features)
	}
	place, known := p.tallies.of(w.hash, text)
	if !known {
		features := p.featuresOf(w.hash, text)
		place.features = uint8(len(features))
		place.tally.count(features)
	}
	p.sum.addTally(&place.tally, int(place.features), weight)
	return int(place.features)
}

// featuresOf returns the features of a word. They are valid until the next call.
func (p *projector) featuresOf(hash uint64, text []byte) []uint64 {
	p.runes = append(p.runes[:0], '<')
	for _, r := range string(text) {
		p.runes = append(p.runes, r)
	}
	p.runes = append(p.runes, '>')
	p.features = appendGrams(append(p.features[:0], mix(hash)), p.runes)
	return p.features
}

// sublinear returns the weight of what occurs count times: weight·(1 + log₂
// count), with log₂ drawn straight between powers of two, in integers, so that
// no platform rounds in another way.
func sublinear(weight, count int) int {
	log := bits.Len(uint(count)) - 1
	return weight*(1+log) + weight*(count-1<<log)>>log
}

// appendGrams appends the character n-grams of a word.
func appendGrams(features []uint64, word []rune) []uint64 {
	for ; len(word) > 2; word = word[1:] {
		h := hash(hash(hash(gramSeed, word[0]), word[1]), word[2])
		features = append(features, mix(h))
		if len(word) > 3 {
			h = hash(h, word[3])
			features = append(features, mix(h))
		}
		if len(word) > 4 {
			features = append(features, mix(hash(h, word[4])))
		}
	}
	return features
}

// hash adds a character to the hash of those before.
func hash(h uint64, r rune) uint64 { return (h ^ uint64(r)) * 0x100000001b3 }

// mix makes a feature of a hash, in which every bit depends on all of the hash.
func mix(h uint64) uint64 {
	h = (h ^ h>>32) * 0x9e3779b97f4a7c15
	return h ^ h>>29
}

// normalised puts into v the unit vector of a sum in which each feature adds +1
// times its weight where its bit is set and -1 times its weight elsewhere. The
// arithmetic has one result on every platform: it is of integers, but for single
// operations of which IEEE 754 leaves no choice.
func normalised(set [builtinDim]int64, total int64, v []float32) {
	var squares float64
	for _, n := range set {
		x := float64(2*n - total)
		squares += float64(x * x) // the conversion keeps it from being fused with the addition
	}
	if squares == 0 { // features that cancel each other out
		v[0] = 1
		return
	}
	norm := math.Sqrt(squares)
	for i, n := range set {
		v[i] = float32(float64(2*n-total) / norm)
	}
}
