-- What search stands on. All of it is derived from the truth and can be made
-- again by bingest reindex; only filtered cannot, without the user's program.

-- Text that a user's filter program made of a content, kept beside it as a
-- content of its own.
CREATE TABLE filtered (
  blob      INTEGER NOT NULL REFERENCES blob,
  extension TEXT NOT NULL,               -- of the filter: lower case, without a dot
  text      INTEGER NOT NULL REFERENCES blob,
  command   TEXT NOT NULL,               -- what made it
  PRIMARY KEY (blob, extension)
) STRICT, WITHOUT ROWID;

-- Contents that no text could be had from.
CREATE TABLE textless (
  blob      INTEGER NOT NULL REFERENCES blob,
  extension TEXT NOT NULL,
  run       INTEGER NOT NULL,            -- that met it last
  class     TEXT NOT NULL,
  code      TEXT NOT NULL,
  message   TEXT NOT NULL,
  PRIMARY KEY (blob, extension)
) STRICT, WITHOUT ROWID;

-- Each wording of a passage, once, whatever documents and times it stands in.
CREATE TABLE text (
  id            INTEGER PRIMARY KEY,
  key           BLOB NOT NULL UNIQUE CHECK (length(key) = 16), -- of heading and body, see package passage
  heading       TEXT NOT NULL,           -- the path of headings, outermost first, one a line
  body          TEXT NOT NULL,
  heading_words TEXT,                    -- as the text index has it; NULL: as it stands
  body_words    TEXT,
  embedding     INTEGER NOT NULL         -- 0 waiting for its vector, 1 has one, 2 will have none
) STRICT;

CREATE INDEX text_waiting ON text (id) WHERE embedding = 0;
CREATE INDEX text_without_vector ON text (id) WHERE embedding = 2; -- to count them

-- In which document a wording stands, from when to when. Rows are closed by
-- valid_to and not deleted; one with valid_from = valid_to is never in force.
CREATE TABLE passage (
  id         INTEGER PRIMARY KEY,
  path       INTEGER NOT NULL REFERENCES path,
  text       INTEGER NOT NULL REFERENCES text,
  valid_from INTEGER NOT NULL,           -- µs since 1970, UTC
  valid_to   INTEGER NOT NULL            -- exclusive; 9223372036854775807 while it stands
) STRICT;

CREATE INDEX passage_of_path ON passage (path, valid_to);
CREATE INDEX passage_of_text ON passage (text);
CREATE INDEX passage_never ON passage (path) WHERE valid_from = valid_to; -- to be used again

-- The text index reads this view: writing without spaces between words is
-- there as pairs of characters, so that words inside a run are found.
--
-- Marks are of words, as the vowels of Hindi and Thai have to be. Between the
-- last quotes stand U+FE0E and U+FE0F, which are marks too, but only tell how to
-- draw the symbol before them.
CREATE VIEW text_indexed AS
  SELECT id, coalesce(heading_words, heading) AS heading, coalesce(body_words, body) AS body FROM text;

CREATE VIRTUAL TABLE text_fts USING fts5 (
  heading, body,
  content = 'text_indexed', content_rowid = 'id',
  tokenize = "porter unicode61 remove_diacritics 2 categories 'L* M* N* Co' separators '︎️'"
);

-- Each transaction adds a segment to the text index. They are merged 32 at a time
-- and not a few with every transaction, which would write most of them more often.
INSERT INTO text_fts (text_fts, rank) VALUES ('automerge', 0), ('crisismerge', 32);

-- Every word of the texts as people write it, folded but not stemmed, to
-- correct misspelled ones.
CREATE TABLE word (
  length INTEGER NOT NULL,               -- in characters
  word   TEXT NOT NULL,
  PRIMARY KEY (length, word)
) STRICT, WITHOUT ROWID;

-- Vectors as int8: the largest component is 127 or -127. Beside this table is
-- passage_vec, a vec0 table with a row for each passage whose text has a
-- vector; it is made when the dimension is known.
CREATE TABLE vector (
  text INTEGER PRIMARY KEY REFERENCES text,
  data BLOB NOT NULL
) STRICT;

-- Two bits of each component of a vector, packed for scanning: row n has the
-- passages with the ids 4096·n + 1 to 4096·n + 4096, in arrays of 4,096 elements.
-- Passages after the last row are not packed yet.
CREATE TABLE vector_block (
  id    INTEGER PRIMARY KEY,
  path  BLOB NOT NULL,                   -- int64, little-endian
  codes BLOB NOT NULL                    -- all first bits, then all second bits, each in whole 64-bit words, little-endian
) STRICT;

-- When the packed passages are in force, apart and in smaller pieces, since
-- passages are closed all the time: row n has the ids 512·n + 1 to 512·n + 512.
CREATE TABLE vector_interval (
  id         INTEGER PRIMARY KEY,
  valid_from BLOB NOT NULL,              -- int64; 9223372036854775807 where there is no vector
  valid_to   BLOB NOT NULL               -- int64
) STRICT;

-- What was taken in before there was an index is not in it.
INSERT INTO meta (key, value) SELECT 'index_behind', 1 WHERE EXISTS (SELECT 1 FROM version);
