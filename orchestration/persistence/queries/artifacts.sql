-- Statements of artifacts/postgres.py and artifacts/collecting.py.
--
-- Where the session has a tenant, its name stands before the hash: the same content of two tenants is two rows, and no
-- error tells one of them what the other has. What was put before the tenants were separated has no name before it.

-- name: touch
-- Put what is there already: no content travels. The row's lock makes a collector that has chosen it pass it by, or
-- makes this wait for that one's end and then find nothing.
WITH found AS (
    UPDATE {schema}.artifacts SET put_at = clock_timestamp()
    WHERE hash IN (%(hash)s, coalesce(nullif(current_setting('quorum.tenant', true), '') || '/', '') || %(hash)s)
    RETURNING hash
), referred AS (
    INSERT INTO {schema}.artifact_refs (thread_id, hash)
    SELECT %(thread_id)s::text, hash FROM found WHERE %(thread_id)s::text IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT hash FROM found;

-- name: insert
WITH kept AS (
    INSERT INTO {schema}.artifacts (hash, size_bytes, media_type, kind, data)
    VALUES (
        coalesce(nullif(current_setting('quorum.tenant', true), '') || '/', '') || %(hash)b::text,
        %(size_bytes)b::bigint, %(media_type)b::text, %(kind)b::text, %(data)b::bytea
    )
    ON CONFLICT (hash) DO UPDATE SET put_at = clock_timestamp()
    RETURNING hash
), referred AS (
    INSERT INTO {schema}.artifact_refs (thread_id, hash)
    SELECT %(thread_id)b::text, hash FROM kept WHERE %(thread_id)b::text IS NOT NULL
    ON CONFLICT DO NOTHING
)
SELECT hash FROM kept;

-- name: get
SELECT
    kind,
    data,
    EXISTS (
        SELECT FROM {schema}.artifact_refs AS ref WHERE ref.thread_id = %(thread_id)s::text AND ref.hash = artifact.hash
    ) AS referred
FROM {schema}.artifacts AS artifact
WHERE hash IN (%(hash)s, coalesce(nullif(current_setting('quorum.tenant', true), '') || '/', '') || %(hash)s)
LIMIT 1;

-- name: refer
-- A collector that has chosen one of them is waited for; then it is gone.
INSERT INTO {schema}.artifact_refs (thread_id, hash)
SELECT %(thread_id)s, hash FROM {schema}.artifacts
WHERE hash = ANY(%(hashes)s::text[])
    OR hash = ANY(
        SELECT coalesce(nullif(current_setting('quorum.tenant', true), '') || '/', '') || address
        FROM unnest(%(hashes)s::text[]) AS address
    )
ORDER BY hash
FOR KEY SHARE
ON CONFLICT DO NOTHING;

-- name: copy
INSERT INTO {schema}.artifact_refs (thread_id, hash)
SELECT %(target)s, hash FROM {schema}.artifact_refs WHERE thread_id = %(source)s
ON CONFLICT DO NOTHING;

-- name: choose
-- Locks what nobody refers to; what is being put at this moment is passed by. A reference that was committed while
-- this ran may be overlooked here: `delete` looks again.
SELECT hash
FROM {schema}.artifacts AS artifact
WHERE put_at < clock_timestamp() - make_interval(secs => %(older_than_s)s)
    AND NOT EXISTS (SELECT FROM {schema}.artifact_refs AS ref WHERE ref.hash = artifact.hash)
    AND hash > %(after)s
ORDER BY hash
LIMIT %(batch)s
FOR UPDATE SKIP LOCKED;

-- name: delete
-- With the rows locked, and a snapshot of its own: who puts one of them now waits for this transaction's end.
DELETE FROM {schema}.artifacts AS artifact
WHERE hash = ANY(%(hashes)s)
    AND NOT EXISTS (SELECT FROM {schema}.artifact_refs AS ref WHERE ref.hash = artifact.hash)
RETURNING size_bytes;
