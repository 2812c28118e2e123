-- Statements of watching.py, on LangGraph's tables. Only the graph itself is watched, not the graphs within it.

-- name: pulse
-- Changes with every superstep, and with every task of one that stores something.
SELECT
    latest.checkpoint_id,
    (
        SELECT count(*) FROM checkpoint_writes AS writes
        WHERE writes.thread_id = %(thread_id)s
            AND writes.checkpoint_ns = ''
            AND writes.checkpoint_id = latest.checkpoint_id
    ) AS writes
FROM checkpoints AS latest
WHERE latest.thread_id = %(thread_id)s AND latest.checkpoint_ns = ''
ORDER BY latest.checkpoint_id DESC
LIMIT 1;

-- name: steps
-- The ids of checkpoints grow with time. Before the first one that has begun there was an input, unless it was pruned.
SELECT checkpoint_id, checkpoint ->> 'ts' AS at, checkpoint -> 'versions_seen' ? '__start__' AS begun
FROM checkpoints
WHERE thread_id = %(thread_id)s AND checkpoint_ns = '' AND checkpoint_id >= %(since)s
ORDER BY checkpoint_id
LIMIT %(limit)s;

-- name: tasks
-- A path reads `~__pregel_pull, NODE`, or `~__pregel_push, POSITION, ...` for what was sent with `Send`.
SELECT checkpoint_id, task_id, task_path, array_agg(channel ORDER BY idx, channel) AS channels
FROM checkpoint_writes
WHERE thread_id = %(thread_id)s
    AND checkpoint_ns = ''
    AND checkpoint_id >= %(since)s
    AND checkpoint_id <= %(until)s
GROUP BY checkpoint_id, task_id, task_path
ORDER BY checkpoint_id, task_path, task_id;
