-- Statements of resealing.py. A page is read in the order of the primary key, `rows` rows at most, and ends early when
-- what is to be sealed anew would be more than `size` bytes; `header` is how envelopes of the current key begin, and
-- `header64` the same in base64. A swap changes rows that are still what was read. It passes locked ones by, so it
-- never waits while it holds a lock, and no run can be the victim of a deadlock with it.

-- name: checkpoint_blobs_page
WITH page AS (
    SELECT
        thread_id, checkpoint_ns, channel, version, type AS kind, blob AS data,
        type <> 'sealed' OR substring(blob FROM 1 FOR length(%(header)s)) IS DISTINCT FROM %(header)s AS stale
    FROM checkpoint_blobs
    WHERE (thread_id, checkpoint_ns, channel, version)
        > (%(thread_id)s, %(checkpoint_ns)s, %(channel)s, %(version)s)
    ORDER BY thread_id, checkpoint_ns, channel, version
    LIMIT %(rows)s
), sized AS (
    SELECT *, sum(CASE WHEN stale THEN coalesce(octet_length(data), 0) ELSE 0 END) OVER (
        ORDER BY thread_id, checkpoint_ns, channel, version
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
    FROM page
)
SELECT thread_id, checkpoint_ns, channel, version, kind, stale, CASE WHEN stale THEN data END AS data
FROM sized
WHERE coalesce(before, 0) < %(size)s
ORDER BY thread_id, checkpoint_ns, channel, version;

-- name: checkpoint_blobs_swap
WITH held AS (
    SELECT stored.thread_id, stored.checkpoint_ns, stored.channel, stored.version, given.new_kind, given.new_data
    FROM checkpoint_blobs AS stored
    JOIN unnest(
        %(thread_id)b::text[], %(checkpoint_ns)b::text[], %(channel)b::text[], %(version)b::text[],
        %(kind)b::text[], %(data)b::bytea[], %(new_kind)b::text[], %(new_data)b::bytea[]
    ) AS given (thread_id, checkpoint_ns, channel, version, kind, data, new_kind, new_data)
        USING (thread_id, checkpoint_ns, channel, version)
    WHERE stored.type = given.kind AND stored.blob IS NOT DISTINCT FROM given.data
    FOR NO KEY UPDATE OF stored SKIP LOCKED
)
UPDATE checkpoint_blobs AS stored SET type = held.new_kind, blob = held.new_data
FROM held
WHERE (stored.thread_id, stored.checkpoint_ns, stored.channel, stored.version)
    = (held.thread_id, held.checkpoint_ns, held.channel, held.version);

-- name: checkpoint_writes_page
WITH page AS (
    SELECT
        thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, type AS kind, blob AS data,
        type IS DISTINCT FROM 'sealed' OR substring(blob FROM 1 FOR length(%(header)s)) <> %(header)s AS stale
    FROM checkpoint_writes
    WHERE (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
        > (%(thread_id)s, %(checkpoint_ns)s, %(checkpoint_id)s, %(task_id)s, %(idx)s)
    ORDER BY thread_id, checkpoint_ns, checkpoint_id, task_id, idx
    LIMIT %(rows)s
), sized AS (
    SELECT *, sum(CASE WHEN stale THEN octet_length(data) ELSE 0 END) OVER (
        ORDER BY thread_id, checkpoint_ns, checkpoint_id, task_id, idx
        ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
    FROM page
)
SELECT
    thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, kind, stale, CASE WHEN stale THEN data END AS data
FROM sized
WHERE coalesce(before, 0) < %(size)s
ORDER BY thread_id, checkpoint_ns, checkpoint_id, task_id, idx;

-- name: checkpoint_writes_swap
WITH held AS (
    SELECT
        stored.thread_id, stored.checkpoint_ns, stored.checkpoint_id, stored.task_id, stored.idx,
        given.new_kind, given.new_data
    FROM checkpoint_writes AS stored
    JOIN unnest(
        %(thread_id)b::text[], %(checkpoint_ns)b::text[], %(checkpoint_id)b::text[], %(task_id)b::text[],
        %(idx)b::integer[], %(channel)b::text[],
        %(kind)b::text[], %(data)b::bytea[], %(new_kind)b::text[], %(new_data)b::bytea[]
    ) AS given (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel, kind, data, new_kind, new_data)
        USING (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, channel)
    WHERE stored.type IS NOT DISTINCT FROM given.kind AND stored.blob = given.data
    FOR NO KEY UPDATE OF stored SKIP LOCKED
)
UPDATE checkpoint_writes AS stored SET type = held.new_kind, blob = held.new_data
FROM held
WHERE (stored.thread_id, stored.checkpoint_ns, stored.checkpoint_id, stored.task_id, stored.idx)
    = (held.thread_id, held.checkpoint_ns, held.checkpoint_id, held.task_id, held.idx);

-- name: checkpoints_page
SELECT
    thread_id, checkpoint_ns, checkpoint_id, metadata::text AS data,
    left(metadata -> 'sealed' ->> 1, length(%(header64)s)) IS DISTINCT FROM %(header64)s AS stale
FROM checkpoints
WHERE (thread_id, checkpoint_ns, checkpoint_id) > (%(thread_id)s, %(checkpoint_ns)s, %(checkpoint_id)s)
ORDER BY thread_id, checkpoint_ns, checkpoint_id
LIMIT %(rows)s;

-- name: checkpoints_swap
WITH held AS (
    SELECT stored.thread_id, stored.checkpoint_ns, stored.checkpoint_id, given.new_data
    FROM checkpoints AS stored
    JOIN unnest(
        %(thread_id)b::text[], %(checkpoint_ns)b::text[], %(checkpoint_id)b::text[], %(data)b::text[],
        %(new_data)b::text[]
    ) AS given (thread_id, checkpoint_ns, checkpoint_id, data, new_data)
        USING (thread_id, checkpoint_ns, checkpoint_id)
    WHERE stored.metadata = given.data::jsonb
    FOR NO KEY UPDATE OF stored SKIP LOCKED
)
UPDATE checkpoints AS stored SET metadata = held.new_data::jsonb
FROM held
WHERE (stored.thread_id, stored.checkpoint_ns, stored.checkpoint_id)
    = (held.thread_id, held.checkpoint_ns, held.checkpoint_id);

-- name: options_page
SELECT
    thread_id, options::text AS data,
    left(options -> 'sealed' ->> 1, length(%(header64)s)) IS DISTINCT FROM %(header64)s AS stale
FROM {schema}.runs
WHERE thread_id > %(thread_id)s
ORDER BY thread_id
LIMIT %(rows)s;

-- name: options_swap
WITH held AS (
    SELECT stored.thread_id, given.new_data
    FROM {schema}.runs AS stored
    JOIN unnest(%(thread_id)b::text[], %(data)b::text[], %(new_data)b::text[]) AS given (thread_id, data, new_data)
        USING (thread_id)
    WHERE stored.options = given.data::jsonb
    FOR NO KEY UPDATE OF stored SKIP LOCKED
)
UPDATE {schema}.runs AS stored SET options = held.new_data::jsonb FROM held WHERE stored.thread_id = held.thread_id;

-- name: tasks_page
SELECT
    thread_id, task AS data,
    left(task, length('sealed:' || %(header64)s)) <> 'sealed:' || %(header64)s AS stale
FROM {schema}.runs
WHERE thread_id > %(thread_id)s
ORDER BY thread_id
LIMIT %(rows)s;

-- name: tasks_swap
WITH held AS (
    SELECT stored.thread_id, given.new_data
    FROM {schema}.runs AS stored
    JOIN unnest(%(thread_id)b::text[], %(data)b::text[], %(new_data)b::text[]) AS given (thread_id, data, new_data)
        USING (thread_id)
    WHERE stored.task = given.data
    FOR NO KEY UPDATE OF stored SKIP LOCKED
)
UPDATE {schema}.runs AS stored SET task = held.new_data FROM held WHERE stored.thread_id = held.thread_id;

-- name: artifacts_page
WITH page AS (
    SELECT
        hash, kind, data,
        kind <> 'sealed' OR substring(data FROM 1 FOR length(%(header)s)) <> %(header)s AS stale
    FROM {schema}.artifacts
    WHERE hash > %(hash)s
    ORDER BY hash
    LIMIT %(rows)s
), sized AS (
    SELECT *, sum(CASE WHEN stale THEN octet_length(data) ELSE 0 END) OVER (
        ORDER BY hash ROWS BETWEEN UNBOUNDED PRECEDING AND 1 PRECEDING
    ) AS before
    FROM page
)
SELECT hash, kind, stale, CASE WHEN stale THEN data END AS data
FROM sized
WHERE coalesce(before, 0) < %(size)s
ORDER BY hash;

-- name: artifacts_swap
WITH held AS (
    SELECT stored.hash, given.new_kind, given.new_data
    FROM {schema}.artifacts AS stored
    JOIN unnest(
        %(hash)b::text[], %(kind)b::text[], %(data)b::bytea[], %(new_kind)b::text[], %(new_data)b::bytea[]
    ) AS given (hash, kind, data, new_kind, new_data)
        USING (hash)
    WHERE stored.kind = given.kind AND stored.data = given.data
    FOR NO KEY UPDATE OF stored SKIP LOCKED
)
UPDATE {schema}.artifacts AS stored SET kind = held.new_kind, data = held.new_data
FROM held
WHERE stored.hash = held.hash;

-- name: inline_page
-- Values inside of checkpoints. Of those that are `true`, the blobs with the same version: a delta channel's snapshot
-- leaves `true` in the checkpoint as a marker.
SELECT
    thread_id, checkpoint_ns, checkpoint_id, checkpoint::text AS data,
    (
        SELECT array_agg(ARRAY[convert_to(blob.channel, 'UTF8'), convert_to(blob.type, 'UTF8'), blob.blob])
        FROM jsonb_each(checkpoint -> 'channel_values') AS inline
        JOIN checkpoint_blobs AS blob
            ON blob.thread_id = checkpoints.thread_id
            AND blob.checkpoint_ns = checkpoints.checkpoint_ns
            AND blob.channel = inline.key
            AND blob.version = checkpoint -> 'channel_versions' ->> inline.key
        WHERE inline.value = 'true'
    ) AS marked,
    coalesce(checkpoint -> 'channel_values' <> '{}', false) AS stale
FROM checkpoints
WHERE (thread_id, checkpoint_ns, checkpoint_id) > (%(thread_id)s, %(checkpoint_ns)s, %(checkpoint_id)s)
ORDER BY thread_id, checkpoint_ns, checkpoint_id
LIMIT %(rows)s;

-- name: inline_swap
-- One statement, so that a value is either in the checkpoint or in its blob.
WITH held AS (
    SELECT stored.thread_id, stored.checkpoint_ns, stored.checkpoint_id
    FROM checkpoints AS stored
    WHERE (thread_id, checkpoint_ns, checkpoint_id) = (%(thread_id)s, %(checkpoint_ns)s, %(checkpoint_id)s)
        AND stored.checkpoint = %(data)s::jsonb
    FOR NO KEY UPDATE OF stored SKIP LOCKED
), moved AS (
    INSERT INTO checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
    SELECT held.thread_id, held.checkpoint_ns, given.*
    FROM held CROSS JOIN unnest(
        %(channels)b::text[], %(versions)b::text[], %(kinds)b::text[], %(blobs)b::bytea[]
    ) AS given
    ON CONFLICT (thread_id, checkpoint_ns, channel, version) DO NOTHING
)
UPDATE checkpoints AS stored
SET checkpoint = jsonb_set(stored.checkpoint, '{channel_values}', %(kept)s::jsonb)
FROM held
WHERE (stored.thread_id, stored.checkpoint_ns, stored.checkpoint_id)
    = (held.thread_id, held.checkpoint_ns, held.checkpoint_id);
