-- Statements of pruning.py. All ages are by the database's clock.

-- name: bounds
-- What to prune is behind both: changed at or before `until`, and from the first run on that is not to be kept.
SELECT
    CASE
        WHEN %(older_than_s)s::float8 IS NULL THEN 'infinity'::timestamptz
        ELSE clock_timestamp() - make_interval(secs => %(older_than_s)s)
    END::text AS until,
    first.updated_at::text AS from_at,
    first.thread_id AS from_thread
FROM (VALUES (0)) AS one (row)
LEFT JOIN LATERAL (
    SELECT updated_at, thread_id FROM {schema}.runs
    WHERE status = ANY(%(statuses)s::text[])
        AND (%(workflow)s::text IS NULL OR workflow = %(workflow)s)
        AND (%(tag)s::text IS NULL OR tags @> ARRAY[%(tag)s::text])
    ORDER BY updated_at DESC, thread_id DESC
    OFFSET %(keep)s LIMIT 1
) AS first ON true;

-- name: choose
-- The oldest first, behind the last one looked at. A run with a lease that lasts is left alone.
SELECT run.thread_id, run.updated_at::text AS updated_at
FROM {schema}.runs AS run
WHERE run.status = ANY(%(statuses)s::text[])
    AND (%(workflow)s::text IS NULL OR run.workflow = %(workflow)s)
    AND (%(tag)s::text IS NULL OR run.tags @> ARRAY[%(tag)s::text])
    AND run.updated_at <= %(until)s::timestamptz
    AND (run.updated_at, run.thread_id) <= (%(from_at)s::timestamptz, %(from_thread)s::text)
    AND (run.updated_at, run.thread_id) > (%(after_at)s::timestamptz, %(after_thread)s::text)
    AND NOT EXISTS (
        SELECT FROM {schema}.leases AS lease
        WHERE lease.thread_id = run.thread_id AND lease.expires_at > clock_timestamp()
    )
ORDER BY run.updated_at, run.thread_id
LIMIT %(batch)s;

-- name: take
-- Whoever wants to drive one of these waits for the lease's row until they are gone. A locked row is passed over.
SELECT thread_id FROM {schema}.leases
WHERE thread_id = ANY(%(thread_ids)s::text[])
FOR UPDATE SKIP LOCKED;

-- name: still
-- Those of them that may go: nobody has taken or changed them since they were chosen.
SELECT run.thread_id
FROM {schema}.runs AS run
LEFT JOIN {schema}.leases AS lease USING (thread_id)
WHERE run.thread_id = ANY(%(thread_ids)s::text[])
    AND run.status = ANY(%(statuses)s::text[])
    AND run.updated_at <= %(until)s::timestamptz
    AND coalesce(lease.expires_at <= clock_timestamp(), true)
    AND (lease.thread_id IS NULL OR lease.thread_id = ANY(%(taken)s::text[]));

-- name: writes
DELETE FROM checkpoint_writes WHERE thread_id = ANY(%(thread_ids)s::text[]);

-- name: blobs
DELETE FROM checkpoint_blobs WHERE thread_id = ANY(%(thread_ids)s::text[]);

-- name: checkpoints
DELETE FROM checkpoints WHERE thread_id = ANY(%(thread_ids)s::text[]);

-- name: references
DELETE FROM {schema}.artifact_refs WHERE thread_id = ANY(%(thread_ids)s::text[]);

-- name: runs
DELETE FROM {schema}.runs WHERE thread_id = ANY(%(thread_ids)s::text[]);
