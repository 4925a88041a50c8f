-- Views for everybody's own SQL. Their names and columns stay, whatever becomes of
-- the tables: see btools-sql(7). They keep to what the SQLite of an old sqlite3 shell
-- knows, and to functions that a schema may call where it is not trusted.
--
-- A time is there twice: as text in UTC, as the programs print it, and as _us, in µs
-- since 1970. Now is the last µs of this millisecond, which is as fine as SQLite's own
-- clock is, so that what has just been recorded is seen.

-- Names as text. One that is not ASCII is put together again from its characters,
-- since text that is not UTF-8 is an error to many programs; the name itself is
-- path_bytes in the views below.
CREATE VIEW path_text AS
  SELECT id, CASE WHEN CAST(name AS TEXT) GLOB '*[^ -~]*' THEN (
    WITH RECURSIVE c (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM c WHERE i < length(CAST(name AS TEXT)))
    SELECT group_concat(char(unicode(substr(CAST(name AS TEXT), i, 1))), '') FROM c
  ) ELSE CAST(name AS TEXT) END AS path, name AS path_bytes
  FROM path;

-- What there is now.
CREATE VIEW documents AS
  SELECT
    p.path AS path,
    p.path_bytes AS path_bytes,
    strftime('%Y-%m-%dT%H:%M:%S', v.valid_from / 1000000 - (v.valid_from % 1000000 < 0), 'unixepoch')
      || printf('.%06dZ', (v.valid_from % 1000000 + 1000000) % 1000000) AS valid_from,
    strftime('%Y-%m-%dT%H:%M:%S', v.recorded_at / 1000000 - (v.recorded_at % 1000000 < 0), 'unixepoch')
      || printf('.%06dZ', (v.recorded_at % 1000000 + 1000000) % 1000000) AS recorded_at,
    lower(hex(b.sha256)) AS sha256,
    b.size AS size,
    CASE WHEN v.mode IS NOT NULL THEN printf('%04o', v.mode) END AS mode,
    strftime('%Y-%m-%dT%H:%M:%S', v.mtime / 1000000 - (v.mtime % 1000000 < 0), 'unixepoch')
      || printf('.%06dZ', (v.mtime % 1000000 + 1000000) % 1000000) AS mtime,
    v.source AS source,
    v.valid_from AS valid_from_us,
    v.recorded_at AS recorded_at_us,
    v.mtime AS mtime_us
  FROM path_text p
  JOIN version v ON v.id = (
    SELECT w.id FROM version w
    WHERE w.path = p.id AND w.valid_from <= strftime('%s', 'now') * 1000000 + substr(strftime('%f', 'now'), 4) * 1000 + 999
    ORDER BY w.valid_from DESC, w.seq DESC, w.id DESC LIMIT 1)
  JOIN blob b ON b.id = v.blob;

-- All versions. Each stands until the next one in the order of (valid_from, seq,
-- version), as far as is known today; where valid_to = valid_from, it was corrected
-- and never is the answer.
CREATE VIEW document_versions AS
  SELECT
    p.path AS path,
    p.path_bytes AS path_bytes,
    strftime('%Y-%m-%dT%H:%M:%S', v.valid_from / 1000000 - (v.valid_from % 1000000 < 0), 'unixepoch')
      || printf('.%06dZ', (v.valid_from % 1000000 + 1000000) % 1000000) AS valid_from,
    strftime('%Y-%m-%dT%H:%M:%S', n.valid_from / 1000000 - (n.valid_from % 1000000 < 0), 'unixepoch')
      || printf('.%06dZ', (n.valid_from % 1000000 + 1000000) % 1000000) AS valid_to,
    strftime('%Y-%m-%dT%H:%M:%S', v.recorded_at / 1000000 - (v.recorded_at % 1000000 < 0), 'unixepoch')
      || printf('.%06dZ', (v.recorded_at % 1000000 + 1000000) % 1000000) AS recorded_at,
    v.blob IS NULL AS gone,
    CASE WHEN v.blob IS NOT NULL THEN lower(hex(b.sha256)) END AS sha256,
    b.size AS size,
    CASE WHEN v.mode IS NOT NULL THEN printf('%04o', v.mode) END AS mode,
    strftime('%Y-%m-%dT%H:%M:%S', v.mtime / 1000000 - (v.mtime % 1000000 < 0), 'unixepoch')
      || printf('.%06dZ', (v.mtime % 1000000 + 1000000) % 1000000) AS mtime,
    v.source AS source,
    v.seq AS seq,
    v.id AS version,
    v.valid_from AS valid_from_us,
    n.valid_from AS valid_to_us,
    v.recorded_at AS recorded_at_us,
    v.mtime AS mtime_us
  FROM path_text p
  JOIN version v ON v.path = p.id
  LEFT JOIN blob b ON b.id = v.blob
  LEFT JOIN version n ON n.id = (
    SELECT w.id FROM version w
    WHERE w.path = v.path AND (w.valid_from, w.seq, w.id) > (v.valid_from, v.seq, v.id)
    ORDER BY w.valid_from, w.seq, w.id LIMIT 1);

-- The passages that searches find now. passage is the key of passage_vec, text_id
-- the rowid of text_fts.
CREATE VIEW passages_now AS
  SELECT
    p.path AS path,
    p.path_bytes AS path_bytes,
    replace(t.heading, char(10), ' > ') AS heading,
    t.body AS text,
    strftime('%Y-%m-%dT%H:%M:%S', s.valid_from / 1000000 - (s.valid_from % 1000000 < 0), 'unixepoch')
      || printf('.%06dZ', (s.valid_from % 1000000 + 1000000) % 1000000) AS valid_from,
    s.valid_from AS valid_from_us,
    s.id AS passage,
    s.text AS text_id
  FROM passage s
  JOIN text t ON t.id = s.text
  JOIN path_text p ON p.id = s.path
  WHERE s.valid_from <= strftime('%s', 'now') * 1000000 + substr(strftime('%f', 'now'), 4) * 1000 + 999
    AND s.valid_to > strftime('%s', 'now') * 1000000 + substr(strftime('%f', 'now'), 4) * 1000 + 999;
