package kb

import (
	"encoding/json"
	"errors"
	"fmt"
	"unicode/utf8"
)

// FileName is a name of the file system in JSON: a string where the name is
// UTF-8, and otherwise an object {"bytes":"<base64>"}, since JSON strings
// cannot hold it.
type FileName string

type fileNameBytes struct {
	Bytes []byte `json:"bytes"`
}

// MarshalJSON writes the name without losing a byte of it.
func (n FileName) MarshalJSON() ([]byte, error) {
	if utf8.ValidString(string(n)) {
		return MarshalJSON(string(n))
	}
	return MarshalJSON(fileNameBytes{[]byte(n)})
}

// UnmarshalJSON reads both forms.
func (n *FileName) UnmarshalJSON(data []byte) error {
	var raw fileNameBytes
	switch {
	case json.Unmarshal(data, (*string)(n)) == nil:
	case json.Unmarshal(data, &raw) == nil && raw.Bytes != nil:
		*n = FileName(raw.Bytes)
	default:
		return fmt.Errorf(`expected a file name, a string or {"bytes":"<base64>"}, found %.40s`, data)
	}
	return nil
}

// FileNames converts names for JSON.
func FileNames(names []string) []FileName {
	if names == nil {
		return nil
	}
	out := make([]FileName, len(names))
	for i, name := range names {
		out[i] = FileName(name)
	}
	return out
}

// Strings converts names from JSON.
func Strings(names []FileName) []string {
	if names == nil {
		return nil
	}
	out := make([]string, len(names))
	for i, name := range names {
		out[i] = string(name)
	}
	return out
}

type scanJSON struct {
	ID        string        `json:"id"`
	Dir       FileName      `json:"dir"`
	Roots     []FileName    `json:"roots"`
	Prefix    FileName      `json:"prefix,omitempty"`
	Follow    bool          `json:"follow,omitempty"`
	Covers    *coverageJSON `json:"covers,omitempty"`
	History   *historyJSON  `json:"history,omitempty"`
	StartedAt *Instant      `json:"started_at"`
}

type coverageJSON struct {
	Trees      []FileName `json:"trees"`
	Extensions []string   `json:"extensions"`
	Include    []FileName `json:"include,omitempty"`
	Exclude    []FileName `json:"exclude,omitempty"`
	Hidden     bool       `json:"hidden"`
	Shard      *Shard     `json:"shard,omitempty"`
}

type historyJSON struct {
	Commit  string       `json:"commit"`
	Rev     FileName     `json:"rev,omitempty"`
	At      Instant      `json:"at"`
	Seq     int64        `json:"seq"`
	Since   string       `json:"since,omitempty"`
	First   string       `json:"first,omitempty"`
	Shallow bool         `json:"shallow,omitempty"`
	Takes   coverageJSON `json:"takes"`
	MaxSize int64        `json:"max_size,omitempty"`
}

func (c *Coverage) wire() *coverageJSON {
	wire := &coverageJSON{
		Trees: FileNames(c.Trees), Extensions: c.Extensions,
		Include: FileNames(c.Include), Exclude: FileNames(c.Exclude), Hidden: c.Hidden,
	}
	if c.Shard != (Shard{}) {
		wire.Shard = &c.Shard
	}
	return wire
}

func (c *coverageJSON) coverage() (Coverage, error) {
	covers := Coverage{
		Trees: Strings(c.Trees), Extensions: c.Extensions,
		Include: Strings(c.Include), Exclude: Strings(c.Exclude), Hidden: c.Hidden,
	}
	if c.Shard != nil {
		covers.Shard = *c.Shard
		if sh := c.Shard; sh.Count < 1 || sh.Index < 1 || sh.Index > sh.Count {
			return covers, errors.New(`"shard" needs 1 ≤ index ≤ count`)
		}
	}
	return covers, nil
}

// MarshalJSON writes the "scan" object of the stream.
func (s Scan) MarshalJSON() ([]byte, error) {
	roots := FileNames(s.Roots)
	if roots == nil {
		roots = []FileName{}
	}
	wire := scanJSON{
		ID: s.ID, Dir: FileName(s.Dir), Roots: roots, Prefix: FileName(s.Prefix),
		Follow: s.Follow, StartedAt: &s.StartedAt,
	}
	if len(s.Covers.Trees) > 0 {
		wire.Covers = s.Covers.wire()
	}
	if h := s.History; h != nil {
		wire.History = &historyJSON{
			Commit: h.Commit, Rev: FileName(h.Rev), At: h.At, Seq: h.Seq, Since: h.Since, First: h.First, Shallow: h.Shallow,
			Takes: *h.Takes.wire(), MaxSize: h.MaxSize,
		}
	}
	return MarshalJSON(wire)
}

// UnmarshalJSON reads the "scan" object of the stream. An id and a start are
// required.
func (s *Scan) UnmarshalJSON(data []byte) error {
	var wire scanJSON
	if err := json.Unmarshal(data, &wire); err != nil {
		return err
	}
	if wire.ID == "" || wire.StartedAt == nil {
		return errors.New(`a scan needs "id" and "started_at"`)
	}
	*s = Scan{
		ID: wire.ID, Dir: string(wire.Dir), Roots: Strings(wire.Roots), Prefix: string(wire.Prefix),
		Follow: wire.Follow, StartedAt: *wire.StartedAt,
	}
	var err error
	if c := wire.Covers; c != nil {
		if s.Covers, err = c.coverage(); err != nil {
			return err
		}
	}
	if h := wire.History; h != nil {
		s.History = &History{
			Commit: h.Commit, Rev: string(h.Rev), At: h.At, Seq: h.Seq, Since: h.Since, First: h.First, Shallow: h.Shallow,
			MaxSize: h.MaxSize,
		}
		s.History.Takes, err = h.Takes.coverage()
	}
	return err
}
