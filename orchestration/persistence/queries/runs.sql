-- Statements of register.py, listing.py and runs.py.

-- name: start
-- What was asked of the last driver, and seen by whoever takes the thread up, is done with; what is asked meanwhile is
-- left to the new one.
INSERT INTO {schema}.runs AS run (thread_id, workflow, status, task, options, tags)
VALUES (
    %(thread_id)s, %(workflow)s, 'running', %(task)s, %(options)s::jsonb, coalesce(%(tags)s::text[], '{}')
)
ON CONFLICT (thread_id) DO UPDATE SET
    workflow = excluded.workflow,
    status = excluded.status,
    task = excluded.task,
    options = excluded.options,
    tags = coalesce(%(tags)s::text[], run.tags),
    asked = CASE WHEN run.asked IS DISTINCT FROM %(seen)s::text THEN run.asked END,
    reason = CASE WHEN run.asked IS DISTINCT FROM %(seen)s::text THEN run.reason END,
    updated_at = clock_timestamp();

-- name: end
UPDATE {schema}.runs SET
    status = %(status)s,
    asked = NULL,
    reason = CASE WHEN %(status)s = 'cancelled' THEN coalesce(%(reason)s, reason) ELSE %(reason)s END,
    updated_at = clock_timestamp()
WHERE thread_id = %(thread_id)s
RETURNING thread_id;

-- name: fork
INSERT INTO {schema}.runs (thread_id, workflow, status, task, options, tags, forked_from, forked_checkpoint)
VALUES (
    %(thread_id)s, %(workflow)s, %(status)s, %(task)s, %(options)s::jsonb, %(tags)s::text[],
    %(forked_from)s, %(forked_checkpoint)s
);

-- name: keep
-- Until this transaction ends the run is not deleted, nor are its references to artifacts.
SELECT 1 FROM {schema}.runs WHERE thread_id = %(thread_id)s FOR KEY SHARE;

-- name: ask
-- Only of a run that is entered as running: its driver enters the end under the same lease, and looks until then.
UPDATE {schema}.runs SET
    asked = CASE WHEN asked = 'cancel' THEN asked ELSE %(request)s END,
    reason = coalesce(%(reason)s, reason)
WHERE thread_id = %(thread_id)s AND status = 'running'
RETURNING thread_id;

-- name: forget
DELETE FROM {schema}.runs WHERE thread_id = %(thread_id)s;

-- name: get
SELECT
    run.*,
    lease.owner AS lease_owner,
    coalesce(lease.expires_at > clock_timestamp(), false) AS leased
FROM {schema}.runs AS run
LEFT JOIN {schema}.leases AS lease USING (thread_id)
WHERE run.thread_id = %(thread_id)s;

-- name: list
-- Newest first, behind the last row of the page before. Conditions that are NULL hold for every row. Whether an owner
-- is dead only its own host can tell, so the caller judges rows with a live lease. Ages are from
-- the statement's time, which an index can be searched by; one that goes on while it searches cannot.
-- Only the rows of the page have their options read. They come without the run's input but for what it was to work on,
-- and are NULL where they are large all the same; sealed ones cannot be shortened.
WITH page AS MATERIALIZED (
    SELECT run.*
    FROM {schema}.runs AS run
    WHERE (%(statuses)s::text[] IS NULL OR run.status = ANY(%(statuses)s::text[]))
        AND (%(workflow)s::text IS NULL OR run.workflow = %(workflow)s)
        AND (%(tag)s::text IS NULL OR run.tags @> ARRAY[%(tag)s::text])
        AND (
            %(older_than_s)s::float8 IS NULL
            OR run.updated_at <= statement_timestamp() - make_interval(secs => %(older_than_s)s)
        )
        AND (
            %(newer_than_s)s::float8 IS NULL
            OR run.updated_at >= statement_timestamp() - make_interval(secs => %(newer_than_s)s)
        )
        AND (
            %(after_at)s::timestamptz IS NULL
            OR (run.updated_at, run.thread_id) < (%(after_at)s::timestamptz, %(after_thread)s::text)
        )
    ORDER BY run.updated_at DESC, run.thread_id DESC
    LIMIT %(limit)s
)
SELECT
    page.thread_id, page.workflow, page.status, page.task, page.tags, page.created_at, page.updated_at,
    page.asked, page.reason, page.forked_from, page.forked_checkpoint,
    CASE WHEN octet_length(short.options::text) <= %(options_bytes)s THEN short.options END AS options,
    lease.owner AS lease_owner,
    coalesce(lease.expires_at > clock_timestamp(), false) AS leased
FROM page
CROSS JOIN LATERAL (
    SELECT CASE
        WHEN page.options #> '{input,sources}' IS NULL THEN page.options - 'input'
        ELSE jsonb_set(page.options, '{input}', jsonb_build_object('sources', page.options #> '{input,sources}'))
    END AS options
    OFFSET 0
) AS short
LEFT JOIN {schema}.leases AS lease USING (thread_id)
ORDER BY page.updated_at DESC, page.thread_id DESC;
