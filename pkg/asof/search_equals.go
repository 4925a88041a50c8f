package asof

import (
	"cmp"
	"context"
	"slices"

	"github.com/seed16713943/btools/pkg/passage"
)

// withEquals returns the best n of a list in order, and all that are as good as
// the last of them.
func withEquals(list []ranked, n int) []ranked {
	end := min(n, len(list))
	for end > 0 && end < len(list) && list[end].score == list[end-1].score {
		end++
	}
	return list[:end]
}

// settle returns the first n of a list in order: of equal scores those whose paths
// come first, and in a document those that stand further up. Numbers of passages
// would not do, since documents may come in any order.
func (f *finder) settle(ctx context.Context, list []ranked, n int) ([]ranked, error) {
	var settled []ranked
	for len(list) > 0 && len(settled) < n {
		equals := withEquals(list, 1)
		list = list[len(equals):]
		if len(equals) > 1 {
			var err error
			if equals, err = f.firstOf(ctx, equals, n-len(settled)); err != nil {
				return nil, err
			}
		}
		settled = append(settled, equals...)
	}
	return settled[:min(n, len(settled))], nil
}

// named is a passage with the path of its document.
type named struct {
	ranked
	path  string
	order int // in the document
}

// manyEquals is how many passages are named at once. Those of a text that very
// many documents share are as many.
const manyEquals = 4096

// firstOf returns the first n of passages with equal scores, and maybe more.
func (f *finder) firstOf(ctx context.Context, equals []ranked, n int) ([]ranked, error) {
	var first []named
	for some := range slices.Chunk(equals, manyEquals) {
		ids := make([]int64, len(some))
		for i, r := range some {
			ids[i] = r.Path
		}
		names, err := f.store.PathNames(ctx, ids)
		if err != nil {
			return nil, err
		}
		for _, r := range some {
			first = append(first, named{ranked: r, path: names[r.Path]})
		}
		slices.SortFunc(first, func(a, b named) int {
			return cmp.Or(cmp.Compare(a.path, b.path), cmp.Compare(a.Passage, b.Passage))
		})
		end := min(n, len(first))
		for end < len(first) && first[end].Path == first[end-1].Path {
			end++
		}
		first = first[:end]
	}
	sorted := make([]ranked, 0, len(first))
	for begin := 0; begin < len(first); {
		end := begin + 1
		for end < len(first) && first[end].Path == first[begin].Path {
			end++
		}
		if err := f.sortByLine(ctx, first[begin:end]); err != nil {
			return nil, err
		}
		for _, r := range first[begin:end] {
			sorted = append(sorted, r.ranked)
		}
		begin = end
	}
	return sorted, nil
}

// sortByLine puts passages of one document in the order in which they stand there.
func (f *finder) sortByLine(ctx context.Context, list []named) error {
	if len(list) == 1 {
		return nil
	}
	d, err := f.document(ctx, list[0].Path, list[0].path)
	if err != nil {
		return err
	}
	for i := range list {
		s, err := f.store.Passage(ctx, list[i].Place, f.Now)
		if err != nil {
			return err
		}
		p := passage.Passage{Heading: s.Heading, Text: s.Body}
		list[i].order = d.places[p.Key()].order
	}
	slices.SortStableFunc(list, func(a, b named) int { return cmp.Compare(a.order, b.order) })
	return nil
}
