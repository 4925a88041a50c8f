package sqlite

import (
	"database/sql"

	"github.com/seed16713943/btools/pkg/content"
	"github.com/seed16713943/btools/pkg/kb"
)

// moment is what versions of one recorded time have in common: a transaction made
// them.
type moment struct {
	at            kb.Instant
	run           int64
	first         int64 // id
	stored, gone  int64
	mixed, filled bool // of several runs; it holds anything
}

// chunkRow is a row of run_chunk.
type chunkRow struct {
	id, run, stored, deleted int64
	at                       kb.Instant
}

// names checks that each path has a name that could be taken in. By any other nobody
// finds it, since questions are cleaned too, and as that of a file it may lead anywhere.
func (k *check) names() error {
	return k.long("SELECT id, name FROM path ORDER BY id", nil, func(rows *sql.Rows) error {
		var id int64
		var name sql.RawBytes
		if err := rows.Scan(&id, &name); err != nil {
			return err
		}
		if isCleaned(name) {
			return nil
		}
		return k.damage(CodePathName, ByRecovery, "path %d has the name %q, which none can have", id, name)
	})
}

// versions checks that none is missing, that they are in order, and that each
// transaction stored as many as its run says.
func (k *check) versions() error {
	var last int64
	var now moment
	var chunk chunkRow
	settle := func() error {
		if !now.filled {
			return nil
		}
		return k.moment(&now, &chunk)
	}
	err := k.each(`
		SELECT v.id, v.path, v.valid_from, v.seq, v.recorded_at, v.run, v.mode, v.mtime, v.source, v.checksum, v.blob IS NULL, b.sha256
		FROM version v LEFT JOIN blob b ON b.id = v.blob ORDER BY v.id`, nil, func(rows *sql.Rows) error {
		var v versionFields
		var id, sum int64
		var gone bool
		err := rows.Scan(&id, &v.path, &v.validFrom, &v.seq, &v.recordedAt, &v.run, &v.mode, &v.mtime, &v.source, &sum, &gone, &v.content)
		if err != nil {
			return err
		}
		at, run := kb.Instant(v.recordedAt), v.run
		if lacking := !gone && len(v.content) == 0; !lacking && v.checksum() != sum { // what it lacks is found elsewhere
			if err := k.damage(CodeVersionRow, ByRecovery, "version %d is not as it was written", id); err != nil {
				return err
			}
		}
		// What was forgotten, and what a recovery did not find, left gaps.
		if id != last+1 && at > k.lessSince && (now.at > k.lessSince || k.lessSince == 0) {
			if err := k.damage(CodeVersionGap, ByRecovery, "the versions %d to %d are missing", last+1, id-1); err != nil {
				return err
			}
		}
		last = id
		if now.filled && at < now.at {
			if err := k.damage(CodeVersionOrder, ByRecovery, "version %d was recorded at %s, before the one before it", id, at); err != nil {
				return err
			}
		}
		if !now.filled || at != now.at {
			if err := settle(); err != nil {
				return err
			}
			now = moment{at: at, run: run, first: id, filled: true}
		}
		now.mixed = now.mixed || run != now.run
		if gone {
			now.gone++
		} else {
			now.stored++
		}
		return k.ctx.Err()
	})
	if err == nil {
		err = settle()
	}
	if err != nil {
		return err
	}
	return k.missingAfter(&chunk, kb.Forever)
}

// moment compares the versions of a transaction with what its run says.
func (k *check) moment(m *moment, chunk *chunkRow) error {
	if m.at <= k.lessSince {
		return nil // what is missing is known, or was forgotten
	}
	if err := k.missingAfter(chunk, m.at); err != nil {
		return err
	}
	switch {
	case chunk.at != m.at:
		return k.damage(CodeVersionRun, ByRecovery, "version %d was recorded at %s, when no run stored anything", m.first, m.at)
	case m.mixed || chunk.run != m.run:
		return k.damage(CodeVersionRun, ByRecovery, "the versions recorded at %s are not all of run %d", m.at, chunk.run)
	case m.stored+m.gone < chunk.stored+chunk.deleted:
		return k.damage(CodeVersionRun, ByRecovery, "run %d stored %d versions at %s, of which %d are there",
			chunk.run, chunk.stored+chunk.deleted, m.at, m.stored+m.gone)
	}
	return nil
}

// missingAfter moves on to the transaction of a moment, or the first after it, and
// reports those before of which all versions are missing.
func (k *check) missingAfter(chunk *chunkRow, at kb.Instant) error {
	for chunk.at < at {
		found, err := k.row("SELECT id, run, committed_at, stored, deleted FROM run_chunk WHERE id > ? ORDER BY id LIMIT 1",
			[]any{chunk.id}, &chunk.id, &chunk.run, &chunk.at, &chunk.stored, &chunk.deleted)
		if err != nil || !found {
			return err
		}
		if n := chunk.stored + chunk.deleted; n > 0 && chunk.at < at && chunk.at > k.lessSince {
			if err := k.damage(CodeVersionRun, ByRecovery, "run %d stored %d versions at %s, of which none is there", chunk.run, n, chunk.at); err != nil {
				return err
			}
		}
	}
	return nil
}

// parts checks that every content has all of its parts, and every part a content.
// The first part of an empty content, which has none, is that of another one.
func (k *check) parts() error {
	err := k.long(`
		SELECT id, sha256, size, `+lostContent+`
		FROM blob b
		WHERE parts <> (size + ?1 - 1) / ?1 OR first_part < 1 OR parts <> (
			SELECT count(*) FROM part p
			WHERE p.id >= b.first_part AND p.id < b.first_part + b.parts AND p.blob = b.id AND p.ordinal = p.id - b.first_part)
			OR depth <> coalesce((SELECT 1 + a.depth FROM part p JOIN blob a ON a.id = p.base WHERE p.id = b.first_part AND p.blob = b.id), 0)`,
		[]any{content.MaxPart}, func(rows *sql.Rows) error {
			var id, size int64
			var hash []byte
			var lost bool
			if err := rows.Scan(&id, &hash, &size, &lost); err != nil {
				return err
			}
			k.lost[id] = true
			if lost {
				return k.ofContent(Finding{Code: CodeContentLost, Cure: NoCure, Message: "its content was lost before the file was recovered"}, id, hash)
			}
			return k.ofContent(Finding{Code: CodeParts, Damage: true, Cure: ByRecovery, Message: "parts of its content are missing or do not belong to it"}, id, hash)
		})
	if err != nil {
		return err
	}
	return k.ids(`
		SELECT count(*) FROM part p LEFT JOIN blob b ON b.id = p.blob
		WHERE b.id IS NULL OR p.id < b.first_part OR p.id >= b.first_part + b.parts`, nil, func(n int64) error {
		if n == 0 {
			return nil
		}
		return k.damage(CodeParts, ByRecovery, "%d parts are of no content", n)
	})
}

// maxNamed is for how many contents a version is looked up, which takes a walk
// over all of them.
const maxNamed = 100

// ofContent reports a finding about a content with the first version that has it.
func (k *check) ofContent(f Finding, id int64, hash []byte) error {
	var sum kb.Hash
	copy(sum[:], hash)
	f.SHA256 = &sum
	if k.named++; k.named <= maxNamed {
		var name []byte
		var from kb.Instant
		found, err := k.row("SELECT p.name, v.valid_from FROM version v JOIN path p ON p.id = v.path WHERE v.blob = ? LIMIT 1",
			[]any{id}, &name, &from)
		if err == nil && found { // else it is no less damaged
			f.Path, f.ValidFrom = string(name), &from
		}
	}
	return k.tell(f)
}
