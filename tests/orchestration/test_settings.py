"""What an orchestrator is opened with: encryption, relaxed writes, a pool's settings; and what it counts."""

from __future__ import annotations

import base64
import os
from typing import Any

import psycopg
import pytest

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.persistence.encryption import Encryption
from langgraph_quorum.orchestration.persistence.keys import KEYS_VARIABLE, Keys
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.pool_settings import PoolSettings
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.state.errors import ConfigurationError, SealError
from tests.orchestration.crews import Crew

SECRET = "the merger of A and B"
TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "quorum.runs")


def encryption() -> Encryption:
    return Encryption(Keys.parse(f"k1:{base64.b64encode(os.urandom(32)).decode()}"))


def stored_texts(database: str) -> str:
    """All rows, with bytes in hexadecimal."""
    with psycopg.connect(database) as connection:
        rows = [connection.execute(f"SELECT row::text FROM {table} AS row".encode()).fetchall() for table in TABLES]
    return str(rows)


async def test_an_encrypted_run_is_driven_copied_and_listed_and_its_task_is_nowhere_in_clear(
    pool: Pool, crew: Crew, database: str
) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(asks=True), pool, encryption=encryption()) as quorum:
        waiting = await (await quorum.start({"task": SECRET}, thread_id="t1")).result()
        copy = await quorum.fork("t1", into="t2")
        for thread_id in ("t1", copy):
            out = await (await quorum.resume(thread_id, dict.fromkeys(waiting["interrupts"], "yes"))).result()
            assert out["status"] == "approved"
        assert [(run.task, "input" in run.options) for run in await quorum.list()] == [(SECRET, False)] * 2
        assert len(await quorum.history("t2")) > 0
        await quorum.prune(keep_latest=True)
        assert (await quorum.get("t2"))["status"] == "approved"
    hexed = SECRET.encode().hex()
    said = stored_texts(database)
    assert SECRET not in said
    assert hexed not in said
    assert not (await get_run(pool, "t1")).task.startswith("the")
    async with Orchestrator.on(crew.workflow(asks=True), pool) as plain:
        with pytest.raises(SealError, match=KEYS_VARIABLE):
            await plain.list()
        with pytest.raises(SealError):
            await plain.resume("t1")


async def test_keys_of_the_environment_are_used_when_no_encryption_is_given(
    pool: Pool, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.go.set()
    monkeypatch.setenv(KEYS_VARIABLE, f"k1:{base64.b64encode(bytes(range(32))).decode()}")
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await (await quorum.start({"task": SECRET}, thread_id="t1")).result()
        assert [run.task for run in await quorum.list()] == [SECRET]
    assert (await get_run(pool, "t1")).task.startswith("sealed:")


async def test_a_pool_of_one_connection_in_a_schema_of_its_own_drives_prunes_and_deletes(
    database: str, crew: Crew
) -> None:
    crew.go.set()
    settings = PoolSettings(schema="elsewhere", max_size=1)
    async with Orchestrator.open(crew.workflow(), database, pool=settings, relaxed_writes=True) as quorum:
        for thread_id in ("t1", "t2", "t3"):
            out = await (await quorum.start({"task": "look"}, thread_id=thread_id)).result()
            assert out["status"] == "approved"
        copy = await quorum.fork("t1")
        assert (await quorum.prune(keep_latest=True)).skipped == ()
        assert (await quorum.prune(keep=2)).deleted == ("t1", "t2")
        await quorum.delete(copy)
        assert [run.thread_id for run in await quorum.list()] == ["t3"]
        counted = quorum.statistics()
    assert (counted.leases.held, counted.leases.lost) == (0, 0)
    assert counted.leases.acquired >= 4
    assert counted.saver.flushes > 0


@pytest.mark.parametrize(
    ("arguments", "field"),
    [({"on_busy": "push"}, "on_busy"), ({"wait_s": -1}, "wait_s")],
)
async def test_what_to_do_with_a_busy_thread_is_named_where_it_makes_no_sense(
    pool: Pool, crew: Crew, arguments: dict[str, Any], field: str
) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        with pytest.raises(ConfigurationError) as refused:
            await quorum.start({"task": "look"}, **{"on_busy": "wait", **arguments})
    assert refused.value.field == field
