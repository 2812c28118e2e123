"""A password stays where it was given: it is in no log, no error and no repr, whether connecting succeeds or not."""

from __future__ import annotations

import asyncio
import logging
import traceback
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from dataclasses import fields
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.cli.analyse import AnalyseRequest
from langgraph_quorum.orchestration.cli.databases import checked_dsn, database_as_it_is
from langgraph_quorum.orchestration.cli.resume import ResumeRequest
from langgraph_quorum.orchestration.cli.review import ReviewRequest
from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.dsn import resolve_dsn
from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from langgraph_quorum.orchestration.persistence.health import diagnose
from langgraph_quorum.orchestration.persistence.pool import borrowed, open_pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.state.errors import QuorumError
from tests.orchestration.crews import Crew

RIGHT, WRONG = "right horse/battery", "wrong:horse@battery"


@pytest.fixture
async def walled(server_folder: Path) -> AsyncIterator[str]:
    """A server of its own whose role `walled` has a password."""
    async with embedded_postgres(server_folder) as dsn:
        rules = server_folder / "data" / "pg_hba.conf"
        rules.write_text("local all walled scram-sha-256\n" + rules.read_text())
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute(f"CREATE ROLE walled LOGIN SUPERUSER PASSWORD '{RIGHT}'".encode())
            admin.execute("SELECT pg_reload_conf()")
        yield make_conninfo(dsn, user="walled", password=RIGHT)


class Seen:
    """Everything that was logged or said."""

    def __init__(self) -> None:
        self.texts: list[str] = []

    def note(self, *things: object) -> None:
        for thing in things:
            self.texts += [str(thing), repr(thing)]
            if isinstance(thing, BaseException):
                self.texts += traceback.format_exception(thing)

    def assert_silent(self) -> None:
        assert self.texts
        for text in self.texts:
            for secret in (RIGHT, WRONG, "right horse", "wrong:horse", "right%20horse", "wrong%3Ahorse"):
                assert secret not in text


@pytest.fixture
def seen() -> Iterator[Seen]:
    """What all loggers say, at every level."""
    found = Seen()

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.texts.append(self.format(record))
            found.note(record.msg, *(record.args or ()))

    with _listening(Listener()):
        yield found
    found.assert_silent()


@contextmanager
def _listening(handler: logging.Handler) -> Iterator[None]:
    root = logging.getLogger()
    level, ours = root.level, logging.getLogger("langgraph_quorum")
    propagate, ours.propagate = ours.propagate, True
    loggers = [logger for logger in logging.Logger.manager.loggerDict.values() if isinstance(logger, logging.Logger)]
    levels = {logger: logger.level for logger in loggers}
    for logger in loggers:
        logger.setLevel(logging.NOTSET)
    root.addHandler(handler)
    root.setLevel(logging.DEBUG)
    try:
        yield
    finally:
        root.removeHandler(handler)
        root.setLevel(level)
        ours.propagate = propagate
        for logger, was in levels.items():
            logger.setLevel(was)


async def test_nothing_of_a_password_is_told_when_all_is_well(walled: str, seen: Seen) -> None:
    crew = Crew()
    crew.go.set()
    settings = PoolSettings(schema="acme")
    async with open_database(walled, pool=settings) as pool, Orchestrator.on(crew.workflow(), pool) as quorum:
        out = await (await quorum.start({"task": "look"}, thread_id="t")).result()
        async with borrowed(pool, "looking") as connection:
            seen.note(connection, connection.info.get_parameters())
        seen.note(pool, pool.settings, pool.statistics(), pool.get_stats(), quorum, out)
    seen.note(await diagnose(walled), resolve_dsn(walled, {}), checked_dsn(walled).shown)
    assert out["status"] == "approved"


@pytest.mark.parametrize(
    "change",
    [
        {"password": WRONG},
        {"dbname": "nowhere"},
        {"host": "127.0.0.1", "port": "1"},
        {"host": "no-such-host.invalid"},
        {"sslmode": "require", "host": "127.0.0.1", "port": "1"},
    ],
)
async def test_nothing_of_a_password_is_told_when_connecting_fails(
    walled: str, seen: Seen, change: dict[str, str]
) -> None:
    dsn = make_conninfo(walled, **change)
    for attempt in (open_pool(dsn, timeout_s=3), open_database(dsn), Orchestrator.open(Crew().workflow(), dsn)):
        with pytest.raises(QuorumError) as refused:
            async with attempt:
                pass
        seen.note(refused.value)
    with pytest.raises(QuorumError) as refused:
        async with database_as_it_is(dsn):
            pass
    seen.note(refused.value, await diagnose(dsn, timeout_s=3))


async def test_nothing_of_a_password_is_told_when_the_connection_is_lost_later(walled: str, seen: Seen) -> None:
    trusted = make_conninfo(walled, user="postgres", password="")
    async with open_pool(walled, timeout_s=1) as pool:
        with psycopg.connect(trusted, autocommit=True) as admin:
            admin.execute(f"ALTER ROLE walled PASSWORD '{WRONG}'".encode())
            admin.execute("SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE usename = 'walled'")
        for _ in range(2):
            with pytest.raises(QuorumError) as refused:
                async with borrowed(pool, "looking") as connection:
                    await connection.execute("SELECT 1")
            seen.note(refused.value, pool)
        await asyncio.sleep(0)
    assert any("password authentication failed" in text for text in seen.texts), "the pool's own attempts are heard"


async def test_the_embedded_server_is_not_handed_our_secrets(
    server_folder: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUORUM_DSN", f"password={RIGHT}")
    monkeypatch.setenv("QUORUM_ENCRYPTION_KEYS", RIGHT)
    monkeypatch.setenv("HANDED_ON", "something")
    async with embedded_postgres(server_folder) as dsn, await psycopg.AsyncConnection.connect(dsn) as connection:
        copied = await connection.execute("CREATE TEMP TABLE told (line text)")
        await copied.execute("COPY told FROM PROGRAM 'env' WITH (DELIMITER E'\\x01', FORMAT csv, QUOTE E'\\x02')")
        lines = [row[0] for row in await (await copied.execute("SELECT line FROM told")).fetchall()]
    assert "HANDED_ON=something" in lines
    assert not [line for line in lines if line.startswith("QUORUM_") or RIGHT in line]


async def test_nothing_of_a_dsn_that_cannot_be_read_is_told(seen: Seen) -> None:
    for dsn in (f"postgresql://me:{WRONG}@host:port/db", f"host=a password={RIGHT}", f"mysql://me:{WRONG}@host/db"):
        for attempt in (open_pool(dsn), open_database(dsn), database_as_it_is(dsn)):
            with pytest.raises(QuorumError) as refused:
                async with attempt:
                    pass
            seen.note(refused.value)
        seen.note(await diagnose(dsn))


@pytest.mark.parametrize("request_type", [AnalyseRequest, ResumeRequest, ReviewRequest])
def test_what_a_command_was_asked_for_is_shown_without_its_dsn(request_type: type[Any]) -> None:
    given: dict[str, Any] = dict.fromkeys(field.name for field in fields(request_type))
    asked = request_type(**given | {"dsn": f"password={RIGHT}"})
    assert RIGHT in asked.dsn
    assert RIGHT not in repr(asked)


def test_the_listener_would_hear_a_password() -> None:
    heard = Seen()
    heard.note(conninfo_to_dict(f"user=me password='{RIGHT}'"))
    with pytest.raises(AssertionError):
        heard.assert_silent()
