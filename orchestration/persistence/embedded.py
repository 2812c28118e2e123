"""A Postgres of our own: started by the first process that needs it, stopped by the last.

Who uses the server is kept as process marks in `holders.json` beside the data, so that a holder killed with -9 does
not keep it running, nor a reused pid. All changes happen under one file lock, which the system drops with its holder.
"""

from __future__ import annotations

import asyncio
import json
import logging
import os
import shutil
import time
from collections.abc import AsyncIterator, Callable, Iterator, Mapping
from contextlib import asynccontextmanager, contextmanager
from pathlib import Path
from typing import TypeVar
from urllib.parse import quote

import psycopg

from langgraph_quorum.orchestration.persistence import postmaster
from langgraph_quorum.orchestration.persistence.binaries import (
    PostgresPrograms,
    ProgramFailedError,
    find_programs,
    let_pass,
)
from langgraph_quorum.orchestration.persistence.configuration import configured
from langgraph_quorum.orchestration.persistence.processes import parse_mark, surely_dead, this_process
from langgraph_quorum.state.errors import DatabaseError, MissingExtraError

DATA_VARIABLE = "QUORUM_DATA"
LEAST_FREE_BYTES = 100 * 1024 * 1024

_LOCK_S = 180.0  # more than the longest start of another process
_CONNECT_S = 30.0
_T = TypeVar("_T")

logger = logging.getLogger(__name__)


@asynccontextmanager
async def embedded_postgres(folder: Path | None = None) -> AsyncIterator[str]:
    """Run the embedded server of `folder` for as long as the context is open, together with whoever else uses it.

    Every step is done in a thread and is bounded; a cancelled start is undone.

    Args:
        folder: Where the database lives; by default `default_folder(configured())`.

    Yields:
        The connection string of its database `postgres`, over a unix socket, as superuser, without a password.

    Raises:
        MissingExtraError: The extra `embedded` is not installed.
        DatabaseError: It cannot be started: no room, no right to write, no answer. The message names the mend.
    """
    server = _EmbeddedServer(default_folder(configured()) if folder is None else folder)
    try:
        yield await _to_the_end(server.join)
    finally:
        await _to_the_end(server.leave)


def default_folder(environ: Mapping[str, str]) -> Path:
    """`$QUORUM_DATA/postgres`, else `langgraph-quorum/postgres` in the user's data folder.

    Raises:
        MissingExtraError: The extra `embedded` is not installed.
    """
    if root := environ.get(DATA_VARIABLE, "").strip():
        return Path(root).expanduser() / "postgres"
    try:
        import platformdirs  # noqa: PLC0415 - an extra
    except ImportError as error:
        raise MissingExtraError("embedded", "Postgres without a server of your own") from error
    return platformdirs.user_data_path("langgraph-quorum", appauthor=False) / "postgres"


def free_bytes(folder: Path) -> int:
    """Free space of the disk that `folder` is, or would be created, on."""
    existing = next(path for path in (folder.absolute(), *folder.absolute().parents) if path.exists())
    return shutil.disk_usage(existing).free


