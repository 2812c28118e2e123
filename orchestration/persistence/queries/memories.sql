-- Statements of memories.py, on LangGraph's tables.

-- name: then
-- The latest checkpoint of each nested graph that goes on where its last run ended: by the time of a checkpoint of the
-- outer graph, and by the end of the step after it. The namespace of one that begins anew with each task names the task,
-- after a colon, which no name of a node may hold.
SELECT
    checkpoint_ns,
    max(checkpoint_id) FILTER (WHERE checkpoint_id < %(checkpoint_id)s) AS before,
    max(checkpoint_id) AS since
FROM checkpoints
WHERE thread_id = %(thread_id)s
    AND checkpoint_ns <> ''
    AND position(':' IN checkpoint_ns) = 0
    AND NOT EXISTS (
        SELECT FROM checkpoints AS following
        WHERE following.thread_id = %(thread_id)s
            AND following.checkpoint_ns = ''
            AND following.checkpoint_id > %(checkpoint_id)s
            AND following.checkpoint_id < checkpoints.checkpoint_id
    )
GROUP BY checkpoint_ns
ORDER BY checkpoint_ns;

-- name: nested
-- Whether any graph within this one goes on where its last run ended, and whether any has begun since a checkpoint.
SELECT
    EXISTS (
        SELECT FROM checkpoints
        WHERE thread_id = %(thread_id)s AND checkpoint_ns <> '' AND position(':' IN checkpoint_ns) = 0
    ) AS remembers,
    EXISTS (
        SELECT FROM checkpoints
        WHERE thread_id = %(thread_id)s AND checkpoint_ns <> '' AND checkpoint_id > %(checkpoint_id)s
    ) AS begun;
