package ingest

import (
	"bytes"
	"container/list"
	"context"
	"sync"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
)

// A version is mostly much like the one before, and then it is kept as the
// difference. The one before is what the stream carried last for the path, and
// else what is in force.

// carried is a content that the stream carried.
type carried struct {
	plain []byte
	hash  func() kb.Hash // computed once, by whoever needs it first
}

func newCarried(plain []byte) *carried {
	return &carried{plain, sync.OnceValue(func() kb.Hash { return kb.HashOf(plain) })}
}

const (
	// maxRemembered is how many bytes contents may take that are remembered for those
	// that come after them.
	maxRemembered = 8 << 20
	// rememberedBytes is what one takes besides its bytes and its path, about.
	rememberedBytes = 400
)

// lastCarried remembers the last content of each path that the stream carried,
// and forgets those that were not replaced for the longest time.
type lastCarried struct {
	byPath map[string]*list.Element
	order  list.List // of remembered, the latest first
	bytes  int
}

type remembered struct {
	path string
	*carried
}

func (r *remembered) bytes() int { return len(r.plain) + len(r.path) + rememberedBytes }

// swap remembers a content and returns the one that it takes the place of, if
// there is one.
func (l *lastCarried) swap(path string, c *carried) *carried {
	if l.byPath == nil {
		l.byPath = make(map[string]*list.Element)
	}
	var before *carried
	if had := l.byPath[path]; had != nil {
		before = had.Value.(remembered).carried
		l.forget(had)
	}
	one := remembered{path, c}
	l.byPath[path] = l.order.PushFront(one)
	for l.bytes += one.bytes(); l.bytes > maxRemembered; {
		l.forget(l.order.Back())
	}
	return before
}

func (l *lastCarried) forget(e *list.Element) {
	r := l.order.Remove(e).(remembered)
	delete(l.byPath, r.path)
	l.bytes -= r.bytes()
}

// base returns what the content of an item may be kept as the difference from.
func (r *runner) base(ctx context.Context, it *item) content.Base {
	switch v := it.inForce; {
	case it.before != nil:
		return content.Base{SHA256: it.before.hash(), Plain: it.before.plain}
	case v == nil || v.Gone || v.Size > content.MaxPart:
		return content.Base{}
	default:
		var plain bytes.Buffer
		if _, err := r.readText(ctx, &plain, v.SHA256, ""); err != nil {
			return content.Base{} // without it, the content just takes more room
		}
		return content.Base{SHA256: v.SHA256, Plain: plain.Bytes()}
	}
}
