package storetest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"math/rand/v2"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// edits returns n contents, each an edit of the one before.
func edits(n int) [][]byte {
	random := rand.New(rand.NewPCG(3, 4))
	var lines [][]byte
	for i := range 100 {
		lines = append(lines, fmt.Appendf(nil, "Line %d begins with %x.\n", i, random.Uint64()))
	}
	all := make([][]byte, n)
	for i := range all {
		lines[random.IntN(len(lines))] = fmt.Appendf(nil, "Edit %d says %x.\n", i, random.Uint64())
		all[i] = bytes.Join(lines, nil)
	}
	return all
}

// lookForContents stores contents of which some are there and all come twice in one
// transaction, as deltas from one another in a chain longer than any store would read.
func lookForContents(b *bench) {
	enc := content.NewEncoder()
	all := edits(150)
	var hashes []kb.Hash
	for _, plain := range all {
		hashes = append(hashes, kb.HashOf(plain))
	}
	write := func(tx ingest.Tx, name string, i int) error {
		state, err := tx.Path(name)
		b.check(err)
		var base content.Base
		if i > 0 {
			base = content.Base{SHA256: hashes[i-1], Plain: all[i-1]}
		}
		v := &kb.Version{Path: name, ValidFrom: epoch + kb.Instant(i), SHA256: hashes[i], Size: int64(len(all[i]))}
		return tx.AddVersion(state.ID, b.run, v, enc.EncodeAfter(base, v.SHA256, all[i]))
	}
	for _, end := range []error{errTest, nil} {
		err := b.Update(background, func(tx ingest.Tx) error {
			b.check(tx.LookForContents(hashes[:50]))
			for i := range 50 {
				b.check(write(tx, "old.md", i))
			}
			return end
		})
		if !errors.Is(err, end) {
			b.t.Errorf("the update gives %v", err)
		}
	}
	b.update(func(tx ingest.Tx) error {
		b.check(tx.LookForContents(append(hashes, hashes[40:60]...)))
		for i := range all {
			b.check(write(tx, "a.md", i))
			b.check(write(tx, "b.md", i))
		}
		return nil
	})
	for i, plain := range all {
		at := kb.Point{Valid: epoch + kb.Instant(i), Known: everything.Known}
		b.holds("a.md", at, string(plain))
		b.holds("b.md", at, string(plain))
	}
}

// deltas stores contents as deltas from one another, in chains longer than any
// store would read, and asks for all of them.
func deltas(b *bench) {
	enc := content.NewEncoder()
	var want [][]byte
	put := func(base, plain []byte) func(ingest.Tx) error {
		want = append(want, plain)
		v := &kb.Version{ValidFrom: epoch + kb.Instant(len(want)), SHA256: sha256.Sum256(plain), Size: int64(len(plain))}
		return func(tx ingest.Tx) error {
			c := enc.EncodeAfter(content.Base{SHA256: kb.HashOf(base), Plain: base}, v.SHA256, plain)
			if base != nil && c.Delta == nil {
				b.t.Error("an edit is no delta")
			}
			return tx.AddVersion(b.ids(tx, "a.md")[0], b.run, v, c)
		}
	}
	all := edits(200)
	b.update(put(nil, all[0]))
	for i := 1; i < 150; i++ { // all within one transaction
		if i == 100 {
			b.update(put(all[99], all[100]))
			continue
		}
		b.update(put(all[i-1], all[i]))
	}
	for i := 190; i > 150; i-- { // the base is not there yet
		b.update(put(all[i-1], all[i]))
	}
	err := b.Store.Update(background, func(tx ingest.Tx) error { // nor ever, since it is undone
		b.check(put(all[190], all[195])(tx))
		return errTest
	})
	if !errors.Is(err, errTest) {
		b.t.Errorf("a transaction that fails gives %v", err)
	}
	want = want[:len(want)-1]
	b.update(put(all[195], all[196]))
	s := b.snapshot()
	for i, plain := range want {
		var got bytes.Buffer
		b.check(s.WriteContent(background, &got, kb.HashOf(plain)))
		if !bytes.Equal(got.Bytes(), plain) {
			b.t.Errorf("content %d of %d bytes came back as %d others", i, len(plain), got.Len())
		}
	}
	if err := s.WriteContent(context.Background(), failingWriter{}, kb.HashOf(all[140])); err == nil {
		b.t.Error("a writer that fails goes unnoticed")
	}
}
