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

-- name: try_lock
-- Never a blocking lock: a session that waits inside a statement holds a snapshot, and the saver's CREATE INDEX
-- CONCURRENTLY waits for all snapshots, so the two would wait for each other unseen by the deadlock detector.
SELECT pg_try_advisory_xact_lock(hashtext('langgraph_quorum.migrations')) AS locked;

-- name: record
INSERT INTO {schema}.migrations (version, name) VALUES (%(version)s, %(name)s);
