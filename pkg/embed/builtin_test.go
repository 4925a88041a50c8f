package embed

import (
	"context"
	"crypto/sha256"
	"encoding/binary"
	"flag"
	"fmt"
	"math"
	"math/bits"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
)

var update = flag.Bool("update", false, "write the golden files anew")

const sample = `A transaction is committed in whole or not at all, even if it is interrupted by a program crash, an operating system crash, or a power failure. Readers do not block writers, and a writer does not block readers: reading and writing go on at the same time, and a checkpoint moves what the log has gathered back into the database now and then. Most programs need not care about checkpoints, since they happen once the log has grown to a thousand pages. Programs with long readers may want to run them at a quiet moment, as no checkpoint passes the oldest reader's end mark. An index makes lookups fast, at the price of slower writes and more space on the disk; measure before you add one. Deleted rows leave free pages behind, which later rows fill; only a vacuum gives them back to the file system. Copies of a database that is in use are made with the backup interface, never by copying its file, since pages that have not been moved yet are in the log.`

// texts have their vectors in the golden file.
var texts = []string{
	sample,
	"",
	"?!",
	"a",
	"backup",
	"Backup, backup! BACKUP.",
	strings.Repeat("again and ", 300),
	"Die Sicherung läuft täglich; größere Änderungen bitte ankündigen.",
	"Резервное копирование выполняется ежедневно",
	"毎日バックアップを取ります。ガ",
	"数据库每天备份一次",
	"백업은 매일 합니다",
	"النسخ الاحتياطي يوميا",
	"हर दिन बैकअप",
	"x86_64 v1.2.3 foo_bar(baz) 🚀",
	"\xff\xfe not UTF-8 \x00",
	strings.Repeat("bXlzZWNyZXQ", 200),
}

func vectorOf(t testing.TB, text string) []float32 {
	t.Helper()
	vectors, err := NewBuiltin().Embed(context.Background(), []string{text})
	if err != nil {
		t.Fatal(err)
	}
	return vectors[0]
}

func cosine(a, b []float32) (sum float64) {
	for i := range a {
		sum += float64(a[i]) * float64(b[i])
	}
	return sum
}

