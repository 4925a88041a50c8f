package sqlite

import (
	"database/sql"
	"encoding/binary"
	"hash/crc32"
)

var castagnoli = crc32.MakeTable(crc32.Castagnoli)

// versionFields is what a checksum is of: the row of a version but for its id, with
// the hash of its content in place of the content's id. Most of it stands nowhere
// else in the file, so that nothing else would tell that it has changed.
type versionFields struct {
	path, validFrom, seq, recordedAt, run int64
	content                               []byte // empty where the path is gone
	mode, mtime                           sql.NullInt64
	source                                string
}

// checksum returns the CRC-32C of the fields: integers as 8 bytes, little-endian,
// before those that may be NULL a byte that says whether they are there, and before
// the hash its length.
func (v *versionFields) checksum() int64 {
	var b []byte
	for _, n := range []int64{v.path, v.validFrom, v.seq, v.recordedAt, v.run} {
		b = binary.LittleEndian.AppendUint64(b, uint64(n))
	}
	for _, n := range []sql.NullInt64{v.mode, v.mtime} {
		if !n.Valid {
			b = append(b, 0)
			continue
		}
		b = binary.LittleEndian.AppendUint64(append(b, 1), uint64(n.Int64))
	}
	b = append(append(b, byte(len(v.content))), v.content...)
	b = append(b, v.source...)
	return int64(crc32.Checksum(b, castagnoli))
}

// nullInt returns the value behind p, or NULL for none.
func nullInt[T ~int64 | ~uint32](p *T) (n sql.NullInt64) {
	if p != nil {
		n = sql.NullInt64{Int64: int64(*p), Valid: true}
	}
	return n
}
