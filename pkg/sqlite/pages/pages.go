// Package pages reads the pages of a SQLite file without SQLite, for what can
// still be read of a file that SQLite refuses. It knows the format as
// https://sqlite.org/fileformat2.html describes it: the write-ahead log, b-trees
// of tables and indexes, records and their overflow pages. It trusts nothing in
// the file: every number is checked before it is used, no chain and no tree is
// followed twice through the same page, and a page that makes no sense is an
// error of its own, which costs nothing but that page.
//
//	f, err := pages.Open(db, size, wal, walSize)
//	for n := uint32(1); n <= f.Pages(); n++ {
//		leaf, err := f.Page(n)
//		for _, cell := range leaf.Cells {
//			record, err := f.Record(cell)
//		}
//	}
package pages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
)

const (
	headerSize = 100     // of the file, at the beginning of page 1
	maxPages   = 1 << 32 // a page number has 32 bits

	smallestPage = 512
	largestPage  = 65536
	leastUsable  = 480 // bytes of a page that are not reserved
	// usualPage is the page size of SQLite unless somebody asks for another.
	usualPage = 4096
)

// magic is what a SQLite file begins with.
const magic = "SQLite format 3\x00"

// ErrEmpty says that a file is too short to hold a page.
var ErrEmpty = errors.New("the file is too short to hold a page")

// File is a SQLite file with what its write-ahead log adds to it.
type File struct {
	db     io.ReaderAt
	size   int64 // bytes of db
	page   int   // bytes in a page
	usable int   // bytes in a page that hold content
	pages  uint32
	whole  bool   // the header makes sense
	owner  uint32 // application_id
	said   uint32 // how many pages the header says that there are; 0 where it does not
	log    *log

	overflow int64 // bytes of records with overflow pages that were read so far
}

// Open looks at the header of a file and at its write-ahead log, which may be
// nil. Where the header makes no sense, the page size is that of the log, or
// else the one at which most pages do.
func Open(db io.ReaderAt, size int64, wal io.ReaderAt, walSize int64) (*File, error) {
	f := &File{db: db, size: size}
	var err error
	if f.log, err = openLog(wal, walSize); err != nil {
		return nil, err
	}
	if err := f.readHeader(); err != nil {
		return nil, err
	}
	if f.log != nil && f.log.page != f.page {
		f.log = nil // of another file
	}
	count := (size + int64(f.page) - 1) / int64(f.page)
	if f.log != nil {
		count = max(count, int64(f.log.pages))
	}
	if count == 0 {
		return nil, ErrEmpty
	}
	f.pages = uint32(min(count, maxPages-1))
	return f, nil
}

// readHeader finds out the page size.
func (f *File) readHeader() error {
	header := make([]byte, headerSize)
	if err := f.readAt(header, 0); err != nil && f.log == nil {
		if errors.Is(err, io.ErrUnexpectedEOF) || err == io.EOF {
			return ErrEmpty
		}
		return err
	}
	if f.log != nil { // page 1 may be in it
		f.page = f.log.page
		f.usable = f.page
		if raw, err := f.raw(1); err == nil {
			header = raw[:headerSize]
		}
	}
	f.owner = binary.BigEndian.Uint32(header[68:])
	size := int(binary.BigEndian.Uint16(header[16:]))
	if size == 1 {
		size = largestPage
	}
	reserved := int(header[20])
	if reserved > 0 && f.saneShare(size, size) > f.saneShare(size, size-reserved) {
		reserved = 0
	}
	if string(header[:len(magic)]) == magic && isPageSize(size) && size-reserved >= leastUsable {
		f.page, f.usable, f.whole = size, size-reserved, true
		if string(header[24:28]) == string(header[92:96]) { // else the count is out of date
			f.said = binary.BigEndian.Uint32(header[28:])
		}
		return nil
	}
	if f.log == nil {
		f.page = f.likeliestSize()
	}
	f.usable = f.page
	return nil
}

func isPageSize(n int) bool {
	return n >= smallestPage && n <= largestPage && n&(n-1) == 0
}

// sampled is how many pages are looked at to find out the page size.
const sampled = 2048

// likeliestSize returns the smallest page size at which about as many pages make
// sense as at any: at half of the right one it is half as many, while at twice
// the right one, the first half of each page makes sense too.
func (f *File) likeliestSize() int {
	shares := make(map[int]float64)
	most := 0.0
	for size := smallestPage; size <= largestPage; size *= 2 {
		shares[size] = f.saneShare(size, size)
		most = max(most, shares[size])
	}
	for size := smallestPage; size <= largestPage; size *= 2 {
		if most > 0 && shares[size] > 0.7*most {
			return size
		}
	}
	return usualPage
}

// saneShare returns the share of pages that make sense at a page size, of which some
// bytes are used.
func (f *File) saneShare(size, usable int) float64 {
	if !isPageSize(size) || usable < leastUsable {
		return 0
	}
	g := &File{db: f.db, size: f.size, page: size, usable: usable}
	g.pages = uint32(min(f.size/int64(size), maxPages-1))
	step := max(1, g.pages/sampled)
	var looked, sane float64
	for n := uint32(2); n <= g.pages; n += step {
		looked++
		if p, err := g.Page(n); err == nil && len(p.Cells) > 0 && p.Bad == 0 {
			sane++
		}
	}
	return sane / max(looked, 1)
}

// CutOff returns how many pages the file lacks at its end, by what its header says.
func (f *File) CutOff() int64 { return max(0, int64(f.said)-int64(f.pages)) }

// Whole reports whether the header of the file makes sense.
func (f *File) Whole() bool { return f.whole }

// Application returns whose file the header says that it is: see PRAGMA application_id.
func (f *File) Application() uint32 { return f.owner }

// Pages returns the number of pages, which are counted from 1.
func (f *File) Pages() uint32 { return f.pages }

// PageSize returns the number of bytes in a page.
func (f *File) PageSize() int { return f.page }

// raw returns the bytes of a page as the last transaction left it.
func (f *File) raw(n uint32) ([]byte, error) {
	if n == 0 || f.pages > 0 && n > f.pages {
		return nil, fmt.Errorf("there is no page %d", n)
	}
	page := make([]byte, f.page)
	if f.log != nil {
		if at, ok := f.log.frames[n]; ok {
			return page, f.log.read(page, at)
		}
	}
	if err := f.readAt(page, int64(n-1)*int64(f.page)); err != nil {
		return nil, fmt.Errorf("read page %d: %w", n, err)
	}
	return page, nil
}

// readAt fills p. What is missing at the end of the file counts as zeros, so
// that a page that was cut in two still gives its first half.
func (f *File) readAt(p []byte, at int64) error {
	n, err := f.db.ReadAt(p, at)
	switch {
	case n == len(p):
		return nil
	case n > 0 && errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, io.EOF):
		return io.ErrUnexpectedEOF
	default:
		return err
	}
}
