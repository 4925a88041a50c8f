//go:build !sqlite_fts5

package sqlite

// The text index needs FTS5, which mattn/go-sqlite3 compiles in only with the
// build tag sqlite_fts5. Without it the build stops here, rather than the
// program at run time.
var _ = build_with_the_tag_sqlite_fts5_as_make_build_does
