-- The truth: what was stored, under which name, since when. Everything else can be
-- rebuilt from these four tables, but for the texts that filters made (filtered) and for
-- what was told of runs, failures and forgetting.

CREATE TABLE path (
  id        INTEGER PRIMARY KEY,
  name      BLOB NOT NULL UNIQUE,        -- bytes as the file system has them, slash-separated
  forgotten INTEGER                      -- versions that another beat before this moment were dropped; NULL: none ever was
) STRICT;

CREATE INDEX path_forgotten ON path (id) WHERE forgotten IS NOT NULL;

CREATE TABLE blob (
  id         INTEGER PRIMARY KEY,
  sha256     BLOB NOT NULL UNIQUE CHECK (length(sha256) = 32),
  size       INTEGER NOT NULL CHECK (size >= 0),
  first_part INTEGER NOT NULL,           -- its parts are the rows first_part … first_part + parts - 1
  parts      INTEGER NOT NULL CHECK (parts >= 0),
  depth      INTEGER NOT NULL            -- how many contents are read before it, each the base of the next
) STRICT;

CREATE TABLE part (
  id      INTEGER PRIMARY KEY,
  blob    INTEGER NOT NULL,              -- with ordinal, for recovery when the blob's own row is lost
  ordinal INTEGER NOT NULL,              -- place in the content, from 0 on
  codec   INTEGER NOT NULL,              -- 0 as it is, 1 a zstd frame, 2 a delta, 3 a delta in a zstd frame
  base    INTEGER REFERENCES blob,       -- what a delta is from, see package content; only of a content of one part
  data    BLOB NOT NULL                  -- at most 1 MiB of content
) STRICT;

CREATE TABLE version (
  id          INTEGER PRIMARY KEY,       -- ascending in the order of recording
  path        INTEGER NOT NULL REFERENCES path,
  valid_from  INTEGER NOT NULL,          -- µs since 1970, UTC
  seq         INTEGER NOT NULL,          -- decides between versions of one path and valid_from
  recorded_at INTEGER NOT NULL,          -- µs since 1970, UTC; one moment a transaction, ever later
  blob        INTEGER REFERENCES blob,   -- NULL: the path is gone
  mode        INTEGER,                   -- permission bits
  mtime       INTEGER,                   -- µs since 1970, UTC
  source      TEXT NOT NULL,             -- '' for a live scan, else such as git:<commit>
  run         INTEGER NOT NULL,          -- the run that recorded it
  checksum    INTEGER NOT NULL           -- CRC-32C of the row, with the hash of the content in place of blob
) STRICT;

CREATE INDEX version_in_time ON version (path, valid_from, seq);

CREATE TRIGGER version_is_append_only BEFORE UPDATE ON version
BEGIN
  SELECT RAISE(ABORT, 'a version never changes');
END;

-- What was forgotten on purpose: nothing is said of the paths under a prefix
-- before a moment, but what is needed to answer from that moment on is there.
CREATE TABLE forgotten (
  id          INTEGER PRIMARY KEY,
  prefix      BLOB NOT NULL,             -- of a document or of a folder; '' for everything
  before      INTEGER NOT NULL,          -- µs since 1970, UTC
  recorded_at INTEGER NOT NULL,
  run         INTEGER NOT NULL
) STRICT;

-- Bookkeeping.

CREATE TABLE scan (
  id         INTEGER PRIMARY KEY,
  uid        TEXT NOT NULL UNIQUE,       -- the id that the stream gives it
  started_at INTEGER NOT NULL,
  body       TEXT NOT NULL,              -- the scan object of the stream, JSON
  expected   INTEGER,                    -- distinct paths that its end line counts; NULL until it is in
  unread     TEXT,                       -- folders that it could not read, JSON; NULL until the end line is in
  taken      INTEGER NOT NULL DEFAULT 0, -- listings taken in so far, a path counted each time
  live       INTEGER NOT NULL DEFAULT 0, -- 1 when it looked at files, 0 for a history
  closed_at  INTEGER,                    -- when all its paths were in and deletions were settled
  withheld   INTEGER NOT NULL DEFAULT 0, -- deletions not made, since they were too many
  listed     BLOB                        -- ids of the paths it listed: a roaring bitmap, set when closed
) STRICT;

