"""One embedded Postgres for each test process, and a fresh database on it for each test that asks."""

import asyncio
import gc
import shutil
import subprocess
import tempfile
import uuid
from collections.abc import Callable, Generator, Iterator
from contextlib import AbstractContextManager, AsyncExitStack, contextmanager
from pathlib import Path
from typing import TypeAlias

import psycopg
import pytest
from hypothesis import settings
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from langgraph_quorum.orchestration.persistence.postmaster import living_servers
from tests.virtual_time import no_threads_in_virtual_time  # noqa: F401  a fixture

MEMORY_BYTES = 2_000_000_000
LONG = 60

settings.register_profile("patient", settings(), deadline=None)  # a busy machine is no error
settings.load_profile("patient")

NewDatabase: TypeAlias = Callable[..., AbstractContextManager[str]]
"""Gives the connection string of a new database, which may be gone once the block has ended."""


@contextmanager
def private_folder() -> Iterator[Path]:
    """A folder outside pytest's own, which every new pytest session of the user closes to others.

    As root, Postgres runs as another user, who must be able to pass.
    """
    memory = Path("/dev/shm")  # spares tests that only start and stop servers the wait for a busy disk
    roomy = memory.is_dir() and shutil.disk_usage(memory).free > MEMORY_BYTES
    folder = Path(tempfile.mkdtemp(prefix="quorum-test-", dir=memory if roomy else None)).resolve()
    yield folder
    for process in living_servers(folder / "pg" / "data"):
        process.kill()
    shutil.rmtree(folder)


@pytest.fixture(scope="session")
def cluster() -> Iterator[Path]:
    """A created, stopped server to copy: creating one costs more than most tests, and waiting for disks the rest."""
    with private_folder() as folder, asyncio.Runner() as runner:
        stack = AsyncExitStack()
        runner.run(stack.enter_async_context(embedded_postgres(folder / "pg")))
        runner.run(stack.aclose())
        with (folder / "pg" / "data" / "postgresql.conf").open("a") as settings:
            settings.write("fsync = off\n")
        yield folder / "pg"


@pytest.fixture
def empty_server_folder() -> Iterator[Path]:
    """Where a test may create a server of its own; what still runs there afterwards is killed."""
    with private_folder() as folder:
        yield folder / "pg"


@pytest.fixture
def server_folder(cluster: Path, empty_server_folder: Path) -> Path:
    """A created, stopped server of the test's own."""
    subprocess.run(["cp", "-a", cluster, empty_server_folder], check=True)  # keeps the owner
    return empty_server_folder


@pytest.fixture(scope="session")
def dsn(cluster: Path) -> Iterator[str]:
    """The connection string of a server that lives as long as this test process (with xdist: this worker)."""
    with private_folder() as folder, asyncio.Runner() as runner:
        subprocess.run(["cp", "-a", cluster, folder / "pg"], check=True)
        stack = AsyncExitStack()
        yield runner.run(stack.enter_async_context(embedded_postgres(folder / "pg")))
        runner.run(stack.aclose())


@pytest.fixture(scope="session")
def new_database(dsn: str) -> NewDatabase:
    """Makes a database, a copy of the one that is named.

    It is dropped, with whoever is still connected, before the next one is made: for those who have just left Postgres
    would wait a tenth of a second.
    """
    left: list[str] = []

    @contextmanager
    def made(like: str = "template1") -> Iterator[str]:
        name = f"test_{uuid.uuid4().hex}"
        with psycopg.connect(dsn, autocommit=True) as admin:
            while left:
                admin.execute(f"DROP DATABASE {left.pop()} WITH (FORCE)".encode())
            admin.execute(f"CREATE DATABASE {name} TEMPLATE {like} STRATEGY FILE_COPY".encode())
        yield make_conninfo(dsn, dbname=name)
        left.append(name)

    return made


@pytest.fixture
def database(new_database: NewDatabase) -> Iterator[str]:
    """The connection string of an empty database, the test's own."""
    with new_database() as created:
        yield created


@pytest.fixture
def migrated_database(new_database: NewDatabase, migrated: str) -> Iterator[str]:
    """The same with our tables in it."""
    with new_database(migrated) as created:
        yield created


@pytest.fixture(scope="session")
def migrated(new_database: NewDatabase) -> Iterator[str]:
    """The name of a database with our tables, to copy: a copy costs a third of migrating anew."""

    async def fill(created: str) -> None:
        async with open_database(created):
            pass

    with new_database() as created:
        asyncio.run(fill(created))
        yield str(conninfo_to_dict(created)["dbname"])


@pytest.hookimpl(wrapper=True)
def pytest_collection() -> Generator[None, object, object]:
    """Spare the garbage collector what is imported and collected: it is there to the end.

    There is more of it than of anything else, and whoever makes many objects would have it looked through each time.
    """
    gc.disable()
    try:
        return (yield)
    finally:
        gc.freeze()
        gc.enable()


def pytest_make_parametrize_id(val: object, argname: str) -> str | None:
    """Name what is long by its length: pytest would put all of it, random bytes too, into the test's id."""
    return f"{argname} of {len(val)}" if isinstance(val, (str, bytes)) and len(val) > LONG else None
