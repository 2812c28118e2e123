-- name: 0001_quorum
-- Who drives a thread (leases) and what was started (runs), beside LangGraph's own checkpoint tables.

-- IF NOT EXISTS would ask for the right to create schemas even where an owner has made this one for us.
DO $$
BEGIN
    IF to_regnamespace('{schema}') IS NULL THEN
        CREATE SCHEMA {schema};
    END IF;
END
$$;

-- One row for each migration that was carried out.
CREATE TABLE {schema}.migrations (
    version integer PRIMARY KEY,
    name text NOT NULL,
    applied_at timestamptz NOT NULL DEFAULT now()
);

-- One row for each thread that was ever driven. It is never deleted while its thread exists, for `token` must only
-- ever grow: a driver that slept through a takeover is told by its smaller token.
CREATE TABLE {schema}.leases (
    thread_id text PRIMARY KEY,
    owner text NOT NULL,
    token bigint NOT NULL,
    expires_at timestamptz NOT NULL
);

-- One row for each thread, with how its last run stands.
CREATE TABLE {schema}.runs (
    thread_id text PRIMARY KEY,
    workflow text NOT NULL,
    status text NOT NULL CHECK (status IN ('running', 'approved', 'partial', 'failed', 'waiting', 'interrupted')),
    task text NOT NULL,
    options jsonb NOT NULL DEFAULT '{}',
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    updated_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

CREATE INDEX runs_updated_at_idx ON {schema}.runs (updated_at DESC);
