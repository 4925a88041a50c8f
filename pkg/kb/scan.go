package kb

// StreamFormat is the version of the stream that this module reads and writes.
const StreamFormat = 1

// Scan is one pass of bscan over its roots, under its rules. Every chunk of a
// stream carries its scan, so that it can be worked on alone. Its JSON form is
// the "scan" object of the stream.
type Scan struct {
	ID        string   // unique for every scan
	Dir       string   // absolute folder that the paths of its records are relative to
	Roots     []string // as the user typed them, cleaned
	Prefix    string   // put before every path with a slash; "" for none
	Follow    bool     // symbolic links were followed, so whoever reads the files does too
	Covers    Coverage
	History   *History // of a scan of a history; else nil
	StartedAt Instant
}

// History says which part of a git history a scan lists, and under which rules:
// the ground on which a later scan may begin where this one ended. Commits are
// the full hexadecimal names of git.
type History struct {
	Commit string  // the last one
	Rev    string  // the name by which the user asked for it; "" for HEAD
	At     Instant // from when on it is valid
	Seq    int64   // its place on the line
	Since  string  // the one after which the scan begins; "" for all of the line

	First   string // the commit with which the line begins in this repository
	Shallow bool   // the line is longer, but the repository does not have what lies before First

	Takes   Coverage // which paths it lists; Trees are those given, "." for all
	MaxSize int64    // of contents, in bytes; 0 for no limit
}

// Coverage says which paths a scan would have listed had they been there: the
// ground on which it may say that a path is gone. The zero value covers
// nothing, which is right for lists of paths and for histories.
type Coverage struct {
	Trees      []string // the roots that are folders
	Extensions []string // lower case with their dot; "*" for all
	Include    []string // patterns as in .gitignore; none means all
	Exclude    []string // patterns as in .gitignore
	Hidden     bool     // names that begin with a dot are listed too
	Shard      Shard
}

// Shard is part Index of Count, from 1 on; the zero value is the whole.
type Shard struct {
	Index int `json:"index"`
	Count int `json:"count"`
}

// End closes a scan and says what it listed.
type End struct {
	Scan    Scan
	Paths   int64    // distinct paths listed: files, skips and errors; of a history, all its records
	Bytes   int64    // the size of the files
	Skipped int64    // of Paths, those left out on purpose
	Errors  int64    // of Paths, those that could not be read
	Unread  []string // folders that could not be read: nothing is known of what lies below
}

// Count counts a record of the scan.
func (e *End) Count(r *Record) {
	e.Paths++
	switch {
	case r.Kind == Skipped:
		e.Skipped++
	case r.Kind == Failed:
		e.Errors++
	case r.Size != nil:
		e.Bytes += *r.Size
	}
}
