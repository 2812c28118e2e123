"""One embedded Postgres for each test process, and a fresh database on it for each test that asks."""

import asyncio
import uuid
from collections.abc import Iterator
from contextlib import AsyncExitStack

import psycopg
import pytest
from psycopg.conninfo import make_conninfo

from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres


@pytest.fixture(scope="session")
def dsn(tmp_path_factory: pytest.TempPathFactory) -> Iterator[str]:
    """The connection string of a server that lives as long as this test process (with xdist: this worker)."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        yield runner.run(stack.enter_async_context(embedded_postgres(tmp_path_factory.mktemp("postgres"))))
        runner.run(stack.aclose())


@pytest.fixture
def database(dsn: str) -> Iterator[str]:
    """The connection string of an empty database, dropped after the test with whoever is still connected."""
    name = f"test_{uuid.uuid4().hex}"
    with psycopg.connect(dsn, autocommit=True) as admin:
        admin.execute(f"CREATE DATABASE {name}".encode())
        yield make_conninfo(dsn, dbname=name)
        admin.execute(f"DROP DATABASE {name} WITH (FORCE)".encode())
