"""What a migration would do, as SQL text: for whoever wants to read it first, or to carry it out by hand."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from langgraph.checkpoint.postgres.aio import AsyncPostgresSaver

from langgraph_quorum.orchestration.persistence.migrations import (
    MigrationStatus,
    broken_indexes,
    read_status,
    schema_is_missing,
)
from langgraph_quorum.orchestration.persistence.pool import Pool, borrowed
from langgraph_quorum.orchestration.persistence.statements import migration_scripts


@dataclass(frozen=True)
class MigrationStep:
    """One step, complete with the entry that it has been taken.

    Attributes:
        owner: Whose tables it is about.
        name: `schema`, `0001_quorum`, or `checkpoints_07` for LangGraph's own, which have numbers only.
        sql: One or more statements. LangGraph's must not stand inside a transaction, ours bring their own; where the
            settings name a schema, LangGraph's set it as the session's search path, for they name tables only.
    """

    owner: Literal["langgraph", "quorum"]
    name: str
    sql: str


@dataclass(frozen=True)
class MigrationPlan:
    """What `migrate` would carry out now.

    Attributes:
        status: How far the database is.
        steps: In their order; none when nothing is left to do.
    """

    status: MigrationStatus
    steps: tuple[MigrationStep, ...]

    @property
    def script(self) -> str:
        """The steps as one script for psql."""
        return "\n".join(f"-- {step.owner}: {step.name}\n{step.sql.strip()}\n" for step in self.steps)


async def plan_migration(pool: Pool) -> MigrationPlan:
    """What is to be done; nothing is changed and no lock is taken.

    Raises:
        DatabaseError: The database cannot be read.
    """
    async with borrowed(pool, "reading the migrations") as connection:
        status = await read_status(connection, pool)
        missing = await schema_is_missing(connection, pool)
        broken = await broken_indexes(connection, pool, status.saver_version)
    schema = [MigrationStep("quorum", "schema", _text(pool, "create_schema"))] if missing else []
    return MigrationPlan(status, (*schema, *_cleared(broken), *_langgraphs(status, pool), *_ours(status, pool)))


def _cleared(broken: list[str]) -> list[MigrationStep]:
    """Away with what is left of indexes that nobody has built to their end: IF NOT EXISTS would keep it."""
    return [
        MigrationStep("langgraph", "broken_index", f"DROP INDEX CONCURRENTLY IF EXISTS {index};") for index in broken
    ]


def _langgraphs(status: MigrationStatus, pool: Pool) -> list[MigrationStep]:
    migrations = AsyncPostgresSaver.MIGRATIONS
    there = "" if pool.settings.schema is None else f"SET search_path = {pool.schema};\n"
    return [
        MigrationStep(
            "langgraph",
            f"checkpoints_{number:02}",
            f"{there}{migrations[number].strip()}\nINSERT INTO checkpoint_migrations (v) VALUES ({number});",
        )
        for number in range(status.saver_version + 1, len(migrations))
    ]


def _ours(status: MigrationStatus, pool: Pool) -> list[MigrationStep]:
    return [
        MigrationStep(
            "quorum",
            migration.name,
            f"BEGIN;\n{migration.on(pool.schema).decode().strip()}\n"
            f"INSERT INTO {pool.schema}.migrations (version, name) VALUES ({migration.version}, '{migration.name}');\n"
            "COMMIT;",
        )
        for migration in migration_scripts()
        if migration.version > status.current
    ]


def _text(pool: Pool, name: str) -> str:
    return pool.statements("migrations")[name].decode()
