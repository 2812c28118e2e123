"""The factory that `langgraph.json` names: what it opens, when, and what it tells when it cannot."""

from __future__ import annotations

import socket
import sys
import traceback
from collections.abc import AsyncGenerator
from dataclasses import dataclass
from functools import partial
from importlib.util import module_from_spec, spec_from_file_location
from pathlib import Path
from types import ModuleType
from typing import Any

import psycopg
import pytest
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.checkpoint.conformance import checkpointer_test, validate
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum.orchestration.persistence.keys import KEYS_VARIABLE, generate_key
from langgraph_quorum.orchestration.studio.checkpointer import create_checkpointer
from langgraph_quorum.orchestration.studio.memory import RollbackMemory
from langgraph_quorum.state.errors import ConfigurationError, DatabaseError
from tests.studio.server import ROOT, shipped

PASSWORD = "a-password-nobody-may-read"


@dataclass(frozen=True)
class Point:
    """Some class of a user's state."""

    x: int


def unused_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


async def passed_by(name: str, make: Any) -> tuple[int, list[str]]:
    """How many tests of the public suite for taking runs back passed, and which failed."""

    @checkpointer_test(name=name)
    async def registered() -> AsyncGenerator[BaseCheckpointSaver[Any], None]:
        async with make() as saver:
            yield saver

    result = (await validate(registered, capabilities={"delete_for_runs"})).results["delete_for_runs"]
    return result.tests_passed, result.failures


@pytest.mark.parametrize("sealed", [False, True], ids=["plain", "sealed"])
async def test_runs_are_taken_back_as_the_public_suite_asks(
    database: str, monkeypatch: pytest.MonkeyPatch, *, sealed: bool
) -> None:
    monkeypatch.setenv("QUORUM_DSN", database)
    if sealed:
        monkeypatch.setenv(KEYS_VARIABLE, generate_key("first"))
    passed, failed = await passed_by(f"studio, sealed: {sealed}", create_checkpointer)
    assert failed == []
    assert passed >= 7


async def test_runs_in_memory_are_taken_back_likewise() -> None:
    passed, failed = await passed_by("memory", partial(RollbackMemory, InMemorySaver()))
    assert failed == []
    assert passed >= 7


async def test_a_server_with_a_database_of_its_own_is_told_to_name_ours(monkeypatch: pytest.MonkeyPatch) -> None:
    runtime: Any = ModuleType("langgraph_runtime.checkpoint")
    runtime.Checkpointer = object
    monkeypatch.setitem(sys.modules, "langgraph_runtime", ModuleType("langgraph_runtime"))
    monkeypatch.setitem(sys.modules, "langgraph_runtime.checkpoint", runtime)
    monkeypatch.delenv("QUORUM_DSN", raising=False)
    with pytest.raises(ConfigurationError, match=r"QUORUM_DSN.*langgraph\.json"):
        await create_checkpointer().__aenter__()


async def test_values_are_encrypted_with_the_keys_of_the_environment(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUORUM_DSN", database)
    monkeypatch.setenv(KEYS_VARIABLE, generate_key("first"))
    async with create_checkpointer() as saver:
        config: Any = {"configurable": {"thread_id": "1", "checkpoint_ns": "", "checkpoint_id": "2"}}
        await saver.aput_writes(config, [("answer", "forty-two")], "task")
    with psycopg.connect(database) as connection:
        assert connection.execute("SELECT type FROM checkpoint_writes").fetchall() == [("sealed",)]


async def test_the_pool_is_set_up_by_the_environment_and_closed_at_the_end(
    database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("QUORUM_DSN", database)
    monkeypatch.setenv("QUORUM_SCHEMA", "apart")
    async with create_checkpointer() as saver:
        assert await saver.aget_tuple({"configurable": {"thread_id": "none"}}) is None
    with psycopg.connect(database, autocommit=True) as connection:
        assert connection.execute("SELECT count(*) FROM apart.checkpoints").fetchone() == (0,)
        sql = "SELECT count(*) FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid()"
        assert connection.execute(sql).fetchone() == (0,)


@pytest.mark.parametrize(
    ("variable", "value", "error"),
    [
        ("QUORUM_DSN", "postgresql://user:{password}@127.0.0.1:{port}/nowhere", DatabaseError),
        ("QUORUM_DSN", "postgresql://user:{password}@a@b/nowhere", ConfigurationError),
        ("QUORUM_ENCRYPTION_KEYS", "name:{password}", ConfigurationError),
    ],
    ids=["nobody answers", "unreadable", "no key"],
)
async def test_no_secret_is_in_what_is_raised_nor_in_the_variables_of_its_frames(
    database: str, monkeypatch: pytest.MonkeyPatch, variable: str, value: str, error: type[Exception]
) -> None:
    monkeypatch.setenv("QUORUM_DSN", database)
    monkeypatch.setenv(variable, value.format(password=PASSWORD, port=unused_port()))
    with pytest.raises(error) as raised:
        await create_checkpointer().__aenter__()
    shown = traceback.TracebackException.from_exception(raised.value, capture_locals=True)
    assert PASSWORD not in "".join(shown.format())


async def test_a_class_of_a_users_own_state_can_be_allowed(database: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUORUM_DSN", database)
    async with create_checkpointer(allow=[Point]) as saver:
        assert saver.serde.loads_typed(saver.serde.dumps_typed(Point(1))) == Point(1)


def test_nothing_is_opened_by_loading_the_file_that_langgraph_json_names(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("QUORUM_DSN", "what would be refused if it were read")
    checkpointer: Any = shipped()["checkpointer"]
    path, name = checkpointer["path"].split(":")
    spec = spec_from_file_location("as_the_server_loads_it", Path(ROOT / path))
    assert spec is not None
    assert spec.loader is not None
    module = module_from_spec(spec)
    spec.loader.exec_module(module)
    assert callable(getattr(module, name))
