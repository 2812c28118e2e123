-- Statements of studio/rollback.py. LangGraph's tables are in the first schema of the search path.

-- name: threads_of_run
-- Where a run has written checkpoints, if their metadata is readable. No index serves this.
SELECT DISTINCT thread_id FROM checkpoints WHERE metadata ->> 'run_id' = %(run_id)s;

-- name: delete_checkpoints
-- Both in one statement, so that all goes or nothing. Blobs stay: older checkpoints may share them.
WITH gone AS (
    SELECT * FROM unnest(%(namespaces)s::text[], %(checkpoint_ids)s::text[]) AS one (checkpoint_ns, checkpoint_id)
), writes AS (
    DELETE FROM checkpoint_writes AS write USING gone
    WHERE write.thread_id = %(thread_id)s
        AND write.checkpoint_ns = gone.checkpoint_ns AND write.checkpoint_id = gone.checkpoint_id
)
DELETE FROM checkpoints AS checkpoint USING gone
WHERE checkpoint.thread_id = %(thread_id)s
    AND checkpoint.checkpoint_ns = gone.checkpoint_ns AND checkpoint.checkpoint_id = gone.checkpoint_id;
