"""A large value is stored like any other; where it cannot be, the error names field, thread and size."""

from __future__ import annotations

import functools
import re
from dataclasses import replace
from typing import Any

import psycopg
import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from langgraph_quorum.orchestration.persistence.artifacts import postgres
from langgraph_quorum.orchestration.persistence.artifacts.postgres import PostgresArtifacts
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import Pool, open_pool
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.saving import committer, encoding, patience, transaction
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.state.errors import ArtifactError, ChannelValueError, DatabaseError, LeaseLostError
from tests.outages.proxy import Trap, proxied

TEXT = "".join(f"{number:07d}\n" for number in range(750_000))
SIZE = len(TEXT)  # 6 MB: larger than what goes in pieces
TYPE = "text/plain"


async def begun(saver: GroupCommitSaver, token: int | None = None) -> RunnableConfig:
    """The config of a first checkpoint."""
    config = fenced_config("t", token)
    config["configurable"]["checkpoint_ns"] = ""
    stored = await saver.aput(config, empty_checkpoint(), {"step": 0}, {})
    return {"configurable": {**config["configurable"], **stored["configurable"]}}


async def written(saver: GroupCommitSaver, config: RunnableConfig) -> Any:
    found = await saver.aget_tuple(config)
    assert found is not None
    return found.pending_writes


async def test_a_large_write_is_stored_under_its_lease(pool: Pool) -> None:
    saver = make_saver(pool)
    async with hold_lease(pool, "t") as lease:
        config = await begun(saver, lease.token)
        await saver.aput_writes(config, [("branches", TEXT)], "task")
    assert await written(saver, config) == [("task", "branches", TEXT)]
    with pytest.raises(LeaseLostError):
        await saver.aput_writes(config, [("branches", TEXT)], "task-2")


async def test_a_large_write_that_was_cut_off_is_done_again(migrated_database: str) -> None:
    async with proxied(migrated_database) as proxy, open_pool(proxy.dsn) as pool:
        saver = make_saver(pool)
        config = await begun(saver)
        proxy.trap = Trap(b"INSERT INTO checkpoint_writes", "half")
        await saver.aput_writes(config, [("branches", TEXT)], "task")
        assert saver.statistics().retries >= 1
        assert await written(saver, config) == [("task", "branches", TEXT)]


async def test_a_large_write_that_takes_too_long_is_named_and_the_database_is_not_called_away(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(committer, "PATIENCE_S", 0.0)
    async with open_pool(database, replace(pool.settings, statement_timeout_s=0.3)) as hurried:
        saver = make_saver(hurried)
        config = await begun(saver)
        with psycopg.connect(database) as holder:
            holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
            with pytest.raises(DatabaseError) as refused:
                await saver.aput_writes(config, [("task", "x"), ("branches", TEXT)], "task")
    said = str(refused.value)
    assert re.match(
        rf"storing {SIZE + 5} bytes of the state's field 'branches' of thread 't': the server broke it", said
    )
    assert "statement timeout" in said


async def test_a_value_that_postgres_cannot_hold_is_refused_with_its_size(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(encoding, "MOST_BYTES", 1000)
    saver = make_saver(pool)
    config = await begun(saver)
    with pytest.raises(ChannelValueError, match=r"'branches' cannot be stored: it takes 100[0-9] bytes, more than"):
        await saver.aput_writes(config, [("branches", "x" * 1001)], "task")


async def test_values_that_are_large_together_go_in_statements_of_their_own(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    saver = make_saver(pool)
    config = await begun(saver)
    writes = [(f"field-{number}", "x" * 500) for number in range(3)]
    before = saver.statistics().statements
    await saver.aput_writes(config, writes, "together")
    together = saver.statistics().statements
    monkeypatch.setattr(transaction, "STATEMENT_BYTES", 1000)
    await saver.aput_writes(config, writes, "apart")
    assert (together - before, saver.statistics().statements - together) == (1, 3)


async def test_a_large_artifact_is_stored_under_its_lease(pool: Pool) -> None:
    async with hold_lease(pool, "t") as lease:
        store = PostgresArtifacts(pool, thread_id="t", token=lease.token)
        ref = await store.put(TEXT.encode(), media_type=TYPE)
        assert await store.get(ref) == TEXT.encode()
    with pytest.raises(LeaseLostError):
        await store.put(TEXT[1:].encode(), media_type=TYPE)
    with pytest.raises(ArtifactError):
        await store.get({**ref, "artifact": "sha256:" + "0" * 64})


async def test_a_large_artifact_that_cannot_be_stored_is_named_by_its_size(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(postgres, "patiently", functools.partial(patience.patiently, patience_s=0.0))
    with psycopg.connect(database) as owner:
        owner.execute("CREATE FUNCTION dawdle() RETURNS trigger LANGUAGE plpgsql AS 'BEGIN PERFORM pg_sleep(9); END'")
        owner.execute("CREATE TRIGGER slow BEFORE INSERT ON quorum.artifacts FOR EACH ROW EXECUTE FUNCTION dawdle()")
    async with open_pool(database, replace(pool.settings, statement_timeout_s=0.3)) as hurried:
        with pytest.raises(DatabaseError, match=rf"storing an artifact of {SIZE} bytes: .*statement timeout"):
            await PostgresArtifacts(hurried).put(TEXT.encode(), media_type=TYPE)
