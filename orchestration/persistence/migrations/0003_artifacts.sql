-- name: 0003_artifacts
-- Large texts and data by their content's hash, and which threads refer to them.

-- A row never changes but for `put_at`, so that whoever holds an address can rely on what it stands for.
CREATE TABLE {schema}.artifacts (
    hash text PRIMARY KEY,
    -- Of the content; of what is stored when it is not encrypted.
    size_bytes bigint NOT NULL CHECK (size_bytes >= 0),
    -- As it was first put; each reference has one of its own.
    media_type text NOT NULL,
    -- What the encryption calls it; 'bytes' for what is not encrypted.
    kind text NOT NULL DEFAULT 'bytes',
    data bytea NOT NULL,
    created_at timestamptz NOT NULL DEFAULT clock_timestamp(),
    -- When it was last put: what is on its way into a state has no reference that others can see yet.
    put_at timestamptz NOT NULL DEFAULT clock_timestamp()
);

-- LZ4 costs less time than writing what it saves. A server that was built without it stores content as it is.
DO $$
BEGIN
    ALTER TABLE {schema}.artifacts ALTER COLUMN data SET COMPRESSION lz4;
EXCEPTION WHEN feature_not_supported THEN
    ALTER TABLE {schema}.artifacts ALTER COLUMN data SET STORAGE EXTERNAL;
END
$$;

-- The foreign key refuses to delete what is referred to, whatever a collector believes.
CREATE TABLE {schema}.artifact_refs (
    thread_id text NOT NULL,
    hash text NOT NULL REFERENCES {schema}.artifacts (hash),
    PRIMARY KEY (thread_id, hash)
);

CREATE INDEX artifact_refs_hash_idx ON {schema}.artifact_refs (hash);
