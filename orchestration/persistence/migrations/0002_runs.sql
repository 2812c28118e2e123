-- name: 0002_runs
-- What runs are found by (tags, age, status, workflow), what is asked of whoever drives one, and where one came from.

ALTER TABLE {schema}.runs DROP CONSTRAINT runs_status_check;
ALTER TABLE {schema}.runs
    ADD CONSTRAINT runs_status_check
        CHECK (status IN ('running', 'approved', 'partial', 'failed', 'waiting', 'interrupted', 'cancelled')),
    ADD COLUMN tags text[] NOT NULL DEFAULT '{}',
    -- A request to whoever drives the run; who takes the thread up next has seen it.
    ADD COLUMN asked text CHECK (asked IN ('cancel', 'drain')),
    -- Why it was asked, and then why the run stands as it does.
    ADD COLUMN reason text,
    ADD COLUMN forked_from text,
    ADD COLUMN forked_checkpoint text;

CREATE INDEX runs_tags_idx ON {schema}.runs USING gin (tags);

-- Pages go on behind (updated_at, thread_id) of the last row seen.
DROP INDEX {schema}.runs_updated_at_idx;
CREATE INDEX runs_updated_idx ON {schema}.runs (updated_at DESC, thread_id DESC);
CREATE INDEX runs_status_updated_idx ON {schema}.runs (status, updated_at DESC, thread_id DESC);
CREATE INDEX runs_workflow_updated_idx ON {schema}.runs (workflow, updated_at DESC, thread_id DESC);