// The vectors in a knowledge base were made by some other machine, so they must
// not depend on the machine, down to the last bit.
func TestBuiltinGolden(t *testing.T) {
	const golden = "testdata/builtin-1.golden"
	var got strings.Builder
	for _, text := range texts {
		v := vectorOf(t, text)
		hash := sha256.New()
		for _, x := range v {
			binary.Write(hash, binary.LittleEndian, math.Float32bits(x))
		}
		fmt.Fprintf(&got, "%x %+.6f %.40q\n", hash.Sum(nil)[:16], v[:4], text)
	}
	if *update {
		if err := os.WriteFile(golden, []byte(got.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	if got.String() != string(want) {
		t.Errorf("vectors have changed; if that is meant, the embedder needs a new name\n got:\n%s\nwant:\n%s", got.String(), want)
	}
}

func TestBuiltinUnitVectors(t *testing.T) {
	e := NewBuiltin()
	vectors, err := e.Embed(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	for i, v := range vectors {
		if len(v) != e.Dim() {
			t.Fatalf("vector of %.20q has %d dimensions", texts[i], len(v))
		}
		if length := math.Sqrt(cosine(v, v)); math.Abs(length-1) > 1e-6 {
			t.Errorf("vector of %.20q has the length %v", texts[i], length)
		}
		if !slices.Equal(v, vectorOf(t, texts[i])) {
			t.Errorf("vector of %.20q is another one alone", texts[i])
		}
	}
}

func TestBuiltinFolding(t *testing.T) {
	tests := []struct{ a, b string }{
		{"Crème Brûlée", "creme brulee"},
		{"Cre\u0300me", "Crème"},
		{"STRASSE", "Straße"},
		{"STRAẞE", "Straße"},
		{"か\u3099", "が"},
		{"ΣΊΣΥΦΟΣ", "σίσυφος"},
		{"ﬁle ＡＢＣ", "file abc"},
		{"Ёлка", "елка"},
		{"ｶﾞｽ", "ガス"},
		{"가", "\u1100\u1161"},
		{"one, two", "one\n\ntwo!"},
	}
	for _, tt := range tests {
		if !slices.Equal(vectorOf(t, tt.a), vectorOf(t, tt.b)) {
			t.Errorf("%q and %q have different vectors", tt.a, tt.b)
		}
	}
	different := []struct{ a, b string }{
		{"か", "が"},         // other sounds, not accents
		{"हिन्दी", "हन्द"}, // vowels, not accents
	}
	for _, tt := range different {
		if slices.Equal(vectorOf(t, tt.a), vectorOf(t, tt.b)) {
			t.Errorf("%q and %q have the same vector", tt.a, tt.b)
		}
	}
}

// What a question is nearest to.
func TestBuiltinNearest(t *testing.T) {
	passages := []string{
		sample,
		"To bake bread, mix flour, water, salt and yeast, let the dough rise for an hour, and bake it in a hot oven until the crust is brown.",
		"Der Nachtzug nach Wien fährt um halb neun am Gleis vier ab; Fahrräder müssen vorher angemeldet werden.",
		"数据库每天备份一次，备份保存三十天，之后自动删除。",
		"会議は毎週火曜日の午後三時から始まります。資料は前日までに共有してください。",
		"창고 열쇠는 안내실에 있으며 퇴근 전에 반드시 반납해야 합니다.",
	}
	for question, want := range map[string]int{
		"checkpoint of the log":         0,
		"checkpiont of the dtabase log": 0,
		"indexes and lookup":            0,
		"baking bread":                  1,
		"bicycles: Fahrrad anmelden":    2,
		"nachtzuge":                     2,
		"备份保存":                          3,
		"会議資料":                          4,
		"열쇠 반납":                         5,
	} {
		q := vectorOf(t, question)
		best, at := -2.0, 0
		for i, p := range passages {
			if c := cosine(q, vectorOf(t, p)); c > best {
				best, at = c, i
			}
		}
		if at != want {
			t.Errorf("%q is nearest to passage %d, not %d", question, at, want)
		}
	}
}

func TestBuiltinCancelled(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := NewBuiltin().Embed(ctx, []string{"a"}); err != context.Canceled {
		t.Errorf("error %v", err)
	}
}

func TestBuiltinConcurrent(t *testing.T) {
	e := NewBuiltin()
	want, err := e.Embed(context.Background(), texts)
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	for range 4 {
		wg.Go(func() {
			for range 5 {
				got, err := e.Embed(context.Background(), texts)
				if err != nil {
					t.Error(err)
				}
				for i := range got {
					if !slices.Equal(got[i], want[i]) {
						t.Errorf("vector of %.20q changes", texts[i])
					}
				}
			}
		})
	}
	wg.Wait()
}

// The counter gives what adding up one by one gives.
func TestCounter(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 1))
	var c counter
	for round := range 40 {
		c.reset()
		var want [builtinDim]int64
		for range rnd.IntN(12) {
			weight := 1 + rnd.IntN(maxWeight)
			features := make([]uint64, rnd.IntN(60))
			for i := range features {
				features[i] = rnd.Uint64()
				for d := range want {
					want[d] += int64(sign(features[i], keys[d/64]) >> (d % 64) & 1 * uint64(weight))
				}
			}
			c.add(features, weight)
		}
		if got := c.counts(); got != want {
			t.Fatalf("round %d:\n got %v\nwant %v", round, got, want)
		}
	}
}

// Signs of different features, and of one feature in different lanes, are as
// independent as thrown coins: about half of 256 agree.
func TestSignsAreRandom(t *testing.T) {
	signs := func(feature uint64) (s [4]uint64) {
		for i, key := range keys {
			s[i] = sign(feature, key)
		}
		return s
	}
	var features []uint64
	for _, word := range strings.Fields(sample) {
		features = appendGrams(features, []rune("<"+word+">"))
	}
	slices.Sort(features)
	features = slices.Compact(features)
	var sum, squares float64
	pairs := 0
	for i, f := range features {
		a := signs(f)
		for _, g := range features[i+1:] {
			b := signs(g)
			differ := 0
			for k := range a {
				differ += bits.OnesCount64(a[k] ^ b[k])
			}
			off := float64(differ - builtinDim/2)
			sum += off
			squares += off * off
			pairs++
			if math.Abs(off) > 6*8 { // six standard deviations
				t.Errorf("features %x and %x differ in %d signs", f, g, differ)
			}
		}
	}
	mean, variance := sum/float64(pairs), squares/float64(pairs)
	if math.Abs(mean) > 0.5 || math.Abs(variance-builtinDim/4) > 2 {
		t.Errorf("%d pairs: mean %.2f and variance %.2f, not 0 and %d", pairs, mean, variance, builtinDim/4)
	}
}

func TestSublinear(t *testing.T) {
	want := map[int]int{1: 4, 2: 8, 3: 10, 4: 12, 5: 13, 6: 14, 8: 16, 12: 18, 1 << 20: 84}
	for count, weight := range want {
		if got := sublinear(full, count); got != weight {
			t.Errorf("%d times: weight %d, want %d", count, got, weight)
		}
	}
}

func FuzzBuiltin(f *testing.F) {
	for _, text := range texts {
		f.Add(text)
	}
	e := NewBuiltin()
	f.Fuzz(func(t *testing.T, text string) {
		vectors, err := e.Embed(context.Background(), []string{text, text})
		if err != nil {
			t.Fatal(err)
		}
		if length := cosine(vectors[0], vectors[1]); math.Abs(length-1) > 1e-6 {
			t.Errorf("cosine to itself is %v", length)
		}
	})
}

func BenchmarkBuiltin(b *testing.B) {
	for _, bench := range []struct{ name, text string }{
		{"English", sample},
		{"Russian", strings.Repeat("Резервное копирование выполняется ежедневно, копии хранятся тридцать дней. ", 13)},
		{"Chinese", strings.Repeat("数据库每天备份一次，备份保存三十天，之后自动删除。", 20)},
	} {
		b.Run(bench.name, func(b *testing.B) {
			e := NewBuiltin()
			text := []string{bench.text}
			b.SetBytes(int64(len(bench.text)))
			b.ReportAllocs()
			for b.Loop() {
				if _, err := e.Embed(context.Background(), text); err != nil {
					b.Fatal(err)
				}
			}
			b.ReportMetric(float64(b.N)/b.Elapsed().Seconds(), "passages/s")
		})
	}
}
