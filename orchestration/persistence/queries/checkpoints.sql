-- Statements of saving/transaction.py. LangGraph's tables are in the first schema of the search path; what happens on
-- conflict is what the official saver's statements say. Each takes one array for each column.

-- name: hold_tokens
-- Which leases are still held under these tokens. FOR KEY SHARE keeps their takeover, which changes the token, waiting
-- until this transaction is through, and lets them be renewed meanwhile; the order keeps two writers from waiting for
-- one another.
SELECT held.thread_id, held.token
FROM {schema}.leases AS held
JOIN unnest(%(thread_ids)b::text[], %(tokens)b::bigint[]) AS asked (thread_id, token)
    ON held.thread_id = asked.thread_id AND held.token = asked.token
ORDER BY held.thread_id
FOR KEY SHARE OF held;

-- name: demand_tokens
-- The same as a division by zero, which ends the transaction, unless all are held: so what is sent along with it needs no
-- answer before.
SELECT 1 / (count(*) = cardinality(%(thread_ids)b::text[]))::integer
FROM (
    SELECT held.thread_id
    FROM {schema}.leases AS held
    JOIN unnest(%(thread_ids)b::text[], %(tokens)b::bigint[]) AS asked (thread_id, token)
        ON held.thread_id = asked.thread_id AND held.token = asked.token
    ORDER BY held.thread_id
    FOR KEY SHARE OF held
) AS held;

-- name: relax
-- The commit does not wait for the disk; a later commit that does takes this one along.
SELECT set_config('synchronous_commit', 'off', true);

-- name: first_writes
-- Many rows that nobody has written yet, as those of a fan-out. To look for conflicts takes the server a quarter of its
-- time; a row that is there already is refused, and with it the transaction, which is then done again with new_writes.
INSERT INTO checkpoint_writes
    (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, task_path, channel, type, blob)
SELECT * FROM unnest(
    %(thread_id)b::text[], %(checkpoint_ns)b::text[], %(checkpoint_id)b::text[], %(task_id)b::text[],
    %(idx)b::integer[], %(task_path)b::text[], %(channel)b::text[], %(type)b::text[], %(blob)b::bytea[]
);

-- name: new_writes
INSERT INTO checkpoint_writes
    (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, task_path, channel, type, blob)
SELECT * FROM unnest(
    %(thread_id)b::text[], %(checkpoint_ns)b::text[], %(checkpoint_id)b::text[], %(task_id)b::text[],
    %(idx)b::integer[], %(task_path)b::text[], %(channel)b::text[], %(type)b::text[], %(blob)b::bytea[]
)
ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) DO NOTHING;

-- name: replaced_writes
INSERT INTO checkpoint_writes
    (thread_id, checkpoint_ns, checkpoint_id, task_id, idx, task_path, channel, type, blob)
SELECT * FROM unnest(
    %(thread_id)b::text[], %(checkpoint_ns)b::text[], %(checkpoint_id)b::text[], %(task_id)b::text[],
    %(idx)b::integer[], %(task_path)b::text[], %(channel)b::text[], %(type)b::text[], %(blob)b::bytea[]
)
ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id, task_id, idx) DO UPDATE SET
    channel = excluded.channel,
    type = excluded.type,
    blob = excluded.blob;

-- name: blobs
INSERT INTO checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
SELECT * FROM unnest(
    %(thread_id)b::text[], %(checkpoint_ns)b::text[], %(channel)b::text[], %(version)b::text[],
    %(type)b::text[], %(blob)b::bytea[]
)
ON CONFLICT (thread_id, checkpoint_ns, channel, version) DO NOTHING;

-- name: copied_blobs
-- The same with values that rows of checkpoint_writes hold: they are taken over compressed, as they are. Where such a row
-- is gone, or was sealed meanwhile, the missing type is refused, and with it the transaction.
INSERT INTO checkpoint_blobs (thread_id, checkpoint_ns, channel, version, type, blob)
SELECT new.thread_id, new.checkpoint_ns, new.channel, new.version, written.type, written.blob
FROM unnest(
    %(thread_id)b::text[], %(checkpoint_ns)b::text[], %(channel)b::text[], %(version)b::text[],
    %(type)b::text[], %(checkpoint_id)b::text[], %(task_id)b::text[], %(idx)b::integer[]
) AS new (thread_id, checkpoint_ns, channel, version, type, checkpoint_id, task_id, idx)
LEFT JOIN checkpoint_writes AS written
    ON written.thread_id = new.thread_id AND written.checkpoint_ns = new.checkpoint_ns
        AND written.checkpoint_id = new.checkpoint_id AND written.task_id = new.task_id AND written.idx = new.idx
        AND written.type = new.type
ON CONFLICT (thread_id, checkpoint_ns, channel, version) DO NOTHING;

-- name: checkpoints
INSERT INTO checkpoints (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
SELECT thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint::jsonb, metadata::jsonb
FROM unnest(
    %(thread_id)b::text[], %(checkpoint_ns)b::text[], %(checkpoint_id)b::text[], %(parent_checkpoint_id)b::text[],
    %(checkpoint)b::text[], %(metadata)b::text[]
) AS new (thread_id, checkpoint_ns, checkpoint_id, parent_checkpoint_id, checkpoint, metadata)
ON CONFLICT (thread_id, checkpoint_ns, checkpoint_id) DO UPDATE SET
    checkpoint = excluded.checkpoint,
    metadata = excluded.metadata;
