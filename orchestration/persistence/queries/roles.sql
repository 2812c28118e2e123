-- Statements of roles.py.

-- name: where
-- Those of the named tables that exist, and the schema of each; a bare name is looked for along the search path.
SELECT wanted.path, space.nspname AS schema
FROM unnest(%(paths)s::text[]) AS wanted (path)
JOIN pg_class AS found ON found.oid = to_regclass(wanted.path)
JOIN pg_namespace AS space ON space.oid = found.relnamespace;

-- name: lacking
-- For each table the rights that this role has not; a table that does not exist is none that lacks.
SELECT wanted.path AS table_name, string_agg(right_name, ', ' ORDER BY right_name) AS missing
FROM unnest(%(paths)s::text[], %(rights)s::text[]) AS wanted (path, right_name)
WHERE to_regclass(wanted.path) IS NOT NULL
    AND NOT has_table_privilege(to_regclass(wanted.path), wanted.right_name)
GROUP BY wanted.path
ORDER BY wanted.path;
