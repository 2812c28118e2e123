-- Statements of migrations.py.

-- name: tables
-- Which version tables exist, and where we are; to_regclass follows the search path as the saver does.
SELECT
    to_regclass('checkpoint_migrations') IS NOT NULL AS saver,
    to_regclass('{schema}.migrations') IS NOT NULL AS quorum,
    to_regnamespace('{schema}') IS NOT NULL AS schema_exists,
    current_user AS role,
    current_database() AS database,
    coalesce(current_schema(), 'public') AS schema;

-- name: saver_version
SELECT coalesce(max(v), -1) AS version FROM checkpoint_migrations;

-- name: quorum_version
SELECT coalesce(max(version), 0) AS version FROM {schema}.migrations;

-- name: create_schema
CREATE SCHEMA {schema};

-- name: unlimited
-- For this session, whatever the role or the database says: building an index of a large table takes its time.
SELECT
    set_config('statement_timeout', '0', false),
    set_config('idle_in_transaction_session_timeout', '0', false);

-- name: stand_still
-- The same for this transaction, which holds the lock and does nothing else while the saver's tables are made.
SELECT set_config('idle_in_transaction_session_timeout', '0', true);

-- name: broken_indexes
-- What is left of the saver's indexes when building them was broken off: they take room and time, and serve nobody; and
-- IF NOT EXISTS passes them by. One that is being built at this moment looks the same.
SELECT index.indexrelid::regclass::text AS path, class.relname AS name
FROM pg_index AS index
JOIN pg_class AS class ON class.oid = index.indexrelid
WHERE index.indrelid IN (
        to_regclass('checkpoints'), to_regclass('checkpoint_blobs'), to_regclass('checkpoint_writes')
    )
    AND NOT index.indisvalid
    AND NOT EXISTS (
        SELECT FROM pg_stat_progress_create_index AS progress WHERE progress.index_relid = index.indexrelid
    )
ORDER BY path;

-- name: try_lock
-- Never a blocking lock: a session that waits inside a statement holds a snapshot, and the saver's CREATE INDEX
-- CONCURRENTLY waits for all snapshots, so the two would wait for each other unseen by the deadlock detector.
SELECT pg_try_advisory_xact_lock(hashtext('langgraph_quorum.migrations')) AS locked;

-- name: record
INSERT INTO {schema}.migrations (version, name) VALUES (%(version)s, %(name)s);
