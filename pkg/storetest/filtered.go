package storetest

import (
	"bytes"
	"context"
	"fmt"

	"github.com/seed16713943/btools/pkg/ingest"
	"github.com/seed16713943/btools/pkg/kb"
)

// reads checks what ReadText gives for a content.
func (b *bench) reads(plain, extension, want string, wantFiltered bool) {
	b.t.Helper()
	var out bytes.Buffer
	filtered, err := b.ReadText(context.Background(), &out, kb.HashOf([]byte(plain)), extension)
	b.check(err)
	if out.String() != want || filtered != wantFiltered {
		b.t.Errorf("%s as %s reads %q, filtered %t", plain, extension, out.String(), filtered)
	}
}

func filteredText(b *bench) {
	b.put("a.pdf", "%PDF", epoch, 0)
	b.put("b.pdf", "%other", epoch, 0)
	filter := func(text string) func(tx ingest.Tx) error {
		return func(tx ingest.Tx) error {
			return tx.AddFiltered(&ingest.Filtered{
				SHA256: kb.HashOf([]byte("%PDF")), Extension: "pdf", Command: "pdftotext - -", Text: encode(b.t, []byte(text)),
			})
		}
	}
	b.reads("%PDF", "pdf", "%PDF", false)
	b.update(filter("first"))
	b.reads("%PDF", "pdf", "first", true)
	b.update(filter(""))
	b.reads("%PDF", "pdf", "", true)
	b.update(filter("%other")) // which is stored as a content already
	b.update(func(tx ingest.Tx) error { return tx.DropIndex() })
	b.reads("%PDF", "pdf", "%other", true)
	b.reads("%PDF", "ps", "%PDF", false)
	b.reads("%other", "pdf", "%other", false)
	b.holds("a.pdf", everything, "%PDF")
	if _, err := b.ReadText(context.Background(), new(bytes.Buffer), kb.HashOf([]byte("none")), "pdf"); err == nil {
		b.t.Error("a content that is not there is read")
	}
	b.update(func(tx ingest.Tx) error {
		if err := tx.AddFiltered(&ingest.Filtered{SHA256: kb.HashOf([]byte("none")), Text: encode(b.t, nil)}); err == nil {
			b.t.Error("a text of no content is stored")
		}
		return nil
	})
}

func textless(b *bench) {
	b.put("a.pdf", "%PDF", epoch, 0)
	hash := kb.HashOf([]byte("%PDF"))
	b.update(func(tx ingest.Tx) error {
		b.check(tx.ClearTextless(hash, "pdf"))
		record := &ingest.Textless{Run: b.run, SHA256: hash, Extension: "pdf", Fault: kb.NewFault(kb.Processing, kb.Timeout, "too slow")}
		b.check(tx.AddTextless(record))
		b.check(tx.AddTextless(record))
		b.check(tx.ClearTextless(hash, "ps"))
		b.check(tx.ClearTextless(hash, "pdf"))
		b.check(tx.ClearTextless(kb.HashOf([]byte("none")), "pdf"))
		record.SHA256 = kb.HashOf([]byte("none"))
		if err := tx.AddTextless(record); err == nil {
			b.t.Error("a content that is not there has no text")
		}
		return nil
	})
}

// wantKept checks what there is as the text of a content, in a transaction and beside
// it.
func (b *bench) wantKept(plain, extension, want string) {
	b.t.Helper()
	hash := kb.HashOf([]byte(plain))
	said := func(kept ingest.Kept, err error) {
		b.t.Helper()
		b.check(err)
		got := ""
		if kept.Filtered != nil {
			got = kept.Filtered.String()[:8]
		}
		if f := kept.Fault; f != nil {
			got += fmt.Sprintf(" %s/%s: %v", f.Class, f.Code, f)
		}
		if got != want {
			b.t.Errorf("%s as %s has the text %q, not %q", plain, extension, got, want)
		}
	}
	said(b.Kept(context.Background(), hash, extension))
	b.update(func(tx ingest.Tx) error {
		said(tx.Kept(hash, extension))
		return nil
	})
}

func keptText(b *bench) {
	b.put("a.pdf", "%PDF", epoch, 0)
	hash, text := kb.HashOf([]byte("%PDF")), kb.HashOf([]byte("text")).String()[:8]
	b.wantKept("%PDF", "pdf", "")
	b.update(func(tx ingest.Tx) error {
		b.check(tx.AddFiltered(&ingest.Filtered{SHA256: hash, Extension: "pdf", Text: encode(b.t, []byte("text"))}))
		kept, err := tx.Kept(hash, "pdf")
		b.check(err)
		if kept.Filtered == nil {
			b.t.Error("a transaction does not know what it did")
		}
		return nil
	})
	b.wantKept("%PDF", "pdf", text)
	b.wantKept("%PDF", "ps", "")
	b.wantKept("text", "pdf", "")
	b.update(func(tx ingest.Tx) error {
		fault := kb.NewFault(kb.Processing, kb.Timeout, "too slow")
		return tx.AddTextless(&ingest.Textless{Run: b.run, SHA256: hash, Extension: "pdf", Fault: fault})
	})
	b.wantKept("%PDF", "pdf", text+" processing/timeout: too slow")
	b.update(func(tx ingest.Tx) error { return tx.ClearTextless(hash, "pdf") })
	b.wantKept("%PDF", "pdf", text)
	b.wantKept("none", "pdf", "")

	// What one transaction has stored and said of it, it knows.
	b.update(func(tx ingest.Tx) error {
		b.check(b.write(tx, "d.pdf", "%PDF 2", epoch, 0))
		hash := kb.HashOf([]byte("%PDF 2"))
		for _, want := range []kb.Code{"", kb.Timeout, ""} {
			kept, err := tx.Kept(hash, "pdf")
			b.check(err)
			var got kb.Code
			if kept.Fault != nil {
				got = kept.Fault.Code
			}
			if got != want {
				b.t.Errorf("of a content of the transaction: %q, not %q", got, want)
			}
			if want == "" {
				b.check(tx.AddTextless(&ingest.Textless{Run: b.run, SHA256: hash, Extension: "pdf", Fault: kb.NewFault(kb.Processing, kb.Timeout, "too slow")}))
			} else {
				b.check(tx.ClearTextless(hash, "pdf"))
			}
		}
		return nil
	})

	b.put("b.TXT", "old", epoch, 0)
	b.put("b.TXT", "new", epoch+1, 0)
	b.update(func(tx ingest.Tx) error {
		b.check(b.write(tx, "c.md", "old", epoch, 0))
		b.check(b.write(tx, "c.txt", "now", epoch, 0))
		for _, test := range []struct {
			plain, extension string
			want             bool
		}{
			{"old", "txt", true}, {"new", "txt", true}, {"old", "md", false}, {"now", "txt", false}, {"text", "pdf", false}, {"none", "txt", false},
		} {
			held, err := tx.HeldBefore(kb.HashOf([]byte(test.plain)), test.extension)
			b.check(err)
			apart, err := b.Held(context.Background(), kb.HashOf([]byte(test.plain)), test.extension)
			b.check(err)
			if held != test.want || apart != test.want {
				b.t.Errorf("%s was held as .%s: %t, %t", test.plain, test.extension, held, apart)
			}
		}
		return nil
	})
}
