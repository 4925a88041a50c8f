package asof

import (
	"bytes"
	"cmp"
	"context"
	"path"
	"slices"

	"github.com/seed16713943/btools/pkg/kb"
)

const (
	leastSimilar    = 50      // percent, for a document to be taken for another under a new name
	largestCompared = 4 << 20 // bytes of a content that is compared
	mostPieces      = 2 << 20 // of all contents that went
	mostPartners    = 4       // that are remembered for a document
)

// Variables for tests alone, which make them small.
var (
	mostRenamed  = 20_000    // documents that went, or came, among which renames are looked for
	mostCompared = 1_000_000 // pairs whose contents are compared
)

// Renames are documents that went and came between two points, and are taken for
// the same under a new name: those with the same content, and then those whose
// contents have at least half in common, the most similar first. Empty documents
// are none.
type Renames struct {
	// Limited says that there was too much to compare, so that only equal contents
	// were looked for, or nothing at all.
	Limited bool

	from map[string]*Change // by the new name
	to   map[string]bool    // the old names
}

// FindRenames looks for renames between two points under a prefix. However much
// has changed, its work and its memory are bounded.
func FindRenames(ctx context.Context, store Store, prefix string, from, to kb.Point) (*Renames, error) {
	f := renameFinder{ctx: ctx, store: store, renames: &Renames{from: make(map[string]*Change), to: make(map[string]bool)}}
	came := false
	for change, err := range store.Changes(ctx, prefix, from, to) {
		if err != nil {
			return nil, err
		}
		came = came || change.Old == nil && change.New.Size > 0
		switch {
		case len(f.gone) > mostRenamed && came:
			f.renames.Limited = true
			return f.renames, nil
		case change.New == nil && change.Old.Size > 0 && len(f.gone) <= mostRenamed:
			f.gone = append(f.gone, change.Old)
		}
	}
	if len(f.gone) == 0 || !came {
		return f.renames, nil
	}
	if err := f.equal(prefix, from, to); err != nil {
		return nil, err
	}
	return f.renames, f.similar()
}

// Apply returns a change as the renames have it, and whether it is one still: of
// a document that was renamed, the change that says it went is none.
func (r *Renames) Apply(c Change) (Change, bool) {
	if renamed := r.from[c.Path]; renamed != nil && c.Old == nil {
		return *renamed, true
	}
	return c, c.New != nil || !r.to[c.Path]
}

// renameFinder looks for renames.
type renameFinder struct {
	ctx     context.Context
	store   Store
	renames *Renames
	gone    []*kb.Version
	came    []*kb.Version // those that no equal one went for
}

func (f *renameFinder) pair(before, after *kb.Version, similarity int) {
	f.renames.from[after.Path] = &Change{Path: after.Path, Old: before, New: after, Similarity: similarity}
	f.renames.to[before.Path] = true
}

// equal pairs documents with the same content, those with the same name in
// another folder first.
func (f *renameFinder) equal(prefix string, from, to kb.Point) error {
	byHash := make(map[kb.Hash][]*kb.Version)
	for _, v := range f.gone {
		byHash[v.SHA256] = append(byHash[v.SHA256], v)
	}
	take := func(after *kb.Version, fits func(before *kb.Version) bool) bool {
		went := byHash[after.SHA256]
		i := slices.IndexFunc(went, fits)
		if i < 0 {
			return false
		}
		f.pair(went[i], after, 100)
		byHash[after.SHA256] = slices.Delete(went, i, i+1)
		return true
	}
	var twins []*kb.Version // of those that went, under another name
	for change, err := range f.store.Changes(f.ctx, prefix, from, to) {
		if err != nil {
			return err
		}
		after := change.New
		if change.Old != nil || after.Size == 0 {
			continue
		}
		list := &f.came
		if _, ok := byHash[after.SHA256]; ok {
			if take(after, func(before *kb.Version) bool { return sameBase(before, after) }) {
				continue
			}
			list = &twins
		}
		if len(*list) == mostRenamed {
			f.renames.Limited = true
			continue
		}
		*list = append(*list, after)
	}
	for _, after := range twins {
		if !take(after, func(*kb.Version) bool { return true }) {
			f.came = append(f.came, after) // a copy, perhaps of another that is similar
		}
	}
	f.gone = slices.DeleteFunc(f.gone, func(v *kb.Version) bool { return f.renames.to[v.Path] })
	return nil
}

func sameBase(a, b *kb.Version) bool { return path.Base(a.Path) == path.Base(b.Path) }

// partner is a pair that may be a rename.
type partner struct {
	before, after int // in gone and came
	similarity    int
	sameBase      bool
}

