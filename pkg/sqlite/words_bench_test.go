package sqlite

import (
	"maps"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"golang.org/x/text/unicode/norm"

	"github.com/seed16713943/btools/pkg/ingest"
)

// proses are texts in several scripts, composed.
var proses = map[string]string{
	"english":    "Every text is looked at twice, for characters that the index has otherwise. ",
	"dashed":     "Every text – “quoted” – is looked at twice, for what the index hasn’t… ",
	"french":     "Chaque texte est examiné à deux reprises, là où l’élève a déjà été reçu. ",
	"polish":     "Każdy tekst jest sprawdzany dwukrotnie, gdyż litery złożone wyglądają tak samo. ",
	"vietnamese": "Mỗi văn bản được xem hai lần để tìm những chữ cái được viết theo cách khác. ",
	"russian":    "Каждый текст просматривается дважды в поисках букв, которые записаны иначе. ",
	"chinese":    "每段文字都会被检查两次，以查找索引中写法不同的字符。第３章，增强。",
	"japanese":   "すべてのテキストは、索引で別の書き方をされる文字を探すために二度調べられます。",
	"korean":     "모든 글은 색인에서 다르게 적히는 글자를 찾기 위해 두 번 살펴봅니다. ",
	"hindi":      "हर पाठ को दो बार देखा जाता है, ताकि अलग लिखे गए अक्षर मिल सकें। ",
	"arabic":     "يُنظر إلى كل نص مرتين بحثا عن الحروف التي تكتب في الفهرس بشكل آخر. ",
}

// benchProses calls fn with each text, in a length that is usual for a passage.
func benchProses(b *testing.B, fn func(body string)) {
	for _, name := range slices.Sorted(maps.Keys(proses)) {
		body := norm.NFC.String(strings.Repeat(proses[name], 1000/len(proses[name])+1))
		b.Run(name, func(b *testing.B) {
			b.SetBytes(int64(len(body)))
			for b.Loop() {
				fn(body)
			}
		})
	}
}

func BenchmarkPrepare(b *testing.B) {
	store, err := Open(b.Context(), filepath.Join(b.TempDir(), "kb.sqlite"), Options{})
	if err != nil {
		b.Fatal(err)
	}
	defer store.Close()
	benchProses(b, func(body string) { store.Prepare([]*ingest.Text{{Body: body}}) })
}

func BenchmarkIndexed(b *testing.B) { benchProses(b, func(body string) { indexed(body) }) }
