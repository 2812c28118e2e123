-- Statements of lease.py. All times are the database's: the clocks of two hosts are never compared.

-- name: acquire
-- Take a thread that is free: never driven, expired, or held under the token whose owner was found dead.
INSERT INTO {schema}.leases AS held (thread_id, owner, token, expires_at)
VALUES (%(thread_id)s, %(owner)s, 1, clock_timestamp() + make_interval(secs => %(ttl_s)s))
ON CONFLICT (thread_id) DO UPDATE SET
    owner = excluded.owner,
    token = held.token + 1,
    expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s)
WHERE held.expires_at <= clock_timestamp() OR held.token = %(dead_token)s
RETURNING token;

-- name: look
SELECT owner, token, extract(epoch FROM expires_at - clock_timestamp())::float8 AS expires_in_s
FROM {schema}.leases
WHERE thread_id = %(thread_id)s;

-- name: renew
-- A lease that ran out but was not taken over is still ours: nobody else drove the thread meanwhile.
UPDATE {schema}.leases SET expires_at = clock_timestamp() + make_interval(secs => %(ttl_s)s)
WHERE thread_id = %(thread_id)s AND token = %(token)s
RETURNING token;

-- name: release
-- The row stays, for its token must go on growing; and it grows right here, so that a write or a renewal that is
-- still under way comes too late.
UPDATE {schema}.leases SET expires_at = '-infinity', token = token + 1
WHERE thread_id = %(thread_id)s AND token = %(token)s;

-- name: hold
-- FOR SHARE keeps a takeover waiting until this transaction is through; FOR KEY SHARE would not.
SELECT 1 FROM {schema}.leases WHERE thread_id = %(thread_id)s AND token = %(token)s FOR SHARE;