// better puts the best pairs first.
func better(a, b partner) int {
	if c := cmp.Compare(b.similarity, a.similarity); c != 0 || a.sameBase == b.sameBase {
		return cmp.Or(c, cmp.Compare(a.after, b.after), cmp.Compare(a.before, b.before))
	}
	if a.sameBase {
		return -1
	}
	return 1
}

// similar pairs documents with similar contents.
func (f *renameFinder) similar() error {
	if len(f.gone)*len(f.came) > mostCompared {
		f.renames.Limited = true
		return nil
	}
	went, err := f.signatures()
	if err != nil {
		return err
	}
	var partners []partner
	for i, after := range f.came {
		own, err := f.partners(went, i, after)
		if err != nil {
			return err
		}
		partners = append(partners, own...)
	}
	slices.SortFunc(partners, better)
	for _, p := range partners {
		before, after := f.gone[p.before], f.came[p.after]
		if !f.renames.to[before.Path] && f.renames.from[after.Path] == nil {
			f.pair(before, after, p.similarity)
		}
	}
	return nil
}

// signatures are those of what went, as far as they are compared.
func (f *renameFinder) signatures() ([]signature, error) {
	went := make([]signature, len(f.gone))
	pieces := 0
	for i, before := range f.gone {
		if !slices.ContainsFunc(f.came, func(after *kb.Version) bool { return worthComparing(before, after) }) {
			continue
		}
		if pieces > mostPieces {
			f.renames.Limited = true
			break
		}
		var err error
		if went[i], err = f.signature(before); err != nil {
			return nil, err
		}
		pieces += len(went[i])
	}
	return went, nil
}

// partners are the most similar of those that went for one that came.
func (f *renameFinder) partners(went []signature, i int, after *kb.Version) ([]partner, error) {
	var own signature
	var found []partner
	for k, before := range f.gone {
		if went[k] == nil || !worthComparing(before, after) {
			continue
		}
		if own == nil {
			var err error
			if own, err = f.signature(after); err != nil {
				return nil, err
			}
		}
		// Not 100, which says that contents are equal.
		if similarity := min(went[k].common(own)*100/max(before.Size, after.Size), 99); similarity >= leastSimilar {
			found = append(found, partner{k, i, int(similarity), sameBase(before, after)})
		}
	}
	slices.SortFunc(found, better)
	return found[:min(len(found), mostPartners)], f.ctx.Err()
}

// worthComparing reports whether two contents are worth a comparison.
func worthComparing(a, b *kb.Version) bool {
	small, large := min(a.Size, b.Size), max(a.Size, b.Size)
	return large <= largestCompared && small*100 >= large*leastSimilar
}

// signature has how many bytes of a content are in each of its pieces, which are
// lines, or parts of long lines; by their hashes, and never nil.
type signature []piece

type piece struct{ hash, bytes uint32 }

func (f *renameFinder) signature(v *kb.Version) (signature, error) {
	var content bytes.Buffer
	if err := f.store.WriteContent(f.ctx, &content, v.SHA256); err != nil {
		return nil, err
	}
	return signatureOf(content.Bytes()), nil
}

// longestPiece is that of git, too.
const longestPiece = 64

func signatureOf(content []byte) signature {
	pieces := make(signature, 0, len(content)/32+1)
	for len(content) > 0 {
		end := min(len(content), longestPiece)
		if newline := bytes.IndexByte(content[:end], '\n'); newline >= 0 {
			end = newline + 1
		}
		hash := uint32(2166136261) // FNV-1a
		for _, c := range content[:end] {
			hash = (hash ^ uint32(c)) * 16777619
		}
		pieces = append(pieces, piece{hash, uint32(end)})
		content = content[end:]
	}
	slices.SortFunc(pieces, func(a, b piece) int { return cmp.Compare(a.hash, b.hash) })
	n := 0
	for _, p := range pieces {
		if n > 0 && pieces[n-1].hash == p.hash {
			pieces[n-1].bytes += p.bytes
			continue
		}
		pieces[n] = p
		n++
	}
	return slices.Clip(pieces[:n])
}

// common returns how many bytes two contents have in common.
func (s signature) common(o signature) int64 {
	var sum int64
	for len(s) > 0 && len(o) > 0 {
		switch {
		case s[0].hash < o[0].hash:
			s = s[1:]
		case s[0].hash > o[0].hash:
			o = o[1:]
		default:
			sum += int64(min(s[0].bytes, o[0].bytes))
			s, o = s[1:], o[1:]
		}
	}
	return sum
}
