package pages

import (
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"maps"
)

const (
	logHeader   = 32
	frameHeader = 24
	logMagic    = 0x377f0682 // its last bit says in which order the words of checksums are
)

// log is a write-ahead log: pages that were written and are not in the file yet.
type log struct {
	file   io.ReaderAt
	page   int
	pages  uint32           // in the file after the last transaction
	frames map[uint32]int64 // of each page, where the last committed one begins
	lost   int
}

// sums adds up 32-bit words as the log does.
type sums struct {
	order  binary.ByteOrder
	s0, s1 uint32
}

func (s *sums) add(b []byte) {
	for ; len(b) >= 8; b = b[8:] {
		s.s0 += s.order.Uint32(b) + s.s1
		s.s1 += s.order.Uint32(b[4:]) + s.s0
	}
}

// openLog reads a write-ahead log up to its last whole transaction. It returns
// nil if there is none.
func openLog(file io.ReaderAt, size int64) (*log, error) {
	header := make([]byte, logHeader)
	if file == nil || size < logHeader {
		return nil, nil
	}
	if _, err := file.ReadAt(header, 0); err != nil {
		return nil, fmt.Errorf("read the write-ahead log: %w", err)
	}
	sum := sums{order: binary.LittleEndian}
	word := binary.BigEndian.Uint32(header)
	if word&1 == 1 {
		sum.order = binary.BigEndian
	}
	sum.add(header[:24])
	l := &log{file: file, page: int(binary.BigEndian.Uint32(header[8:])), frames: make(map[uint32]int64)}
	if word&^1 != logMagic || !isPageSize(l.page) ||
		sum.s0 != binary.BigEndian.Uint32(header[24:]) || sum.s1 != binary.BigEndian.Uint32(header[28:]) {
		return nil, nil // SQLite does not look at it either
	}
	if err := l.readFrames(size, header[16:24], sum); err != nil {
		return nil, fmt.Errorf("read the write-ahead log: %w", err)
	}
	if l.pages == 0 && l.lost == 0 {
		return nil, nil
	}
	return l, nil
}

// readFrames reads the frames that carry the salt of the header. Those of a
// transaction count once its last one, which says how long the file is then, is
// there with all before it.
func (l *log) readFrames(size int64, salt []byte, sum sums) error {
	frame := make([]byte, frameHeader+l.page)
	pending := make(map[uint32]int64)
	broken := false
	for at := int64(logHeader); at+int64(len(frame)) <= size; at += int64(len(frame)) {
		if _, err := l.file.ReadAt(frame, at); err != nil && !errors.Is(err, io.EOF) {
			return err
		}
		ofNow := string(frame[8:16]) == string(salt)
		commit := binary.BigEndian.Uint32(frame[4:])
		if !broken {
			sum.add(frame[:8])
			sum.add(frame[frameHeader:])
			broken = !ofNow || sum.s0 != binary.BigEndian.Uint32(frame[16:]) || sum.s1 != binary.BigEndian.Uint32(frame[20:])
		}
		if broken {
			if ofNow && commit != 0 {
				l.lost++
			}
			continue
		}
		pending[binary.BigEndian.Uint32(frame)] = at + frameHeader
		if commit != 0 {
			maps.Copy(l.frames, pending)
			clear(pending)
			l.pages = commit
		}
	}
	return nil
}

// All stands for all pages.
const All uint32 = 0

// Logged walks what a write-ahead log holds of a page, or of All, in the order of writing and
// whether or not its transaction was committed, until fn returns false. It looks at no
// checksum and at no other page, so that it costs little: the file is only good for
// cells without overflow pages. Pages that make no sense are left out.
func Logged(wal io.ReaderAt, size int64, n uint32, fn func(*File, *Page) bool) error {
	header := make([]byte, logHeader)
	if _, err := wal.ReadAt(header, 0); err != nil {
		return fmt.Errorf("read the write-ahead log: %w", err)
	}
	page := int(binary.BigEndian.Uint32(header[8:]))
	if binary.BigEndian.Uint32(header)&^1 != logMagic || !isPageSize(page) {
		return nil
	}
	f := &File{page: page, usable: page}
	frame, raw := make([]byte, frameHeader), make([]byte, page)
	for at := int64(logHeader); at+frameHeader+int64(page) <= size; at += frameHeader + int64(page) {
		if _, err := wal.ReadAt(frame, at); err != nil {
			return fmt.Errorf("read the write-ahead log: %w", err)
		}
		if string(frame[8:16]) != string(header[16:24]) {
			return nil // from before the log was begun anew
		}
		number := binary.BigEndian.Uint32(frame)
		if n != All && number != n {
			continue
		}
		if _, err := wal.ReadAt(raw, at+frameHeader); err != nil {
			return fmt.Errorf("read the write-ahead log: %w", err)
		}
		if p, err := f.parse(number, raw); err == nil && !fn(f, p) {
			return nil
		}
	}
	return nil
}

func (l *log) read(page []byte, at int64) error {
	if _, err := l.file.ReadAt(page, at); err != nil {
		return fmt.Errorf("read the write-ahead log: %w", err)
	}
	return nil
}

// LostTransactions returns how many transactions the write-ahead log holds that
// cannot be used, since something before their end is damaged or was never
// written. SQLite passes over them without a word.
func (f *File) LostTransactions() int {
	if f.log == nil {
		return 0
	}
	return f.log.lost
}
