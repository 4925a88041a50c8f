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

	lacking []*Text  // to be stored before the changes
	changes []change // to be stored

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
		if err := d.keep(a.version.Path, a.version.SHA256, a.doc); err != nil {
			return err
		}
	}
	return d.decide(decided, only)
}

// settle finds the document of a version that came without: another version of
// the path may have brought it, and else it is made of what the store holds.
func (d *deriver) settle(added []addition, a *addition) (err error) {
	if a.version.Gone || a.doc != nil {
		return nil
	}
	for _, other := range added {
		if other.doc != nil && other.version.SHA256 == a.version.SHA256 {
			a.doc = other.doc
			return nil
		}
	}
	a.doc, err = d.read(a.version.Path, a.version.SHA256)
	return err
}

// keep stores what is to be known of a document besides its passages.
func (d *deriver) keep(name string, hash kb.Hash, doc *document) error {
	if doc == nil {
		return nil
	}
	if doc.fault != nil {
		d.textless[doc.fault.Code]++
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
				texts[t.Key] = t
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
	if doc == nil {
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
