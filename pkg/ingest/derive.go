package ingest

import (
	"cmp"
	"slices"

	"github.com/seed16713943/btools/pkg/extract"
	"github.com/seed16713943/btools/pkg/kb"
	"github.com/seed16713943/btools/pkg/passage"
)

// addition is a version that a transaction has added.
type addition struct {
	path    int64
	first   bool // the path was not known before
	version *kb.Version
	doc     *document // nil where the path is gone, and where it was not made before
}

// textID names a text: all versions with a content under an extension have the same,
// whenever they came, since whoever reads the knowledge base makes the passages of a
// version from the one text that is kept.
type textID struct {
	content   kb.Hash
	extension string
}

func textIDOf(name string, hash kb.Hash) textID { return textID{hash, extract.Extension(name)} }

// change is an interval to be stored.
type change struct {
	path     int64
	interval Interval
}

// deriver brings the passages of paths in line with the versions that a
// transaction adds. It does so in bulk, after the last of them: each version then
// decides in a time of its own, and what lies outside of these times is right
// already.
type deriver struct {
	tx    Tx
	run   int64
	read  func(name string, hash kb.Hash) (*document, error) // makes the document of a content that is stored
	added []addition

	decided map[textID]*document // of the contents of this transaction
	lacking []*Text              // to be stored before the changes
	changes []change             // to be stored

	textless map[kb.Code]int64 // versions of this transaction without text
}

func (d *deriver) add(path *PathState, v *kb.Version, doc *document) {
	d.added = append(d.added, addition{path.ID, path.New, v, doc})
}

// finish makes the passages of all that was added.
func (d *deriver) finish() error {
	slices.SortStableFunc(d.added, func(a, b addition) int { return cmp.Compare(a.path, b.path) })
	for first := 0; first < len(d.added); {
		end := first + 1
		for end < len(d.added) && d.added[end].path == d.added[first].path {
			end++
		}
		if err := d.path(d.added[first:end]); err != nil {
			return err
		}
		first = end
	}
	return d.store()
}

// store stores what was decided: the texts and intervals of all paths together.
func (d *deriver) store() error {
	if err := d.tx.AddTexts(d.lacking); err != nil {
		return err
	}
	for _, c := range d.changes {
		if err := d.tx.PutInterval(c.path, c.interval); err != nil {
			return err
		}
	}
	d.lacking, d.changes = nil, nil
	return nil
}

// path makes the passages of the versions that one path was given.
func (d *deriver) path(added []addition) error {
	var decided []decision
	only := len(added) == 1 && added[0].first // no version and no passage is there besides
	for i := range added {
		a := &added[i]
		reign := Reign{Path: a.path, From: a.version.ValidFrom, To: kb.Forever, SHA256: a.version.SHA256, Gone: a.version.Gone}
		if !only {
			var err error
			if reign, err = d.tx.Reign(a.path, a.version); err != nil {
				return err
			}
		}
		if err := d.settle(added, a); err != nil {
			return err
		}
		decided = append(decided, decision{reign, a.doc})
	}
	return d.decide(decided, only)
}

// settle gives a version the document that all versions with its content have. Of
// one that came without, another version of the path may have brought it.
func (d *deriver) settle(added []addition, a *addition) (err error) {
	if a.version.Gone {
		return nil
	}
	id := textIDOf(a.version.Path, a.version.SHA256)
	doc, known := d.decided[id]
	if !known {
		for i := 0; a.doc == nil && i < len(added); i++ {
			if other := &added[i]; other.version.SHA256 == a.version.SHA256 {
				a.doc = other.doc
			}
		}
		if doc, err = d.text(a.version.Path, a.version.SHA256, a.doc); err != nil {
			return err
		}
		d.decided[id] = doc
	}
	a.doc = doc
	if doc.fault != nil {
		d.textless[doc.fault.Code]++
	}
	return nil
}

