-- name: 0004_lease_tokens
-- A lease is renewed while its driver writes, however long that takes. What writes holds the row FOR KEY SHARE, which
-- only a change of a key waits for: with this index the token is part of one. So a takeover and a release wait until the
-- transaction is through, and a renewal, which changes the time alone, does not.

CREATE UNIQUE INDEX leases_token_idx ON {schema}.leases (thread_id, token);
