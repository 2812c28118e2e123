-- Statements of health.py.

-- name: server
SELECT
    current_setting('server_version') AS version,
    pg_is_in_recovery() AS standby,
    current_setting('transaction_read_only') = 'on' AS read_only,
    pg_backend_pid() AS backend_pid,
    current_user AS role;

-- name: missing_rights
-- What a run needs on each table, and this role has not.
SELECT tables.name AS table_name, string_agg(rights.name, ', ' ORDER BY rights.name) AS missing
FROM unnest(ARRAY[
    'checkpoints', 'checkpoint_blobs', 'checkpoint_writes', '{schema}.leases', '{schema}.runs'
]) AS tables (name)
CROSS JOIN unnest(ARRAY['SELECT', 'INSERT', 'UPDATE', 'DELETE']) AS rights (name)
WHERE NOT has_table_privilege(tables.name, rights.name)
GROUP BY tables.name
ORDER BY tables.name;

-- name: probe
-- Always rolled back. It reaches what rights do not show: a full disk, a read-only server, a broken table.
INSERT INTO {schema}.leases (thread_id, owner, token, expires_at)
VALUES ('probe of ' || gen_random_uuid(), 'probe', 0, '-infinity');

-- name: may_create
-- Ours live in a schema of their own, LangGraph's in the first one of the search path.
SELECT has_database_privilege(current_database(), 'CREATE')
    AND coalesce(has_schema_privilege(current_schema(), 'CREATE'), false) AS allowed;
