"""A database with tenants, seen by its owner and by roles that are held to one of them."""

from __future__ import annotations

import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from typing import Self

import psycopg
from langchain_core.runnables import RunnableConfig
from langgraph.graph import START, StateGraph
from psycopg.conninfo import make_conninfo
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.saver import make_saver

TABLES = ["checkpoints", "checkpoint_blobs", "checkpoint_writes", "quorum.leases", "quorum.runs"]
RIGHTS = "SELECT, INSERT, UPDATE, DELETE"


@dataclass
class Site:
    """A migrated database, its owner's connection string, and roles made for the test, which it drops."""

    owner: str
    roles: list[str] = field(default_factory=list)

    def __enter__(self) -> Self:
        return self

    def __exit__(self, *_: object) -> None:
        for role in self.roles:
            self.run(f"DROP OWNED BY {role}", f"DROP ROLE {role}")

    def run(self, *commands: str) -> None:
        with psycopg.connect(self.owner, autocommit=True) as owner:
            for command in commands:
                owner.execute(command.encode())

    def role(self, attributes: str = "") -> str:
        """A login role with the rights that a run needs."""
        name = f"role_{uuid.uuid4().hex}"
        self.roles.append(name)
        self.run(f"CREATE ROLE {name} LOGIN {attributes}", f"GRANT USAGE ON SCHEMA quorum TO {name}")
        self.run(*(f"GRANT {RIGHTS} ON ALL TABLES IN SCHEMA {schema} TO {name}" for schema in ("public", "quorum")))
        return name

    def seen_by(self, role: str, tenant: str | None) -> str:
        settings = {} if tenant is None else {"options": f"-c quorum.tenant={tenant}"}
        return make_conninfo(self.owner, user=role, **settings)


class State(TypedDict, total=False):
    """What the graph under test keeps: one value inline, one in a blob."""

    said: str
    heard: list[str]


def thread(thread_id: str) -> RunnableConfig:
    return {"configurable": {"thread_id": thread_id}}


async def run_graph(pool: Pool, thread_id: str, word: str, token: int | None = None) -> None:
    builder = StateGraph(State)
    builder.add_node("hear", lambda state: {"heard": [state["said"]]})
    builder.add_edge(START, "hear")
    await builder.compile(checkpointer=make_saver(pool)).ainvoke({"said": word}, fenced_config(thread_id, token))


@asynccontextmanager
async def as_tenant(site: Site, role: str, tenant: str | None) -> AsyncIterator[Pool]:
    settings = PoolSettings(tenant=tenant, max_size=2)
    async with open_pool(site.seen_by(role, None), settings) as pool:
        yield pool


def rows(dsn: str, table: str) -> int:
    with psycopg.connect(dsn) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table}".encode()).fetchone()
    assert found is not None
    return int(found[0])
