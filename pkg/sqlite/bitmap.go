package sqlite

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/RoaringBitmap/roaring/v2/roaring64"
)

// A bitmap of ids begins with the number of its 32-bit bitmaps, each of which has a
// key before it and is not shorter than an empty one.
const (
	bitmapHead  = 8
	bitmapPiece = 4 + 8
)

// readBitmap reads a bitmap of ids, which may be damaged: ErrDamaged. The library
// makes room for as many pieces as a bitmap claims to have before it has read them,
// which no bytes of a file may decide; what it does not check may be anything.
func readBitmap(raw []byte) (set *roaring64.Bitmap, err error) {
	if len(raw) < bitmapHead || binary.LittleEndian.Uint64(raw) > uint64(len(raw)-bitmapHead)/bitmapPiece {
		return nil, fmt.Errorf("%w: a bitmap of %d bytes cannot be what it claims to be", ErrDamaged, len(raw))
	}
	defer func() {
		if cause := recover(); cause != nil {
			set, err = nil, fmt.Errorf("%w: a bitmap cannot be read: %v", ErrDamaged, cause)
		}
	}()
	set = roaring64.New()
	n, err := set.ReadFrom(bytes.NewReader(raw))
	if err == nil && n != int64(len(raw)) {
		err = fmt.Errorf("it ends after %d of %d bytes", n, len(raw))
	}
	if err == nil {
		err = set.Validate()
	}
	if err != nil {
		return nil, fmt.Errorf("%w: a bitmap cannot be read: %w", ErrDamaged, err)
	}
	return set, nil
}
