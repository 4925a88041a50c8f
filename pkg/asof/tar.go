package asof

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/seed16713943/btools/pkg/kb"
)

// Tar writes what existed at a point under any of its prefixes as a tar stream,
// with modes and times. It holds one part of a content in memory.
//
// No member leaves the folder that the archive is unpacked in: of names, a
// leading slash and what leads up are left out. What cannot stand beside another
// member is left out too, and said: a document that is a folder at once, and one
// whose name becomes another's. A stream that ends with an error does not look
// whole to any tar.
type Tar struct {
	Store    Store
	Prefixes []string // none for everything
	At       kb.Point
	Warn     func(error)
	Progress func(done Written, of int64) // is told of each of the documents; may be nil

	folders map[string]bool // documents that are folders at once
	names   harmlessNames
	within  bool // a member whose content has not been written to its end
}

// Written is what became of an archive.
type Written struct {
	Documents int64
	LeftOut   int64 // said by Tar.Warn, each
	Bytes     int64 // of the documents
}

// Write writes the archive. If nothing existed, it writes nothing at all.
func (t *Tar) Write(ctx context.Context, w io.Writer) (sum Written, err error) {
	t.Prefixes = outermost(t.Prefixes)
	t.names = harmlessNames{store: t.Store, prefixes: t.Prefixes, at: []kb.Point{t.At}, warn: t.Warn}
	count, err := t.look(ctx)
	if err != nil || count == 0 {
		return sum, err
	}
	archive := tar.NewWriter(w)
	err = t.members(ctx, archive, count, &sum)
	switch {
	case err == nil:
		return sum, archive.Close()
	case t.within: // which lacks its end; whatever follows would become that
		return sum, err
	default:
		return sum, errors.Join(err, breakOff(w))
	}
}

// outermost leaves out what is under another prefix, and sorts the rest.
func outermost(prefixes []string) []string {
	if len(prefixes) == 0 {
		return []string{""}
	}
	var kept []string
	for _, prefix := range slices.Compact(slices.Sorted(slices.Values(prefixes))) {
		if !slices.ContainsFunc(prefixes, func(o string) bool { return o != prefix && kb.Under(o, prefix) }) {
			kept = append(kept, prefix)
		}
	}
	return kept
}

// each calls fn for all that is to be in the archive.
func (t *Tar) each(ctx context.Context, fn func(*kb.Version) error) error {
	for _, prefix := range t.Prefixes {
		for v, err := range t.Store.List(ctx, prefix, t.At) {
			if err == nil {
				err = ctx.Err()
			}
			if err == nil {
				err = fn(&v)
			}
			if err != nil {
				return err
			}
		}
	}
	return nil
}

// look counts the documents, and finds those that are folders at once. Names come
// in their order, so that those which can still be the folder of what follows are
// all beginnings of the name at hand, and few.
func (t *Tar) look(ctx context.Context) (count int64, err error) {
	t.folders = make(map[string]bool)
	var above []string
	err = t.each(ctx, func(v *kb.Version) error {
		count++
		for len(above) > 0 && !strings.HasPrefix(v.Path, above[len(above)-1]) {
			above = above[:len(above)-1]
		}
		for _, name := range above {
			if kb.Under(name, v.Path) {
				t.folders[name] = true
			}
		}
		above = append(above, v.Path)
		return nil
	})
	return count, err
}

// members writes the members of the archive.
func (t *Tar) members(ctx context.Context, archive *tar.Writer, of int64, sum *Written) error {
	return t.each(ctx, func(v *kb.Version) error {
		defer t.tell(sum, of)
		name, why, err := t.member(ctx, v.Path)
		if err != nil {
			return err
		}
		if why != "" {
			t.Warn(fmt.Errorf("%s is left out: %s", v.Path, why))
			sum.LeftOut++
			return nil
		}
		since, err := Since(ctx, t.Store, v, t.At)
		if err != nil {
			return err
		}
		if err := t.writeMember(ctx, archive, name, since); err != nil {
			return err
		}
		sum.Documents++
		sum.Bytes += v.Size
		return nil
	})
}

func (t *Tar) tell(sum *Written, of int64) {
	if t.Progress != nil {
		t.Progress(*sum, of)
	}
}

// member returns the name that a document has in the archive, or why it has none.
func (t *Tar) member(ctx context.Context, name string) (member, why string, err error) {
	if t.folders[name] {
		return "", "there are documents in a folder of this name too", nil
	}
	return t.names.shorten(ctx, name)
}

func (t *Tar) writeMember(ctx context.Context, archive *tar.Writer, name string, v *kb.Version) error {
	if v.Size == 0 { // there is no last byte to hold back
		if err := t.Store.WriteContent(ctx, io.Discard, v.SHA256); err != nil {
			return fmt.Errorf("%s: %w", v.Path, err)
		}
	}
	if err := archive.WriteHeader(header(name, v)); err != nil {
		return fmt.Errorf("%s: %w", v.Path, err)
	}
	t.within = v.Size > 0
	content := heldBack{w: archive}
	if err := t.Store.WriteContent(ctx, &content, v.SHA256); err != nil {
		return fmt.Errorf("%s: %w", v.Path, err)
	}
	if err := errors.Join(content.finish(), archive.Flush()); err != nil {
		return fmt.Errorf("%s: %w", v.Path, err)
	}
	t.within = false
	return nil
}

// header describes a member. It is nobody's file, and whoever unpacks it is to own it:
// so it has no setuid or setgid bit, which would make it run as them. Fractions of a second need a header of their own, in
// the format of POSIX, which is for names in UTF-8; that of GNU takes others as
// they are, and whole seconds.
func header(name string, v *kb.Version) *tar.Header {
	h := &tar.Header{Typeflag: tar.TypeReg, Name: name, Size: v.Size, Mode: 0o644, ModTime: v.ValidFrom.Time()}
	if v.Mode != nil {
		h.Mode = int64(*v.Mode & 0o777)
	}
	if v.MTime != nil {
		h.ModTime = v.MTime.Time()
	}
	switch {
	case !utf8.ValidString(name):
		h.Format, h.ModTime = tar.FormatGNU, h.ModTime.Truncate(time.Second)
	case h.ModTime.Nanosecond() != 0:
		h.Format = tar.FormatPAX
	}
	return h
}

// heldBack writes all that it takes but the last byte, which finish writes: the
// content is known to be whole only after its end, and a member that lacks a byte
// looks broken.
type heldBack struct {
	w    io.Writer
	last []byte
}

func (h *heldBack) Write(p []byte) (int, error) {
	if len(p) == 0 {
		return 0, nil
	}
	if err := h.finish(); err != nil {
		return 0, err
	}
	if _, err := h.w.Write(p[:len(p)-1]); err != nil {
		return 0, err
	}
	h.last = append(h.last[:0], p[len(p)-1])
	return len(p), nil
}

func (h *heldBack) finish() error {
	_, err := h.w.Write(h.last)
	h.last = h.last[:0]
	return err
}

// breakOff writes the beginning of a member and no more. Without it an archive
// that ends between two members looks whole to many programs.
func breakOff(w io.Writer) error {
	var member bytes.Buffer
	name := &tar.Header{Typeflag: tar.TypeReg, Name: "…", Format: tar.FormatPAX} // which needs a header with a body
	if err := tar.NewWriter(&member).WriteHeader(name); err != nil {
		return err
	}
	const block = 512
	_, err := w.Write(member.Bytes()[:block])
	return err
}
