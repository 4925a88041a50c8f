package sqlite

import (
	"database/sql"
	"fmt"

	"github.com/seed16713943/btools/pkg/kb"
)

// lostSource is the source of versions of which only path and time are known.
const lostSource = "lost"

// foundVersion is a version as its row has it, or only the index.
type foundVersion struct {
	id, path, validFrom, seq    int64
	recordedAt, run             sql.NullInt64 // NULL where the row is lost
	next                        sql.NullInt64 // recordedAt of the version after it
	blob, mode, mtime           sql.NullInt64
	source                      sql.NullString
	checksum                    sql.NullInt64
	content                     []byte        // the hash of its content, as it will be
	proved                      bool          // the content is, or there is none
	indexPath, indexAt, indexSq sql.NullInt64 // as the index has it
}

// buildVersions takes versions from the table, and those of which the row is lost
// from the index.
func (r *recovery) buildVersions() error {
	err := r.run("CREATE TABLE stage.versions (id INTEGER PRIMARY KEY)",
		`INSERT INTO stage.versions SELECT _rowid FROM stage.s_version WHERE _rowid > 0 AND path > 0
			UNION SELECT id FROM stage.s_version_in_time WHERE id > 0 AND path > 0`)
	if err != nil {
		return err
	}
	var done, of int64
	if _, err := r.out.row("SELECT count(*) FROM stage.versions", nil, &of); err != nil {
		return err
	}
	var forgotten int64 // up to then versions may have been forgotten, and are not lost
	if _, err := r.out.row("SELECT coalesce(max(recorded_at), 0) FROM stage.s_forgotten", nil, &forgotten); err != nil {
		return err
	}
	// Of versions at the end, only the runs that stored them can tell.
	var stored int64
	_, err = r.out.row("SELECT coalesce(sum(stored + deleted), 0) FROM stage.s_run_chunk WHERE stored BETWEEN 0 AND ?1 AND deleted BETWEEN 0 AND ?1 AND committed_at > ?2",
		[]any{maxStored, forgotten}, &stored)
	if err != nil {
		return err
	}
	var last, recordedAt, run, since int64
	err = r.many(`
		SELECT n.id, coalesce(v.path, i.path), coalesce(v.valid_from, i.valid_from), coalesce(v.seq, i.seq),
			v.recorded_at, v.run, lead(v.recorded_at) OVER (ORDER BY n.id), v.blob, v.mode, v.mtime, v.source, v.checksum,
			i.path, i.valid_from, i.seq, b.sha256, v.blob IS NULL OR coalesce(s.state, 0) = 1
		FROM stage.versions n LEFT JOIN stage.s_version v ON v._rowid = n.id LEFT JOIN stage.s_version_in_time i ON i.id = n.id
			LEFT JOIN main.blob b ON b.id = v.blob LEFT JOIN stage.verdict s ON s.blob = v.blob
		ORDER BY n.id`, func(rows *sql.Rows) error {
		var v foundVersion
		err := rows.Scan(&v.id, &v.path, &v.validFrom, &v.seq, &v.recordedAt, &v.run, &v.next,
			&v.blob, &v.mode, &v.mtime, &v.source, &v.checksum, &v.indexPath, &v.indexAt, &v.indexSq, &v.content, &v.proved)
		if err != nil {
			return err
		}
		if v.id != last+1 && (forgotten == 0 || recordedAt > forgotten) {
			if err := r.missing(last+1, v.id-1); err != nil {
				return err
			}
		}
		last = v.id
		if forgotten == 0 || recordedAt > forgotten || v.recordedAt.Int64 > forgotten {
			since++
		}
		if v.recordedAt.Valid && (!v.blob.Valid || v.blob.Int64 > 0) && !v.isOutOfLine(recordedAt, run) {
			recordedAt, run = v.recordedAt.Int64, v.run.Int64
			r.sum.Versions++
			if err := r.compare(&v); err != nil {
				return err
			}
		} else if err := r.standIn(&v, recordedAt, run); err != nil {
			return err
		}
		_, err = r.out.exec(`
			INSERT INTO main.version (id, path, valid_from, seq, recorded_at, blob, mode, mtime, source, run, checksum)
			VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`,
			v.id, v.path, v.validFrom, v.seq, v.recordedAt, v.blob, v.mode, v.mtime, v.source, v.run, v.fields().checksum())
		done++
		r.tellProgress("version", done, of)
		return err
	})
	if err != nil {
		return err
	}
	if stored <= since+r.sum.VersionsMissing {
		return nil
	}
	return r.missing(last+1, last+stored-since-r.sum.VersionsMissing)
}

// maxStored is more than any transaction stores.
const maxStored = 100_000_000

// missing tells of versions that nothing is known of.
func (r *recovery) missing(from, to int64) error {
	r.sum.VersionsMissing += to - from + 1
	return r.say(CodeVersionsLost, "of the versions %d to %d nothing is left, not even of which paths they were", from, to)
}

func (v *foundVersion) fields() *versionFields {
	return &versionFields{
		path: v.path, validFrom: v.validFrom, seq: v.seq, recordedAt: v.recordedAt.Int64, run: v.run.Int64,
		content: v.content, mode: v.mode, mtime: v.mtime, source: v.source.String,
	}
}

// isOutOfLine reports whether the row cannot be what was written: by its checksum
// where that can tell, and by when and by which run the last sound one before it was
// recorded, since recorded times ascend. That is so where a row is put together from
// halves of two pages.
func (v *foundVersion) isOutOfLine(recordedAt, run int64) bool {
	at := v.recordedAt.Int64
	return v.proved && v.fields().checksum() != v.checksum.Int64 || at < recordedAt || at == recordedAt && v.run.Int64 != run ||
		v.next.Valid && recordedAt <= v.next.Int64 && v.next.Int64 < at
}

