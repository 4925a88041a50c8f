package sqlite

import (
	"errors"
	"runtime"
	"slices"
	"testing"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// TestBitmapDamaged flips each bit of bitmaps of every kind, and cuts them off: what
// cannot be one is said to be damaged, and none takes more memory than a file of its
// size may ask for.
func TestBitmapDamaged(t *testing.T) {
	const most = 16 << 20
	runs, scattered, dense := roaring64.New(), roaring64.New(), roaring64.New()
	runs.AddRange(1, 200_000)
	for i := range uint64(300) {
		scattered.Add(i*i + i%7<<33)
	}
	for i := range uint64(5_000) {
		dense.Add(2 * i)
	}
	for name, set := range map[string]*roaring64.Bitmap{"none": roaring64.New(), "runs": runs, "scattered": scattered, "dense": dense} {
		set.RunOptimize()
		good, err := set.ToBytes()
		must(t, err)
		if got, err := readBitmap(good); err != nil || !got.Equals(set) {
			t.Fatalf("%s: it is not read as it was written: %v", name, err)
		}
		for at := range min(len(good), 2_000) {
			for bit := range 8 {
				damaged := slices.Clone(good)
				damaged[at] ^= 1 << bit
				if asked := asks(t, damaged); asked > most {
					t.Errorf("%s: bit %d of byte %d asks for %d bytes", name, bit, at, asked)
				}
			}
			if _, err := readBitmap(good[:at]); !errors.Is(err, ErrDamaged) {
				t.Errorf("%s: cut off at byte %d: %v", name, at, err)
			}
		}
	}
}

// asks returns how much memory is taken to read bytes that may be no bitmap.
func asks(t *testing.T, raw []byte) uint64 {
	var before, after runtime.MemStats
	runtime.ReadMemStats(&before)
	if _, err := readBitmap(raw); err != nil && !errors.Is(err, ErrDamaged) {
		t.Errorf("%x: %v", raw, err)
	}
	runtime.ReadMemStats(&after)
	return after.TotalAlloc - before.TotalAlloc
}
