package kb

// Version is what a path held from ValidFrom on, until the next version.
type Version struct {
	ID         int64 // ascending in the order of recording
	Path       string
	ValidFrom  Instant
	Seq        int64 // decides between versions of one path and one ValidFrom
	RecordedAt Instant
	Gone       bool // a deletion; the fields below are then unset

	SHA256 Hash
	Size   int64 // bytes
	Mode   *Mode
	MTime  *Instant
	Source string // where the version came from, such as git:<commit>; "" for a live scan
}

// SameState reports whether two versions say the same of their path. Content
// and the executable bit count, not other bits of the mode or the modification
// time. A mode that nobody has told is that of a file that may not be executed.
func (v *Version) SameState(o *Version) bool {
	if v.Gone || o.Gone {
		return v.Gone == o.Gone
	}
	return v.SHA256 == o.SHA256 && sameExecutable(v.Mode, o.Mode)
}

func sameExecutable(a, b *Mode) bool {
	return (a != nil && a.Executable()) == (b != nil && b.Executable())
}

// After reports whether v wins over o where both are valid: the order of
// (valid time, seq, id), which is total.
func (v *Version) After(o *Version) bool {
	switch {
	case v.ValidFrom != o.ValidFrom:
		return v.ValidFrom > o.ValidFrom
	case v.Seq != o.Seq:
		return v.Seq > o.Seq
	default:
		return v.ID > o.ID
	}
}
