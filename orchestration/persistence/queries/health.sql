-- Statements of health.py.

-- name: server
SELECT
    current_setting('server_version') AS version,
    pg_is_in_recovery() AS standby,
    current_setting('transaction_read_only') = 'on' AS read_only,
    pg_backend_pid() AS backend_pid,
    current_user AS role;

-- name: session
-- What sessions.py compares with the settings. A setting nobody has ever made is NULL or empty.
SELECT
    pg_backend_pid() AS backend_pid,
    current_setting('search_path') AS search_path,
    coalesce(current_setting('quorum.tenant', true), '') AS tenant,
    current_user AS role;

-- name: probe
-- Always rolled back. It reaches what rights do not show: a full disk, a read-only server, a broken table.
INSERT INTO {schema}.leases (thread_id, owner, token, expires_at)
VALUES ('probe of ' || gen_random_uuid(), 'probe', 0, '-infinity');

-- name: may_create
-- Ours live in a schema of their own, LangGraph's in the first one of the search path; or all of them in one that is
-- yet to be created.
SELECT CASE WHEN to_regnamespace('{schema}') IS NULL
        THEN has_database_privilege(current_database(), 'CREATE')
        ELSE has_schema_privilege('{schema}', 'CREATE')
    END
    AND coalesce(has_schema_privilege(current_schema(), 'CREATE'), %(one_schema)s) AS allowed;

-- name: sizes
-- Of the tables with their indexes, and about how many rows they hold: as the statistics have it, -1 when unknown.
SELECT
    space.nspname || '.' || found.relname AS table_name,
    pg_total_relation_size(found.oid) AS size_bytes,
    found.reltuples::bigint AS rows_estimate
FROM unnest(%(paths)s::text[]) AS wanted (path)
JOIN pg_class AS found ON found.oid = to_regclass(wanted.path)
JOIN pg_namespace AS space ON space.oid = found.relnamespace
ORDER BY table_name;

-- name: runs_by_status
-- A "running" run that nobody holds a lease of is an interrupted one.
SELECT
    CASE WHEN run.status = 'running' AND coalesce(lease.expires_at <= clock_timestamp(), true)
        THEN 'interrupted' ELSE run.status
    END AS status,
    count(*) AS runs
FROM {schema}.runs AS run
LEFT JOIN {schema}.leases AS lease USING (thread_id)
GROUP BY 1
ORDER BY 1;

-- name: live_leases
SELECT count(*) AS leases FROM {schema}.leases WHERE expires_at > clock_timestamp();
