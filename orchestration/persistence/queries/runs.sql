-- Statements of runs.py.

-- name: start
INSERT INTO {schema}.runs AS run (thread_id, workflow, status, task, options)
VALUES (%(thread_id)s, %(workflow)s, 'running', %(task)s, %(options)s::jsonb)
ON CONFLICT (thread_id) DO UPDATE SET
    workflow = excluded.workflow,
    status = excluded.status,
    task = excluded.task,
    options = excluded.options,
    updated_at = clock_timestamp();

-- name: end
UPDATE {schema}.runs SET status = %(status)s, updated_at = clock_timestamp()
WHERE thread_id = %(thread_id)s
RETURNING thread_id;

-- name: get
SELECT
    run.*,
    lease.owner AS lease_owner,
    coalesce(lease.expires_at > clock_timestamp(), false) AS leased
FROM {schema}.runs AS run
LEFT JOIN {schema}.leases AS lease USING (thread_id)
WHERE run.thread_id = %(thread_id)s;

-- name: list
-- Newest first. Whether an owner is dead only its own host can tell, so rows with a live lease are judged by the
-- caller; as many more rows are sent as could be judged away. A "running" row without lease is settled here.
WITH seen AS (
    SELECT
        run.*,
        lease.owner AS lease_owner,
        coalesce(lease.expires_at > clock_timestamp(), false) AS leased
    FROM {schema}.runs AS run
    LEFT JOIN {schema}.leases AS lease USING (thread_id)
)
SELECT * FROM seen
WHERE %(status)s::text IS NULL
    OR %(status)s = CASE WHEN status = 'running' AND NOT leased THEN 'interrupted' ELSE status END
    OR (%(status)s = 'interrupted' AND status = 'running')
ORDER BY updated_at DESC, thread_id
LIMIT %(limit)s + (SELECT count(*) FROM {schema}.leases WHERE expires_at > clock_timestamp());