// text decides which text a content has under the extension of its name: the one
// that it had before, or none if there was none, whatever a filter makes of it now.
// Only Reindex decides anew, of all versions together. doc was made before the
// transaction, or is nil.
func (d *deriver) text(name string, hash kb.Hash, doc *document) (*document, error) {
	kept, err := d.tx.Kept(hash, extract.Extension(name))
	if err != nil {
		return nil, err
	}
	stands, err := d.stands(name, hash, doc, kept)
	if err != nil {
		return nil, err
	}
	if !stands {
		before, err := d.read(name, hash)
		if err != nil {
			return nil, err
		}
		damaged := before.fault != nil && before.fault.Code == kb.Corrupt
		if doc == nil || kept.Filtered != nil || !damaged { // else the content has just come again
			doc = before
		}
	}
	return doc, d.keep(name, hash, doc)
}

// stands reports whether a document is made of the text that the store has, or of a
// content of which it has none.
func (d *deriver) stands(name string, hash kb.Hash, doc *document, kept Kept) (bool, error) {
	switch {
	case doc == nil:
		return false, nil
	case !kept.isContent():
		text := doc.textOf()
		return doc.fault == nil && kept.Fault == nil && text != nil && *text == *kept.Filtered, nil
	case doc.fault == nil && doc.textOf() == nil: // as it is where it was held before
		return true, nil
	}
	before, err := d.tx.HeldBefore(hash, extract.Extension(name))
	return !before, err
}

// keep stores what is to be known of a document besides its passages.
func (d *deriver) keep(name string, hash kb.Hash, doc *document) error {
	if doc.fault != nil {
		return d.tx.AddTextless(&Textless{Run: d.run, SHA256: hash, Extension: extract.Extension(name), Fault: doc.fault})
	}
	if doc.filtered != nil {
		if err := d.tx.AddFiltered(doc.filtered); err != nil {
			return err
		}
	}
	return d.tx.ClearTextless(hash, extract.Extension(name))
}

// decision is a document that a path holds in a time.
type decision struct {
	reign Reign
	doc   *document // nil where it is gone
}

// decide puts documents of one path into force, once stored, which has no passages yet
// if these are its first. Of a document that never is in force there are the texts
// alone: it may have been believed before, or be a step of the moment at which
// another follows it, and is searched as of then.
func (d *deriver) decide(decided []decision, first bool) error {
	from := kb.Forever
	spans := make([]span, 0, len(decided))
	texts := make(map[passage.Key]*Text)
	for _, one := range decided {
		sp := span{from: one.reign.From, to: one.reign.To}
		if one.doc != nil {
			sp.keys = make([]passage.Key, len(one.doc.texts))
			for n := range one.doc.texts {
				t := &one.doc.texts[n]
				sp.keys[n] = t.Key
				if !one.doc.keysOnly {
					texts[t.Key] = t
				}
			}
		}
		if sp.from < sp.to {
			from = min(from, sp.from)
			spans = append(spans, sp)
		} else {
			d.lackTexts(one.doc)
		}
	}
	if len(spans) == 0 {
		return nil
	}
	path := decided[0].reign.Path
	var rows []Interval
	if !first {
		var err error
		if rows, err = d.tx.Intervals(path, from-1); err != nil { // those too that end where the first begins
			return err
		}
	}
	for _, row := range revise(rows, spans) {
		// What none of these documents has is there from before.
		if t := texts[row.Key]; t != nil && row.ID == 0 && t.Vector == nil { // else it was added before
			d.lacking = append(d.lacking, t)
		}
		d.changes = append(d.changes, change{path, row})
	}
	return nil
}

// lackTexts has the texts of a document stored.
func (d *deriver) lackTexts(doc *document) {
	if doc == nil || doc.keysOnly {
		return
	}
	for i := range doc.texts {
		if t := &doc.texts[i]; t.Vector == nil { // else it was added before
			d.lacking = append(d.lacking, t)
		}
	}
}

// addEmbedded stores the texts that were embedded, whatever becomes of their
// documents: nobody embeds them again.
func addEmbedded(tx Tx, docs []*document) error {
	var embedded []*Text
	for _, doc := range docs {
		for i := range doc.texts {
			if t := &doc.texts[i]; t.Vector != nil {
				embedded = append(embedded, t)
			}
		}
	}
	return tx.AddTexts(embedded)
}
