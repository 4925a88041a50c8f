package main

import (
	"github.com/seed16713943/btools/pkg/asof"
	"github.com/seed16713943/btools/pkg/kb"
)

// answer is a version in JSON. Fields that say nothing of a path that is gone
// are null.
type answer struct {
	Path       string      `json:"path"`
	PathBytes  []byte      `json:"path_bytes,omitempty"` // where the path is not UTF-8
	Gone       bool        `json:"gone,omitempty"`
	Superseded bool        `json:"superseded,omitempty"` // by another version of the same valid time
	ValidFrom  kb.Instant  `json:"valid_from"`
	ValidTo    *kb.Instant `json:"valid_to"` // null while in force
	RecordedAt kb.Instant  `json:"recorded_at"`
	SHA256     *kb.Hash    `json:"sha256"`
	Size       *int64      `json:"size"`
	Mode       *kb.Mode    `json:"mode"`
	MTime      *kb.Instant `json:"mtime"`
	Source     *string     `json:"source"` // null for a live scan
	stamp
}

func answerOf(span *asof.Span, about stamp) *answer {
	a := &answer{
		stamp: about, Gone: span.Gone, Superseded: span.Superseded,
		ValidFrom: span.ValidFrom, ValidTo: span.ValidTo, RecordedAt: span.RecordedAt,
	}
	a.Path, a.PathBytes = kb.Readable(span.Path)
	if span.Source != "" {
		a.Source = &span.Source
	}
	if !span.Gone {
		a.SHA256, a.Size, a.Mode, a.MTime = &span.SHA256, &span.Size, span.Mode, span.MTime
	}
	return a
}
