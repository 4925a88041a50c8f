package ingest

import (
	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
)

// unit is what is committed as a whole: the records of a chunk, or a part of them,
// all of one scan.
type unit struct {
	scan   *kb.Scan // nil for lines that belong to none
	items  []item
	bad    []*kb.Fault // lines that are no records
	end    *kb.End
	weight int64         // in memory, in bytes
	chunks int64         // how many it stands for
	ready  chan struct{} // closed once all is read
	err    error         // of the store, while it was read
}

// item is a record with what was read for it.
type item struct {
	rec     kb.Record
	carried *carried         // the content in the stream; nil where it is not
	before  *carried         // that of the record of the path before, if it is still remembered
	inForce *kb.Version      // when the item was planned, where before is not known
	known   *kb.Version      // inForce if it has the hash of the record, so that nothing has to be read
	content *content.Content // what was read
	doc     *document        // its text; nil where none has been made
	fault   *kb.Fault        // why it could not be read
	size    int64            // of the file that will be read, as far as it could be seen

	seenRegular bool // the file was one that may be opened, when it was measured
	forgotten   bool // it says what was forgotten, and is not to be looked at
}

func (it *item) needsContent() bool {
	return it.rec.Kind == kb.File && it.known == nil && it.fault == nil && !it.forgotten
}

// restates reports whether a record says something new of content that is known,
// as that it may be executed.
func (it *item) restates() bool {
	return it.known != nil && it.fault == nil && !versionOf(it).SameState(it.known)
}

// contentBytes estimates the size of the content that is read for an item.
func (it *item) contentBytes() int64 {
	switch {
	case !it.needsContent():
		return 0
	case it.rec.HasContent:
		return int64(len(it.rec.Content))
	case it.rec.Size != nil:
		return max(it.size, *it.rec.Size)
	default:
		return it.size
	}
}

func (u *unit) contentBytes() int64 {
	var sum int64
	for i := range u.items {
		sum += u.items[i].contentBytes()
	}
	return sum
}

// records returns how many records a unit has, those included that are none.
func (u *unit) records() int { return len(u.items) + len(u.bad) }

// documents returns the documents that were made of what was read.
func (u *unit) documents() []*document {
	var docs []*document
	for i := range u.items {
		if doc := u.items[i].doc; doc != nil {
			docs = append(docs, doc)
		}
	}
	return docs
}

// cut cuts off the first part of a unit that holds no more than limit bytes of
// content, but where one item does. There is no rest where that is all of it.
func (u *unit) cut(limit int64) (first, rest *unit) {
	var held int64
	for i := range u.items {
		size := u.items[i].contentBytes()
		if i > 0 && held+size > limit {
			first = &unit{scan: u.scan, items: u.items[:i]}
			rest = &unit{scan: u.scan, items: u.items[i:], bad: u.bad, end: u.end}
			return first, rest
		}
		held += size
	}
	return u, nil
}
