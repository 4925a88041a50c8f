package asof_test

import (
	"archive/tar"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"pgregory.net/rapid"

	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/embed"
	"github.com/seed16713943/btools/pkg/kb"
)

// unpack returns the members of an archive by their names.
func unpack(in io.Reader) (map[string]string, error) {
	members := make(map[string]string)
	archive := tar.NewReader(in)
	for {
		h, err := archive.Next()
		if err == io.EOF {
			return members, nil
		}
		if err != nil {
			return members, err
		}
		content, err := io.ReadAll(archive)
		if err != nil {
			return members, err
		}
		if _, twice := members[h.Name]; twice {
			return members, fmt.Errorf("%q is there twice", h.Name)
		}
		members[h.Name] = fmt.Sprintf("%04o %s", h.Mode, content)
	}
}

// TestTarIsHarmless draws names of every kind. No member may lead out of the
// folder, or be in the way of another; what can stand is there, and what is not has
// been said.
func TestTarIsHarmless(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		part := rapid.SampledFrom([]string{"a", "b", "a.md", "a-", "\xff", "new\nline", "ü"})
		held := make(map[string]string)
		var records []kb.Record
		for range rapid.IntRange(1, 12).Draw(t, "documents") {
			name := rapid.SampledFrom([]string{"", "", "", "/", "../", "../../"}).Draw(t, "leads") + strings.Join(rapid.SliceOfN(part, 1, 3).Draw(t, "name"), "/")
			from, text := kb.Instant(1), fmt.Sprintf("%q", name)
			held[name] = text
			records = append(records, kb.Record{Kind: kb.File, Path: name, ValidFrom: &from, Content: []byte(text), HasContent: true})
		}
		prefixes := rapid.SampledFrom([][]string{nil, {"a"}, {"/"}, {"a", "a/b", "/a"}, {"..", "b"}}).Draw(t, "prefixes")
		r := newLibrary(t, embed.None{}, records).reader()
		said := 0
		archive := asof.Tar{Store: r, Prefixes: prefixes, At: valid(1), Warn: func(err error) {
			if strings.Contains(err.Error(), "is left out: ") {
				said++
			}
		}}
		var out bytes.Buffer
		sum, err := archive.Write(context.Background(), &out)
		check(t, err)
		members, err := unpack(&out)
		check(t, err)
		wanted := 0
		for name, text := range held {
			if len(prefixes) > 0 && !slices.ContainsFunc(prefixes, func(prefix string) bool {
				return name == prefix || strings.HasPrefix(name, strings.TrimSuffix(prefix, "/")+"/")
			}) {
				continue
			}
			wanted++
			// Of those whose names become the same, one stands.
			if member, ok := members[strings.TrimLeft(name, "./")]; name[0] != '/' && name[0] != '.' && ok && member != "0644 "+text {
				t.Errorf("%q has the content %s", name, member)
			}
		}
		if int(sum.Documents) != len(members) || int(sum.LeftOut) != said || len(members)+said != wanted {
			t.Errorf("%d members of %d documents, %d left out; it says %+v", len(members), wanted, said, sum)
		}
		checkMembers(t, members)
		for name := range held { // what is in nobody's way stands
			alone := !slices.ContainsFunc(slices.Collect(maps.Keys(held)), func(o string) bool {
				a, b := strings.TrimLeft(o, "./"), strings.TrimLeft(name, "./")
				return o != name && (a == b || strings.HasPrefix(a, b+"/") || strings.HasPrefix(b, a+"/"))
			})
			if _, there := members[strings.TrimLeft(name, "./")]; alone && !there && len(prefixes) == 0 {
				t.Errorf("%q is not there", name)
			}
		}
	})
}

// checkMembers checks that all members can be unpacked into one folder.
func checkMembers(t *rapid.T, members map[string]string) {
	for name := range members {
		if name != path.Clean(name) || path.IsAbs(name) || name == ".." || strings.HasPrefix(name, "../") {
			t.Errorf("%q leads out", name)
		}
		for above := path.Dir(name); above != "."; above = path.Dir(above) {
			if _, both := members[above]; both {
				t.Errorf("%q is a file and a folder", above)
			}
		}
	}
}

// damaged is a store in which a content is broken.
type damaged struct {
	asof.Store
	hash kb.Hash
	keep int // bytes that come before the damage is seen
}

var errDamage = errors.New("damage")

func (d damaged) WriteContent(ctx context.Context, w io.Writer, hash kb.Hash) error {
	if hash != d.hash {
		return d.Store.WriteContent(ctx, w, hash)
	}
	var content bytes.Buffer
	if err := d.Store.WriteContent(ctx, &content, hash); err != nil {
		return err
	}
	if _, err := w.Write(content.Bytes()[:min(d.keep, content.Len())]); err != nil {
		return err
	}
	return errDamage
}

// TestTarBroken writes archives in which the content of one document is damaged,
// wherever that is seen: they must not look whole.
func TestTarBroken(t *testing.T) {
	b := newBase(t)
	texts := map[string]string{"a.md": "one", "b.md": strings.Repeat("x", 1024), "c.md": "", "d.md": "four"}
	for path, text := range texts {
		b.version(path, 1, &text)
	}
	for path, text := range texts {
		for _, keep := range []int{0, 1, 511, 512, 1024} {
			store := damaged{b.reader(), kb.HashOf([]byte(text)), keep}
			archive := asof.Tar{Store: store, At: valid(1), Warn: func(error) {}}
			var out bytes.Buffer
			if _, err := archive.Write(context.Background(), &out); !errors.Is(err, errDamage) || !strings.HasPrefix(err.Error(), path) {
				t.Errorf("%s broken after %d bytes: %v", path, keep, err)
			}
			members, err := unpack(&out)
			if _, there := members[path]; there || !errors.Is(err, io.ErrUnexpectedEOF) && !errors.Is(err, tar.ErrHeader) {
				t.Errorf("%s broken after %d bytes: unpacked as %q, %v", path, keep, slices.Collect(maps.Keys(members)), err)
			}
		}
	}
	ctx, cancel := context.WithCancel(context.Background())
	archive := asof.Tar{Store: b.reader(), At: valid(1), Warn: func(error) {}}
	var out bytes.Buffer
	_, err := archive.Write(ctx, writerFunc(func(p []byte) (int, error) {
		cancel()
		return out.Write(p)
	}))
	if _, unpacked := unpack(&out); !errors.Is(err, context.Canceled) || unpacked == nil {
		t.Errorf("interrupted: %v, unpacked as %v", err, unpacked)
	}
}

type writerFunc func([]byte) (int, error)

func (f writerFunc) Write(p []byte) (int, error) { return f(p) }