CREATE INDEX scan_in_time ON scan (started_at);

CREATE TABLE listed (                    -- what open scans have listed so far, a row a chunk
  scan  INTEGER NOT NULL REFERENCES scan,
  paths BLOB NOT NULL                    -- ids of paths: a roaring bitmap
) STRICT;

CREATE INDEX listed_by_scan ON listed (scan);

CREATE TABLE seen (
  path        INTEGER PRIMARY KEY REFERENCES path,
  scan        INTEGER NOT NULL REFERENCES scan, -- the latest started that listed the path
  mtime       INTEGER,
  ctime       INTEGER,
  inode       INTEGER,
  blob        INTEGER,                   -- what the file held then; NULL where that is not known
  stale_since INTEGER                    -- start of the first scan since which the path could not be read; else NULL
) STRICT;

CREATE INDEX seen_stale ON seen (path) WHERE stale_since IS NOT NULL;

CREATE TABLE run (
  id          INTEGER PRIMARY KEY,
  started_at  INTEGER NOT NULL,
  finished_at INTEGER,
  status      TEXT NOT NULL CHECK (status IN ('running', 'complete', 'incomplete', 'interrupted', 'failed')),
  host        TEXT NOT NULL,
  pid         INTEGER NOT NULL,
  report      TEXT                       -- JSON, without its errors, which are in failure
) STRICT;

CREATE TABLE run_chunk (
  id           INTEGER PRIMARY KEY,
  run          INTEGER NOT NULL REFERENCES run,
  scan         INTEGER REFERENCES scan,
  committed_at INTEGER NOT NULL,
  stored       INTEGER NOT NULL,
  unchanged    INTEGER NOT NULL,
  deleted      INTEGER NOT NULL,
  skipped      INTEGER NOT NULL,
  failed       INTEGER NOT NULL,
  bytes        INTEGER NOT NULL
) STRICT;

CREATE INDEX run_chunk_of_run ON run_chunk (run);

CREATE TABLE failure (
  id         INTEGER PRIMARY KEY,
  run        INTEGER NOT NULL REFERENCES run,
  path       INTEGER REFERENCES path,    -- NULL for a line that is no record
  scan       INTEGER REFERENCES scan,    -- that the record came with; NULL for a line that is no record
  again      TEXT NOT NULL               -- the type of the record that tries it again; skip: its content came with it and
    CHECK (again IN ('file', 'gone', 'skip')), -- is not here
  valid_from INTEGER,                    -- that the record carried; NULL for a live one
  seq        INTEGER NOT NULL,           -- of a record with valid_from
  source     TEXT NOT NULL,
  class      TEXT NOT NULL,
  code       TEXT NOT NULL,
  attempts   INTEGER NOT NULL,
  message    TEXT NOT NULL,
  failed_at  INTEGER NOT NULL,
  cleared_at INTEGER                     -- when the path succeeded, or failed again; NULL while it stands
) STRICT;

CREATE INDEX failure_of_run ON failure (run);
CREATE INDEX failure_standing ON failure (path) WHERE cleared_at IS NULL;

CREATE TABLE skipped (                   -- contents of histories that were left out, as for their size
  path       INTEGER NOT NULL REFERENCES path,
  valid_from INTEGER NOT NULL,           -- of the version that they would have made
  seq        INTEGER NOT NULL,
  source     TEXT NOT NULL,
  skipped_at INTEGER NOT NULL,           -- for the first time
  UNIQUE (path, valid_from, seq, source)
) STRICT;

CREATE TABLE meta (
  key   TEXT PRIMARY KEY,
  value ANY NOT NULL
) STRICT;