class _EmbeddedServer:
    """One holder of the server of one folder; both methods block and are bounded."""

    def __init__(self, folder: Path) -> None:
        self._folder = Path(os.path.realpath(folder.expanduser()))
        self._data = self._folder / "data"
        self._holders = self._folder / "holders.json"
        self._programs: PostgresPrograms | None = None

    def join(self) -> str:
        """Start the server unless it runs, and enter ourselves as a holder."""
        self._prepare_folder()
        with self._locked():
            self._programs = find_programs(self._data)
            try:
                postmaster.ensure_created(self._data, self._programs)
                socket_folder = postmaster.ensure_started(self._data, self._programs)
            except (ProgramFailedError, OSError) as error:
                self._check_room()
                raise DatabaseError(self._why_not(error)) from error
            self._write_holders([*self._living_holders(), this_process().text])
        dsn = f"postgresql://postgres@/postgres?host={quote(str(socket_folder), safe='')}&port=5432"
        _await_answer(dsn, self._folder)
        return dsn

    def leave(self) -> None:
        """Take ourselves off the list, and stop the server when nobody is left; failures are logged."""
        if self._programs is None:
            return
        try:
            with self._locked():
                holders = self._living_holders()
                if (mark := this_process().text) in holders:
                    holders.remove(mark)
                if not holders:
                    postmaster.stop(self._data, self._programs)
                self._write_holders(holders)  # last, for on a full disk it fails
        except (DatabaseError, ProgramFailedError, OSError) as error:
            logger.warning("the embedded Postgres of %s was not stopped: %s", self._folder, error)

    def _prepare_folder(self) -> None:
        try:
            self._folder.mkdir(parents=True, exist_ok=True)
            self._check_room()
            if os.name == "posix" and os.geteuid() == 0:
                let_pass(self._folder)
        except OSError as error:
            raise DatabaseError(
                f"the folder {self._folder} of the embedded Postgres cannot be used ({error.strerror}):"
                f" set {DATA_VARIABLE} to a folder you may write to"
            ) from error

    def _check_room(self) -> None:
        free = free_bytes(self._folder)
        if free < LEAST_FREE_BYTES:
            raise DatabaseError(
                f"only {free // 1_000_000} MB are free on the disk of {self._folder}, too few for a database:"
                f" make room (at least {LEAST_FREE_BYTES // 1_000_000} MB), or set {DATA_VARIABLE} to another disk"
            )

    @contextmanager
    def _locked(self) -> Iterator[None]:
        try:
            import filelock  # noqa: PLC0415 - an extra
        except ImportError as error:
            raise MissingExtraError("embedded", "Postgres without a server of your own") from error
        try:
            lock = filelock.FileLock(self._folder / "lock")
            with lock.acquire(timeout=_LOCK_S):
                yield
        except filelock.Timeout as error:
            raise DatabaseError(
                f"another process has been starting or stopping the embedded Postgres of {self._folder} for"
                f" {_LOCK_S:.0f} s: see who holds {self._folder / 'lock'} and end it"
            ) from error
        except PermissionError as error:
            raise DatabaseError(
                f"{self._folder} belongs to another user: set {DATA_VARIABLE} to a folder of your own"
            ) from error

    def _living_holders(self) -> list[str]:
        try:
            texts = json.loads(self._holders.read_text(encoding="utf-8"))
        except (FileNotFoundError, json.JSONDecodeError):
            return []
        marks = [mark for text in texts if (mark := parse_mark(text)) is not None]
        return [mark.text for mark in marks if not surely_dead(mark)]

    def _write_holders(self, holders: list[str]) -> None:
        fresh = self._holders.with_suffix(".new")
        fresh.write_text(json.dumps(holders), encoding="utf-8")
        fresh.replace(self._holders)

    def _why_not(self, error: Exception) -> str:
        said = postmaster.last_words(self._data) if (self._data / "PG_VERSION").exists() else ""
        detail = " ".join((said or str(error)).split())
        return (
            f"the embedded Postgres of {self._folder} does not start ({detail}): see {self._data / 'server.log'},"
            " or set QUORUM_DSN to a server of your own"
        )


def _await_answer(dsn: str, folder: Path) -> None:
    """Connect until it succeeds: a server that replays its log after a crash refuses for a while."""
    deadline = time.monotonic() + _CONNECT_S
    while True:
        try:
            psycopg.connect(dsn, connect_timeout=2).close()
        except psycopg.OperationalError as error:
            if time.monotonic() >= deadline:
                raise DatabaseError(
                    f"the embedded Postgres of {folder} runs, but has not answered for {_CONNECT_S:.0f} s"
                    f" ({' '.join(str(error).split())}): see {folder / 'data' / 'server.log'}"
                ) from error
            time.sleep(0.1)
        else:
            return


async def _to_the_end(work: Callable[[], _T]) -> _T:
    """Run `work` in a thread and wait for its end even when cancelled, so that nothing is left half done."""
    thread = asyncio.ensure_future(asyncio.to_thread(work))
    try:
        return await asyncio.shield(thread)
    except asyncio.CancelledError:
        await asyncio.wait([thread])
        raise
