-- Statements of tenants.py.

-- name: prepare
-- For this transaction only: no work is broken off half-way, no lock is waited for without end, and two that separate
-- at once do it one after the other.
SELECT
    set_config('statement_timeout', '0', true),
    set_config('lock_timeout', '10s', true),
    set_config('quorum.existing_tenant', %(existing)s, true),
    pg_advisory_xact_lock(hashtext('langgraph_quorum.tenants'));

-- name: separate
DO $separate$
DECLARE
    existing text := nullif(current_setting('quorum.existing_tenant'), '');
    inhabited boolean;
    found record;
BEGIN
    -- Which tenant a thread belongs to. Row-level security without a policy shows it to nobody but its owner, as whom
    -- claim_thread runs: a policy on the tables would hide from the second tenant that the first one is there.
    CREATE TABLE IF NOT EXISTS {schema}.tenant_threads (
        thread_id text PRIMARY KEY,
        tenant text NOT NULL CHECK (tenant <> '')
    );
    ALTER TABLE {schema}.tenant_threads ENABLE ROW LEVEL SECURITY;

    CREATE OR REPLACE FUNCTION {schema}.claim_thread() RETURNS trigger
    LANGUAGE plpgsql SECURITY DEFINER SET search_path = pg_catalog, pg_temp AS $claim$
    DECLARE
        holder text;
    BEGIN
        SELECT tenant INTO holder FROM {schema}.tenant_threads WHERE thread_id = NEW.thread_id;
        IF NOT FOUND THEN
            INSERT INTO {schema}.tenant_threads (thread_id, tenant) VALUES (NEW.thread_id, NEW.tenant)
            ON CONFLICT (thread_id) DO NOTHING;
            SELECT tenant INTO STRICT holder FROM {schema}.tenant_threads WHERE thread_id = NEW.thread_id;
        END IF;
        IF holder <> NEW.tenant THEN
            RAISE invalid_parameter_value
                USING MESSAGE = format('thread %L belongs to another tenant: choose another thread id', NEW.thread_id);
        END IF;
        RETURN NEW;
    END
    $claim$;
    -- Whoever may call it could make it the trigger of a table of their own, and ask it whose a thread is.
    REVOKE ALL ON FUNCTION {schema}.claim_thread() FROM PUBLIC;

    FOR found IN
        SELECT
            class.oid::regclass AS name,
            class.relrowsecurity AND class.relforcerowsecurity AS secured,
            EXISTS (
                SELECT FROM pg_attribute WHERE attrelid = class.oid AND attname = 'tenant' AND NOT attisdropped
            ) AS has_tenant,
            EXISTS (SELECT FROM pg_policy WHERE polrelid = class.oid AND polname = 'quorum_tenant') AS has_policy,
            EXISTS (SELECT FROM pg_trigger WHERE tgrelid = class.oid AND tgname = 'quorum_tenant') AS has_trigger,
            EXISTS (
                SELECT FROM pg_attribute WHERE attrelid = class.oid AND attname = 'thread_id' AND NOT attisdropped
            ) AS has_thread,
            class.oid IN (to_regclass('{schema}.artifacts'), to_regclass('{schema}.artifact_refs')) AS has_address,
            EXISTS (SELECT FROM pg_policy WHERE polrelid = class.oid AND polname = 'quorum_address') AS has_own
        FROM pg_class AS class
        WHERE class.relkind IN ('r', 'p') AND (
            class.oid IN (
                to_regclass('checkpoints'), to_regclass('checkpoint_blobs'), to_regclass('checkpoint_writes'),
                to_regclass('{schema}.leases'), to_regclass('{schema}.runs')
            )
            OR class.relnamespace = to_regnamespace('{schema}') AND class.relname ~ '^artifact'
        )
        ORDER BY class.relname
    LOOP
        IF NOT found.has_tenant THEN
            EXECUTE format('LOCK TABLE %s IN ACCESS EXCLUSIVE MODE', found.name);
            EXECUTE format('SELECT EXISTS (SELECT FROM %s)', found.name) INTO inhabited;
            IF inhabited AND existing IS NULL THEN
                RAISE invalid_parameter_value
                    USING MESSAGE = format('%s holds rows already: name the tenant that they belong to', found.name);
            END IF;
            -- A constant default fills the rows that are there without rewriting the table.
            EXECUTE format('ALTER TABLE %s ADD COLUMN tenant text NOT NULL DEFAULT %L', found.name, existing);
            EXECUTE format(
                'ALTER TABLE %s ALTER COLUMN tenant SET DEFAULT current_setting(''quorum.tenant''),'
                ' ADD CONSTRAINT tenant_named CHECK (tenant <> '''')', found.name
            );
            IF found.has_thread AND inhabited THEN
                EXECUTE format(
                    'INSERT INTO {schema}.tenant_threads (thread_id, tenant) SELECT DISTINCT thread_id, tenant FROM %s'
                    ' ON CONFLICT (thread_id) DO NOTHING', found.name
                );
            END IF;
        END IF;
        IF NOT found.has_policy THEN
            EXECUTE format(
                'CREATE POLICY quorum_tenant ON %s USING (tenant = current_setting(''quorum.tenant''))'
                ' WITH CHECK (tenant = current_setting(''quorum.tenant''))', found.name
            );
        END IF;
        -- Keys and references are checked past all policies: they would tell which contents another tenant keeps, and
        -- a reference would keep them there. What has no name before it was put before the tenants were separated.
        IF found.has_address AND NOT found.has_own THEN
            EXECUTE format(
                'CREATE POLICY quorum_address ON %s AS RESTRICTIVE FOR INSERT WITH CHECK ('
                ' hash = tenant || ''/'' || substring(hash FROM ''[^/]*$'')%s)', found.name,
                CASE WHEN found.has_thread THEN
                    ' OR EXISTS (SELECT FROM {schema}.artifacts AS kept WHERE kept.hash = artifact_refs.hash)'
                ELSE '' END
            );
            IF NOT found.has_thread THEN
                EXECUTE format(
                    'CREATE POLICY quorum_address_kept ON %s AS RESTRICTIVE FOR UPDATE USING (true) WITH CHECK ('
                    ' hash = tenant || ''/'' || substring(hash FROM ''[^/]*$'') OR position(''/'' IN hash) = 0)', found.name
                );
            END IF;
        END IF;
        -- Blobs and writes need none: their checkpoint's is refused, in the same transaction or right after.
        IF found.has_thread AND NOT found.has_trigger AND found.name::text !~ 'checkpoint_(blobs|writes)"?$' THEN
            EXECUTE format(
                'CREATE TRIGGER quorum_tenant BEFORE INSERT OR UPDATE OF thread_id, tenant ON %s'
                ' FOR EACH ROW EXECUTE FUNCTION {schema}.claim_thread()', found.name
            );
        END IF;
        IF NOT found.secured THEN
            EXECUTE format('ALTER TABLE %s ENABLE ROW LEVEL SECURITY, FORCE ROW LEVEL SECURITY', found.name);
        END IF;
    END LOOP;
END
$separate$;

-- name: prepare_binding
SELECT
    set_config('lock_timeout', '10s', true),
    set_config('quorum.bound_role', %(role)s, true),
    set_config('quorum.bound_tenant', %(tenant)s, true);

-- name: bind
-- A session may SET quorum.tenant to what it likes; a policy for its role with the tenant's name in it cannot be
-- talked out of it.
DO $bind$
DECLARE
    bound_role text := current_setting('quorum.bound_role');
    bound_tenant text := current_setting('quorum.bound_tenant');
    policy text := 'quorum_role_' || (SELECT oid FROM pg_roles WHERE rolname = bound_role);
    found record;
BEGIN
    IF policy IS NULL THEN
        RAISE undefined_object USING MESSAGE = format('role %L does not exist', bound_role);
    END IF;
    FOR found IN SELECT polrelid::regclass AS name FROM pg_policy WHERE polname = 'quorum_tenant' ORDER BY 1 LOOP
        EXECUTE format('DROP POLICY IF EXISTS %I ON %s', policy, found.name);
        EXECUTE format(
            'CREATE POLICY %I ON %s AS RESTRICTIVE TO %I USING (tenant = %L) WITH CHECK (tenant = %L)',
            policy, found.name, bound_role, bound_tenant, bound_tenant
        );
    END LOOP;
    EXECUTE format('ALTER ROLE %I IN DATABASE %I SET quorum.tenant = %L', bound_role, current_database(), bound_tenant);
END
$bind$;

-- name: session
SELECT nullif(current_setting('quorum.tenant', true), '') AS tenant, session_user::text AS role;

-- name: bindings
-- The conditions of the policies that bind_role has made for this session's role, or for one whose rights it has.
SELECT DISTINCT pg_get_expr(policy.polqual, policy.polrelid) AS condition
FROM pg_policy AS policy
WHERE policy.polname ~ '^quorum_role_' AND NOT policy.polpermissive
    AND EXISTS (SELECT FROM unnest(policy.polroles) AS bound (role) WHERE pg_has_role(session_user, bound.role, 'USAGE'))
    AND policy.polrelid IN (to_regclass('checkpoints'), to_regclass('{schema}.runs'))
    AND NOT EXISTS (SELECT FROM pg_roles WHERE rolname = session_user AND (rolsuper OR rolbypassrls));

-- name: gaps
-- Every way past the policies that this session has, the widest first.
WITH held AS (
    SELECT class.*, class.oid::regclass::text AS name
    FROM pg_class AS class
    WHERE class.relkind IN ('r', 'p') AND (
        class.oid IN (
            to_regclass('checkpoints'), to_regclass('checkpoint_blobs'), to_regclass('checkpoint_writes'),
            to_regclass('{schema}.leases'), to_regclass('{schema}.runs')
        )
        OR class.relnamespace = to_regnamespace('{schema}') AND class.relname ~ '^artifact'
    )
),
above AS (
    -- Membership, not inheritance: SET ROLE is enough.
    SELECT oid, rolname FROM pg_roles
    WHERE (rolsuper OR rolbypassrls) AND (pg_has_role(session_user, oid, 'MEMBER') OR pg_has_role(oid, 'MEMBER'))
),
bound AS (
    -- What bind_role has made: which roles are held to one tenant on which table.
    SELECT polrelid, role FROM pg_policy CROSS JOIN unnest(polroles) AS bound (role)
    WHERE polname ~ '^quorum_role_' AND NOT polpermissive
),
gap AS (
    SELECT 1 AS place, 'tables are missing' AS what, 'migrate the database first' AS mend
    WHERE (SELECT count(*) FROM held) < 5
    UNION ALL
    SELECT 2, format('%s is not separated by tenant', name), 'run `quorum db tenants separate` as the owner of the tables'
    FROM held
    WHERE NOT (relrowsecurity AND relforcerowsecurity)
        OR NOT EXISTS (
            SELECT FROM pg_policy
            WHERE polrelid = held.oid AND polname = 'quorum_tenant' AND polcmd = '*' AND polroles = '{0}'
                AND pg_get_expr(polqual, polrelid) = $$(tenant = current_setting('quorum.tenant'::text))$$
                AND pg_get_expr(polwithcheck, polrelid) = $$(tenant = current_setting('quorum.tenant'::text))$$
        )
    UNION ALL
    SELECT 2, format('%s tells what other tenants keep', name), 'run `quorum db tenants separate` as the owner of the tables'
    FROM held
    WHERE oid IN (to_regclass('{schema}.artifacts'), to_regclass('{schema}.artifact_refs'))
        AND EXISTS (SELECT FROM pg_policy WHERE polrelid = held.oid AND polname = 'quorum_tenant')
        AND NOT EXISTS (SELECT FROM pg_policy WHERE polrelid = held.oid AND polname = 'quorum_address')
    UNION ALL
    SELECT 3, format('%s has the policy %I, which lets in more than one tenant', name, polname), 'drop that policy'
    FROM held JOIN pg_policy ON polrelid = held.oid
    WHERE polpermissive AND polname <> 'quorum_tenant'
    UNION ALL
    SELECT 4, format('the role %I is above the policies, or may become %I, which is', session_user, min(rolname)),
        'connect as a role that is neither superuser nor BYPASSRLS'
    FROM above
    HAVING count(*) > 0
    UNION ALL
    SELECT 5, format('the role %I owns %s, and may take the policies away', session_user, name),
        'connect as a role that owns no tables'
    FROM held
    WHERE NOT EXISTS (SELECT FROM above) AND pg_has_role(session_user, relowner, 'MEMBER')
    UNION ALL
    SELECT 6, format('the role %I may %s %s, which policies do not limit', session_user, rights.name, class.name),
        format('let the owner REVOKE %s ON %s', rights.name, class.name)
    FROM (
        SELECT oid, relowner, name FROM held
        UNION ALL
        SELECT oid, relowner, '{schema}.tenant_threads' FROM pg_class WHERE oid = to_regclass('{schema}.tenant_threads')
    ) AS class
    CROSS JOIN unnest(ARRAY['TRUNCATE', 'TRIGGER', 'REFERENCES']) AS rights (name)
    WHERE NOT EXISTS (SELECT FROM above) AND NOT pg_has_role(session_user, class.relowner, 'MEMBER')
        AND has_table_privilege(session_user, class.oid, rights.name)
    UNION ALL
    SELECT DISTINCT 7, format('the view %s shows %s past the policies', view.oid::regclass, held.name),
        format('let its owner set security_invoker on it, or REVOKE SELECT ON %s', view.oid::regclass)
    FROM held
    JOIN pg_depend ON refobjid = held.oid AND refclassid = 'pg_class'::regclass AND classid = 'pg_rewrite'::regclass
    JOIN pg_rewrite ON pg_rewrite.oid = pg_depend.objid
    JOIN pg_class AS view ON view.oid = pg_rewrite.ev_class AND view.relkind IN ('v', 'm')
    JOIN pg_roles AS owner ON owner.oid = view.relowner
    WHERE NOT EXISTS (SELECT FROM above)
        AND has_table_privilege(session_user, view.oid, 'SELECT')
        AND (
            view.relkind = 'm' OR owner.rolsuper OR owner.rolbypassrls
            -- Its owner's policies hold in it: what its reader is bound to does not, and the setting is the reader's.
            OR EXISTS (SELECT FROM bound WHERE polrelid = held.oid AND pg_has_role(session_user, role, 'USAGE'))
            AND NOT EXISTS (SELECT FROM bound WHERE polrelid = held.oid AND pg_has_role(owner.oid, role, 'USAGE'))
        )
        AND NOT coalesce(view.reloptions && ARRAY['security_invoker=true', 'security_invoker=on'], false)
    UNION ALL
    SELECT 8, format('%s is a part of %s with no policy of its own', inhrelid::regclass, held.name),
        'revoke all rights on the part: it is reached through its parent'
    FROM held JOIN pg_inherits ON inhparent = held.oid
    WHERE NOT EXISTS (SELECT FROM above)
        AND has_table_privilege(session_user, inhrelid, 'SELECT, INSERT, UPDATE, DELETE, TRUNCATE')
    UNION ALL
    SELECT 9, format('the role %I is bound to its tenant on other tables, but not on %s', session_user, held.name),
        'bind it again with `quorum db tenants bind`'
    FROM held JOIN pg_roles ON rolname = session_user
    WHERE EXISTS (SELECT FROM pg_policy WHERE polname = 'quorum_role_' || pg_roles.oid)
        AND NOT EXISTS (
            SELECT FROM pg_policy
            WHERE polname = 'quorum_role_' || pg_roles.oid AND polrelid = held.oid AND NOT polpermissive
        )
    UNION ALL
    SELECT DISTINCT 10, format('the role %I is bound to its tenant, and may become %I, which is not', session_user, rolname),
        format('bind %I, too, or grant %I its rights itself and REVOKE %I FROM %I', rolname, session_user, rolname, session_user)
    FROM held JOIN pg_roles AS other
        ON pg_has_role(session_user, other.oid, 'MEMBER')
        AND has_table_privilege(other.oid, held.oid, 'SELECT, INSERT, UPDATE, DELETE')
    WHERE NOT EXISTS (SELECT FROM above) AND NOT pg_has_role(session_user, held.relowner, 'MEMBER')
        AND EXISTS (SELECT FROM bound WHERE polrelid = held.oid AND pg_has_role(session_user, role, 'USAGE'))
        AND NOT EXISTS (SELECT FROM bound WHERE polrelid = held.oid AND pg_has_role(other.oid, role, 'USAGE'))
)
SELECT what, mend FROM gap ORDER BY place, what;
