// Package tokens has texts tokenized before FTS5 gets them, by several threads at
// once: a table is written by one, and to find words and their stems takes it as long
// as to index them.
//
// A Tokenizer makes the list of a text's tokens. On a connection opened after Auto,
//
//	SELECT take_token_lists();
//	INSERT INTO table (rowid, column) VALUES (?, tokenized(?, ?));
//
// with a text and its list stores the tokens of the list, where the table's tokenizer
// is "porter" and the table was not used before the first line. The schema is as ever,
// and any SQLite can write and read such a table, since the list has what FTS5's own
// tokenizer makes of the text.
package tokens

// #cgo CFLAGS: -O3 -DSQLITE_CORE
// #include <stdlib.h>
// #include "tokens.h"
import "C"

import (
	"encoding/binary"
	"errors"
	"sync/atomic"
	"unsafe"
)

// Auto has every connection opened from here on know the two functions.
func Auto() { C.sqlite3_auto_extension((*[0]byte)(C.btools_tokens_init)) }

// Tokenizer makes lists. It is used by one goroutine at a time.
type Tokenizer struct {
	c     *C.btools_tokenizer
	known *Known
}

// New returns a Tokenizer that does what the tokenizer "porter" of a table does with
// the same arguments, the first of which names the tokenizer that finds the words. It
// is to be closed.
func New(known *Known, args ...string) (*Tokenizer, error) {
	list := make([]*C.char, len(args))
	for i, arg := range args {
		list[i] = C.CString(arg)
		defer C.free(unsafe.Pointer(list[i]))
	}
	c := C.btools_tokenizer_new(unsafe.SliceData(list), C.int(len(list)))
	if c == nil {
		return nil, errors.New("FTS5 does not make the tokenizer")
	}
	return &Tokenizer{c, known}, nil
}

// Close frees what a Tokenizer has.
func (t *Tokenizer) Close() { C.btools_tokenizer_free(t.c) }

// Word is a word as the tokenizer below the stemmer finds it.
type Word struct {
	Hash uint64
	Text string
}

// Hash returns the hash that the word of a text has, which is never 0. It is that of
// btools_tokenize.
func Hash(word []byte) uint64 {
	n := len(word)
	hash := uint64(n) * 0x9E3779B97F4A7C15
	var bits uint64
	switch {
	case n >= 8:
		for at := 0; at+8 < n; at += 8 {
			hash = mix(hash, binary.NativeEndian.Uint64(word[at:]))
		}
		bits = binary.NativeEndian.Uint64(word[n-8:])
	case n >= 4:
		bits = uint64(binary.NativeEndian.Uint32(word))<<32 | uint64(binary.NativeEndian.Uint32(word[n-4:]))
	case n > 0:
		bits = uint64(word[0])<<16 | uint64(word[n/2])<<8 | uint64(word[n-1])
	}
	return max(mix(hash, bits), 1)
}

func mix(hash, bits uint64) uint64 {
	hash = (hash ^ bits) * 0xFF51AFD7ED558CCD
	return hash ^ hash>>32
}

// Known are words that need not be told again, by their hashes. It may be used by several
// goroutines at once, of which one adds words.
type Known struct {
	sets [1 << 15]knownSet
	age  atomic.Uint32
}

// knownSet has the hashes that end with its number, in a line of the processor's cache;
// zeros stand after them.
type knownSet [C.BTOOLS_SET_SIZE]uint64

// MostKnown is how many words can be known at once. When about half as many are, the
// first are forgotten.
const MostKnown = len(Known{}.sets) * len(knownSet{})

// NewKnown returns a Known that has no words.
func NewKnown() *Known {
	k := new(Known)
	k.age.Store(1)
	return k
}

func (k *Known) set(hash uint64) *knownSet { return &k.sets[hash%uint64(len(k.sets))] }

// Has reports whether a word is known. Some are forgotten.
func (k *Known) Has(hash uint64) bool {
	set := k.set(hash)
	for i := range set {
		switch atomic.LoadUint64(&set[i]) {
		case hash:
			return true
		case 0:
			return false
		}
	}
	return false
}

// Add makes a word known that is not. In a full set it takes the place of another one.
func (k *Known) Add(hash uint64) {
	set := k.set(hash)
	for i := range set {
		if atomic.LoadUint64(&set[i]) == 0 {
			atomic.StoreUint64(&set[i], hash)
			return
		}
	}
	atomic.StoreUint64(&set[hash>>32%uint64(len(set))], hash)
}

// Age tells how often all words were forgotten. Who asks before it looks for words, and
// finds it unchanged later, knows that they were known all the time.
func (k *Known) Age() uint32 { return k.age.Load() }

// Clear forgets all words, and begins a new age.
func (k *Known) Clear() {
	for i := range k.sets {
		for j := range k.sets[i] {
			atomic.StoreUint64(&k.sets[i][j], 0)
		}
	}
	if k.age.Add(1) == 0 {
		k.age.Add(1)
	}
}

// Tokenize returns the list of a text and its words that are not known, as often as
// they stand in it; nil if these are more than most.
func (t *Tokenizer) Tokenize(text string, most int) (list []byte, words []Word, err error) {
	k := t.known
	made := C.btools_tokenize(t.c, (*C.char)(unsafe.Pointer(unsafe.StringData(text))), C.int(len(text)), C.int(min(most, 1)),
		(*C.uint64_t)(unsafe.Pointer(&k.sets)), C.uint64_t(len(k.sets)-1), C.uint32_t(k.Age()))
	if made == nil {
		return nil, nil, errors.New("no memory to tokenize")
	}
	if n := int(made.word_count); n <= most {
		words = wordsIn(&made.words, n)
	}
	return C.GoBytes(unsafe.Pointer(made.list.bytes), C.int(made.list.size)), words, nil
}

// Stem returns the token that a word is in the list of a text. A text that is not one
// word is its own.
func (t *Tokenizer) Stem(word string) (string, error) {
	list, _, err := t.Tokenize(word, 0)
	if err != nil || len(list) < 2 || int(binary.LittleEndian.Uint16(list)) != len(list)-2 {
		return word, err
	}
	return string(list[2:]), nil
}

// wordsIn reads what btools_tokens has of n words.
func wordsIn(b *C.btools_buffer, n int) []Word {
	words := make([]Word, n)
	left := unsafe.Slice((*byte)(b.bytes), b.size)
	for i := range words {
		length := int(left[8])
		words[i] = Word{Hash: binary.NativeEndian.Uint64(left), Text: string(left[9 : 9+length])}
		left = left[9+length:]
	}
	return words
}
