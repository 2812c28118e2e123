"""Whether the database's role may do what a run needs: asked before anything runs, until a pool's role has it all."""

from __future__ import annotations

import shlex
from weakref import WeakSet

from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.roles import lacking_rights
from langgraph_quorum.state.errors import DatabaseError

_KEPT_ELSEWHERE = ("artifacts", "artifact_refs")
_sufficient: WeakSet[Pool] = WeakSet()
_sufficient_without_artifacts: WeakSet[Pool] = WeakSet()


async def check_rights(pool: Pool, *, artifacts: bool) -> None:
    """Refuse a role that could not store what a run gives. A right that only deleting needs may be missing.

    Args:
        pool: A pool of the migrated database.
        artifacts: Whether large texts are kept in this database.

    Raises:
        DatabaseError: naming the rights and the command that grants them; or they cannot be read.
    """
    known = _sufficient if artifacts else _sufficient_without_artifacts
    if pool in known:
        return
    lacking: list[str] = []
    for table, rights in (await lacking_rights(pool)).items():
        needed = [right for right in rights.split(", ") if right != "DELETE"]
        if needed and (artifacts or table.rpartition(".")[2] not in _KEPT_ELSEWHERE):
            lacking.append(f"{', '.join(needed)} on {table}")
    if lacking:
        role = await _role(pool)
        raise DatabaseError(
            f"the role {role!r} lacks rights that a run needs ({'; '.join(lacking)}), so nothing was run: let the owner"
            f" of the tables run `quorum db grant {shlex.quote(role)} --apply`"
        )
    known.add(pool)


async def _role(pool: Pool) -> str:
    async with borrowed(pool, "asking for rights") as connection:
        row = await (await connection.execute("SELECT current_user AS role")).fetchone()
    return "" if row is None else str(row["role"])
