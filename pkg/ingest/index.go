package ingest

import (
	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// Index says what made the passages and vectors of a store, by the versions
// and names that the packages give themselves. What two different ones made
// cannot be mixed.
type Index struct {
	Extractor int64
	Splitter  int64
	Embedder  string
	Dim       int // of the vectors; 0 until there was one, and where there are none
}

// IndexState is the index that a store has.
type IndexState struct {
	Index
	// Recorded says that the store has an index, be it of nothing.
	Recorded bool
	// Behind says that versions were taken in that the index does not know, so
	// that it has to be made again.
	Behind bool
	// OtherWords says that the store has made the text index by other rules than
	// it has now, so that some words are not found until it is made again.
	OtherWords bool
	// Filtered says that filters made some of the texts.
	Filtered bool
	// Waiting is how many texts are still to get their vector.
	Waiting int64
}

// Text is the wording of a passage.
type Text struct {
	ID       int64 // 0 for one that is not stored yet
	Key      passage.Key
	Heading  []string
	Body     string
	Vector   []int8 // as embed.Int8 makes it; nil for none
	NoVector bool   // there will be none: the embedder makes none, or refuses this text
	Prepared any    // what Store.Prepare made; only the store looks at it
}

// Interval is one stay of a passage in a document.
type Interval struct {
	ID       int64 // 0 for one that is not stored yet
	Key      passage.Key
	From, To kb.Instant // To is exclusive; kb.Forever while the passage stands
}

// Reign is the time in which a version decides what its path holds, as far as
// is known in all: until the next one is valid. It is empty where another of
// the same valid time wins.
type Reign struct {
	Path     int64
	From, To kb.Instant // To is exclusive; kb.Forever for the last
	SHA256   kb.Hash
	Gone     bool
}

// Kept is what a store has as the text of a content under an extension. If it has
// neither, that is the content itself, once a version holds it.
type Kept struct {
	Filtered *kb.Hash  // of the text that a filter made of it
	Command  string    // of that filter
	Fault    *kb.Fault // why no text could be had from it, whatever was had before
}

// isContent reports whether a store has no other text than the content, if it has
// that. A content that was damaged may have come again.
func (k Kept) isContent() bool {
	return k.Filtered == nil && (k.Fault == nil || k.Fault.Code == kb.Corrupt)
}

// Textless is a content that no text could be had from.
type Textless struct {
	Run       int64
	SHA256    kb.Hash
	Extension string // as extract has it
	Fault     *kb.Fault
}

// Filtered is the text that a filter made of a content.
type Filtered struct {
	SHA256    kb.Hash // of the content
	Extension string
	Command   string
	Text      *content.Content
}
