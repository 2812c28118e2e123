"""Tenants that share a database: row-level security lets a session see and write the rows of its own tenant only.

A session's tenant is the setting `quorum.tenant`, which `PoolSettings(tenant=...)` gives each connection; without it,
nothing is seen and nothing can be written. Whoever runs SQL of their own may change the setting: a role that is not
trusted with that is bound to its tenant by `bind_role`, and then the setting can only narrow what it sees.

A thread id belongs to the first tenant that uses it, for good. The primary keys do not hold the tenant, so that an
upsert would otherwise meet another's rows unseen; a second tenant is refused when it takes the thread, and at the
latest with its first checkpoint. It learns by that that the id is taken: give ids that cannot be guessed.
"""

from __future__ import annotations

import re
from dataclasses import dataclass

from psycopg.errors import InvalidParameterValue

from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError

_WORK_S = 300.0
_CONDITION = re.compile(r"\(tenant = (?P<escaped>E?)'(?P<text>.*)'::text\)", re.DOTALL)
_TENANT_MEND = "give the tenant's name: a text that is not empty and holds no NUL"


@dataclass(frozen=True)
class TenantsStatus:
    """How well the tenants are kept apart, as one session sees it.

    Attributes:
        role: Who the session has logged in as.
        tenant: Its tenant; None when it has none, and sees no rows.
        gaps: Ways past the policies, each `what: mend`: tables not separated, a role that policies do not hold (a
            superuser, BYPASSRLS, the tables' owner, or one that may become such), rights that no policy limits,
            policies and views of others that show more. Empty when there is none.
        bound: The tenants that `bind_role` holds the role to, whatever the session's is. With another one than
            `tenant` here, the session sees no rows.
    """

    role: str
    tenant: str | None
    gaps: tuple[str, ...]
    bound: tuple[str, ...] = ()

    @property
    def separated(self) -> bool:
        """No gap was found."""
        return not self.gaps


async def separate_tenants(pool: Pool, *, existing: str | None = None) -> None:
    """Give all tables a tenant and policies; run it as their owner, again after an update that brought new tables.

    What is done already is left alone. Every session needs a tenant from then on, those that are open included.

    Args:
        pool: A pool of the migrated database, as the tables' owner.
        existing: The tenant that rows already there belong to.

    Raises:
        ConfigurationError: There are rows, and `existing` is not given; or it is no name. Nothing was changed.
        DatabaseError: The role may not change the tables, or they are in use for longer than ten seconds.
    """
    if existing is not None:
        _check_name("existing", existing)
    try:
        async with (
            borrowed(pool, "separating the tenants", timeout_s=_WORK_S) as connection,
            connection.transaction(),
        ):
            sql = pool.statements("tenants")
            await connection.execute(sql["prepare"], {"existing": existing or ""})
            await connection.execute(sql["separate"])
    except DatabaseError as error:
        if isinstance(error.__cause__, InvalidParameterValue):
            raise ConfigurationError("existing", existing, str(error.__cause__.diag.message_primary)) from None
        raise


async def bind_role(pool: Pool, role: str, tenant: str) -> None:
    """Bind a role to one tenant, whatever its sessions set; and make that tenant the role's default.

    This is also how a tenant is told behind a transaction pooler, which keeps no settings of a session.

    Args:
        pool: A pool of a database whose tenants are separated, as a role that owns the tables and may alter `role`.
        role: The role, which exists.
        tenant: Its tenant; a role that was bound before is bound anew.

    Raises:
        ConfigurationError: `tenant` is no name.
        DatabaseError: There is no such role, or the one that binds lacks a right.
    """
    _check_name("tenant", tenant)
    async with borrowed(pool, f"binding the role {role!r}") as connection, connection.transaction():
        sql = pool.statements("tenants")
        await connection.execute(sql["prepare_binding"], {"role": role, "tenant": tenant})
        await connection.execute(sql["bind"])


async def tenants_status(pool: Pool) -> TenantsStatus:
    """Look for ways past the policies; changes nothing.

    Raises:
        DatabaseError: The database cannot be read.
    """
    async with borrowed(pool, "looking at the tenants") as connection:
        return await _status(connection, pool)


async def check_tenant(pool: Pool, tenant: str) -> None:
    """Make sure that the pool's sessions are held to one tenant.

    Raises:
        ConfigurationError: Their tenant is another one, or none, or the role is bound to another.
        DatabaseError: There is a way past the policies; the message names the widest, with its mend.
    """
    _check_name("tenant", tenant)
    status = await tenants_status(pool)
    if status.gaps:
        rest = len(status.gaps) - 1
        more = f" (and {rest} more gaps: see `quorum db tenants status`)" if rest else ""
        raise DatabaseError(f"tenant {tenant!r} would not be kept apart from others: {status.gaps[0]}{more}")
    if status.tenant != tenant:
        raise ConfigurationError(
            "tenant", tenant, f"the session's is {status.tenant!r}: ALTER ROLE {status.role} SET quorum.tenant = ..."
        )
    if others := [bound for bound in status.bound if bound != tenant]:
        mend = f"the role {status.role} is bound to the tenant {others[0]!r}, and would see nothing: take {others[0]!r}"
        raise ConfigurationError("tenant", tenant, f"{mend} as QUORUM_TENANT or none, or connect as another role")


async def _status(connection: Connection, pool: Pool) -> TenantsStatus:
    sql = pool.statements("tenants")
    with database_errors("looking at the tenants"):
        session = await (await connection.execute(sql["session"])).fetchone()
        gaps = await (await connection.execute(sql["gaps"])).fetchall()
        bindings = await (await connection.execute(sql["bindings"])).fetchall()
    assert session is not None  # noqa: S101  # a SELECT without FROM has one row
    return TenantsStatus(
        session["role"],
        session["tenant"],
        tuple(f"{gap['what']}: {gap['mend']}" for gap in gaps),
        tuple(sorted(_bound_to(row["condition"]) for row in bindings)),
    )


def _bound_to(condition: str) -> str:
    """The tenant in the condition of a role's policy, as Postgres writes it out: `(tenant = 'it''s'::text)`."""
    found = _CONDITION.fullmatch(condition)
    if found is None:
        return condition  # of somebody else's making: no tenant is called that
    text = found["text"].replace("''", "'")
    return text.replace("\\\\", "\\") if found["escaped"] else text


def _check_name(field: str, tenant: str) -> None:
    if not isinstance(tenant, str) or not tenant or "\x00" in tenant:
        raise ConfigurationError(field, tenant, _TENANT_MEND)
