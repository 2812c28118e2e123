-- Statements of acquiring.py, heartbeat.py and fence.py. All times are the database's: the clocks of two hosts are never compared.

-- name: acquire
-- Take a thread that is free: never driven, expired, or held under the token whose owner was found dead; by force any.
-- How it was found is told only when the row did not change between the look and the taking. A transaction of the last
-- driver's that is not through is waited for a second long.
WITH patience AS MATERIALIZED (
    SELECT set_config('lock_timeout', '1000', true)
), before AS (
    SELECT owner, token, expires_at FROM {schema}.leases WHERE thread_id = %(thread_id)s
)
INSERT INTO {schema}.leases AS held (thread_id, owner, token, expires_at)
SELECT %(thread_id)s, %(owner)s, 1, clock_timestamp() + make_interval(secs => %(ttl_s)s) FROM patience
ON CONFLICT (thread_id) DO UPDATE SET
    owner = excluded.owner,
    token = held.token + 1,
    expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s)
WHERE held.expires_at <= clock_timestamp() OR held.token = %(dead_token)s OR %(by_force)s
RETURNING
    token,
    (SELECT owner FROM before WHERE before.token = held.token - 1) AS owner_before,
    (
        SELECT extract(epoch FROM expires_at)::float8 - extract(epoch FROM clock_timestamp())::float8
        FROM before WHERE before.token = held.token - 1
    ) AS expires_in_s_before;

-- name: evict
-- End transactions that hold leases and have waited for their client for two seconds: a driver that was stopped in the
-- midst of writing would keep its thread from being taken over for ever. It only loses what it had not committed.
SELECT pg_terminate_backend(pid)
FROM pg_locks JOIN pg_stat_activity USING (pid)
WHERE relation = '{schema}.leases'::regclass
    AND mode = 'RowShareLock'
    AND wait_event = 'ClientRead'
    AND xact_start < clock_timestamp() - interval '2 seconds'
    AND state_change < clock_timestamp() - interval '2 seconds';

-- name: look
SELECT
    owner,
    token,
    extract(epoch FROM expires_at)::float8 - extract(epoch FROM clock_timestamp())::float8 AS expires_in_s
FROM {schema}.leases
WHERE thread_id = %(thread_id)s;

-- name: renew
-- A lease that ran out but was not taken over is still ours: nobody else drove the thread meanwhile. The answer carries
-- what another process has asked of the driver.
UPDATE {schema}.leases AS held SET expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s)
WHERE thread_id = %(thread_id)s AND token = %(token)s
RETURNING token, (SELECT asked FROM {schema}.runs AS run WHERE run.thread_id = held.thread_id) AS asked;

-- name: release
-- The row stays, for its token must go on growing; and it grows right here, so that a write or a renewal that is
-- still under way comes too late.
UPDATE {schema}.leases SET expires_at = '-infinity', token = token + 1
WHERE thread_id = %(thread_id)s AND token = %(token)s;

-- name: hold
-- FOR KEY SHARE keeps a takeover, which changes the token, waiting until this transaction is through, and a renewal not.
SELECT 1 FROM {schema}.leases WHERE thread_id = %(thread_id)s AND token = %(token)s FOR KEY SHARE;
