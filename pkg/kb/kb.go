// Package kb is the vocabulary that all of btools shares: instants, records,
// scans, versions and faults. It holds data and the rules that belong to the
// data alone; it reads no file, opens no store and depends on nothing but the
// standard library.
//
// A record says what a scan saw of one path. A version says what a path held
// from one moment on. Two clocks run through everything: valid time, when
// something was so in the world, and recorded time, when the knowledge base
// learned it.
//
//	rec := kb.Record{Kind: kb.File, Path: "docs/a.md", Content: []byte("# A\n"), HasContent: true}
//	at, err := kb.ParseInstant("2025-01-15T10:00:00Z")
//	fmt.Println(rec.Path, at)
package kb
