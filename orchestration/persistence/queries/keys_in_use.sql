-- Statements of keys_in_use.py.

-- name: sample
-- The envelopes of some of what is stored, NULL for what is plain: of the runs that changed last, and of checkpoints
-- as they lie on the disk, which begins with the oldest.
(
    SELECT 'options' AS subject, thread_id, NULL AS checkpoint_ns, NULL AS checkpoint_id,
        options -> 'sealed' ->> 1 AS envelope
    FROM {schema}.runs
    ORDER BY updated_at DESC
    LIMIT %(rows)s
)
UNION ALL
(
    SELECT 'checkpoints', thread_id, checkpoint_ns, checkpoint_id, metadata -> 'sealed' ->> 1
    FROM checkpoints
    LIMIT %(rows)s
);