// compare tells where the table and its index differ on a version.
func (r *recovery) compare(v *foundVersion) error {
	if !v.indexPath.Valid || v.indexPath.Int64 == v.path && v.indexAt.Int64 == v.validFrom && v.indexSq.Int64 == v.seq {
		return nil
	}
	return r.ofVersion(CodeVersionDoubtful, v.path, v.validFrom, nil,
		"version %d is told twice: an index says that it is of path %d and valid from %s", v.id, v.indexPath.Int64, kb.Instant(v.indexAt.Int64))
}

// standIn makes a version of which only path and time are known one whose content
// is lost: an older one must not become the answer in its place. What the index has
// of it is believed rather than a row that is not.
func (r *recovery) standIn(v *foundVersion, recordedAt, run int64) error {
	if v.indexPath.Valid {
		v.path, v.validFrom, v.seq = v.indexPath.Int64, v.indexAt.Int64, v.indexSq.Int64
	}
	v.mode, v.mtime = sql.NullInt64{}, sql.NullInt64{}
	r.nextID++
	hash := lostHash(r.nextID)
	_, err := r.out.exec("INSERT INTO main.blob (id, sha256, size, first_part, parts, depth) VALUES (?, ?, 0, 0, 0, 0)", r.nextID, hash[:])
	if err != nil {
		return err
	}
	v.recordedAt = sql.NullInt64{Int64: recordedAt, Valid: true}
	v.run = sql.NullInt64{Int64: run, Valid: true}
	v.blob, v.content = sql.NullInt64{Int64: r.nextID, Valid: true}, hash[:]
	v.source = sql.NullString{String: lostSource, Valid: true}
	r.sum.VersionsLost++
	return r.ofVersion(CodeVersionLost, v.path, v.validFrom, nil, "there was a version, of which nothing else is left")
}

// ofVersion tells a finding about a version.
func (r *recovery) ofVersion(code string, path, validFrom int64, hash []byte, format string, args ...any) error {
	from := kb.Instant(validFrom)
	f := Finding{Code: code, ValidFrom: &from, Message: fmt.Sprintf(format, args...)}
	var name []byte
	if _, err := r.out.row("SELECT name FROM main.path WHERE id = ?", []any{path}, &name); err != nil {
		return err
	}
	f.Path = string(name)
	if len(hash) == len(kb.Hash{}) && !isLostHash(hash) {
		f.SHA256 = new(kb.Hash)
		copy(f.SHA256[:], hash)
	}
	return r.tell(f)
}

// buildFiltered keeps what filters made, where both contents are whole.
func (r *recovery) buildFiltered() error {
	err := r.many(`
		SELECT f.extension, f.command FROM stage.s_filtered f
		WHERE coalesce((SELECT state FROM stage.verdict WHERE blob = f.text), 2) = 2`, func(rows *sql.Rows) error {
		var extension, command string
		if err := rows.Scan(&extension, &command); err != nil {
			return err
		}
		return r.say(CodeFilteredLost, "the text that %q made of a .%s content is lost; bingest reindex -filter makes it again", command, extension)
	})
	if err != nil {
		return err
	}
	return r.run(`
		INSERT OR IGNORE INTO main.filtered (blob, extension, text, command) SELECT blob, extension, text, command FROM stage.s_filtered f
		WHERE (SELECT state FROM stage.verdict WHERE blob = f.text) <> 2 AND EXISTS (SELECT 1 FROM main.blob WHERE id = f.blob)`)
}

// nameLost tells which versions have a content that is lost or not proved, and
// drops contents that are lost and of no version.
func (r *recovery) nameLost() error {
	err := r.run(`
		DELETE FROM main.blob WHERE id IN (SELECT blob FROM stage.verdict WHERE state = 2)
			AND id NOT IN (SELECT blob FROM main.version WHERE blob IS NOT NULL) -- of which there is no index
			AND id NOT IN (SELECT blob FROM main.filtered)`)
	if err != nil {
		return err
	}
	contents := make(map[int64]bool) // as many as are damaged
	err = r.many(`
		SELECT v.blob, s.state, v.path, v.valid_from, b.sha256
		FROM main.version v JOIN main.blob b ON b.id = v.blob JOIN stage.verdict s ON s.blob = v.blob
		WHERE s.state <> 1 ORDER BY v.id`, func(rows *sql.Rows) error {
		var blob, state, path, from int64
		var hash []byte
		if err := rows.Scan(&blob, &state, &path, &from, &hash); err != nil {
			return err
		}
		if state == unproven {
			return r.ofVersion(CodeUnproven, path, from, hash, "its content was put together, but its hash is lost, and so nothing proves it")
		}
		contents[blob] = true
		r.sum.Versions--
		r.sum.VersionsLost++
		return r.ofVersion(CodeContentLost, path, from, hash, "its content is lost")
	})
	r.sum.ContentsLost = int64(len(contents))
	if err != nil {
		return err
	}
	return r.many(`
		SELECT b.sha256, b.size FROM main.blob b JOIN stage.verdict s ON s.blob = b.id
		WHERE s.state <> 2 AND NOT EXISTS (SELECT 1 FROM stage.used WHERE blob = b.id)`, func(rows *sql.Rows) error {
		var hash []byte
		var size int64
		if err := rows.Scan(&hash, &size); err != nil {
			return err
		}
		var sum kb.Hash
		copy(sum[:], hash)
		return r.tell(Finding{Code: CodeUnnamed, SHA256: &sum, Message: fmt.Sprintf("%d bytes of content are saved, but no version is known that had it", size)})
	})
}
