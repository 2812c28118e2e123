"""A driver that was overtaken writes nothing more; whoever else is in its batch does not notice."""

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.persistence.fence import fenced_config
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.state.errors import LeaseLostError
from tests.persistence.saving.waits import blocked


class State(TypedDict, total=False):
    """One number."""

    n: int


def at(thread_id: str, token: int | None) -> Any:
    config = fenced_config(thread_id, token)
    return {"configurable": {**config["configurable"], "checkpoint_ns": "", "checkpoint_id": "c"}}


async def test_an_old_token_fails_only_its_own_thread_within_a_batch(pool: Pool, saver: GroupCommitSaver) -> None:
    async with hold_lease(pool, "held") as held, hold_lease(pool, "stale") as stale:
        configs = [at("held", held.token), at("stale", stale.token - 1), at("none", None), at("unknown", 7)]
        calls = [saver.aput_writes(config, [("c", n)], f"task-{n}") for n in range(5) for config in configs]
        ends = await asyncio.gather(*calls, return_exceptions=True)
    for position, config in enumerate(configs):
        lost = config["configurable"]["thread_id"] in {"stale", "unknown"}
        assert [isinstance(end, LeaseLostError) for end in ends[position::4]] == [lost] * 5
    assert saver.statistics().flushes == 1
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT DISTINCT thread_id FROM checkpoint_writes")).fetchall()
    assert sorted(row["thread_id"] for row in rows) == ["held", "none"]


async def test_one_thread_with_an_old_and_a_new_token_writes_under_the_new_one(
    pool: Pool, saver: GroupCommitSaver
) -> None:
    async with hold_lease(pool, "t") as lease:
        old, new = at("t", lease.token - 1), at("t", lease.token)
        calls = [saver.aput_writes(config, [("c", 1)], name) for config, name in ((old, "old"), (new, "new"))]
        ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ends] == [LeaseLostError, type(None)]
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT task_id FROM checkpoint_writes")).fetchall()
    assert rows == [{"task_id": "new"}]


async def test_what_comes_after_the_thread_was_given_back_is_refused_though_nobody_has_taken_it(
    pool: Pool, saver: GroupCommitSaver
) -> None:
    async with hold_lease(pool, "t") as lease:
        await saver.aput_writes(at("t", lease.token), [("c", 1)], "in time")
    with pytest.raises(LeaseLostError):
        await saver.aput_writes(at("t", lease.token), [("c", 1)], "late")
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT task_id FROM checkpoint_writes")).fetchall()
    assert rows == [{"task_id": "in time"}]


async def test_a_takeover_waits_until_the_batch_is_through(pool: Pool, saver: GroupCommitSaver) -> None:
    take = b"UPDATE quorum.leases SET token = token + 1 WHERE thread_id = 't'"
    async with hold_lease(pool, "t") as lease, pool.connection() as taker:
        async with pool.connection() as holder, holder.transaction():
            await holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
            writing = asyncio.create_task(saver.aput_writes(at("t", lease.token), [("c", 1)], "task"))
            await blocked(pool)
            taking = asyncio.create_task(taker.execute(take))
            await blocked(pool, 2)  # the writer for the table, the taker for the writer
        await asyncio.wait_for(asyncio.gather(writing, taking), 10)
        with pytest.raises(LeaseLostError):
            await saver.aput_writes(at("t", lease.token), [("c", 2)], "too late")


async def test_a_graph_that_is_driven_with_an_old_token_stores_nothing(pool: Pool, saver: GroupCommitSaver) -> None:
    graph: Any = StateGraph(State).add_node("n", lambda _: {"n": 2}).add_edge(START, "n").compile(checkpointer=saver)
    async with hold_lease(pool, "t") as lease:
        assert await graph.ainvoke({"n": 1}, fenced_config("t", lease.token)) == {"n": 2}
        stored = len([item async for item in saver.alist(fenced_config("t", None))])
        with pytest.raises(LeaseLostError):
            await graph.ainvoke({"n": 1}, fenced_config("t", lease.token - 1))
    assert len([item async for item in saver.alist(fenced_config("t", None))]) == stored


async def test_without_a_token_nothing_is_asked_of_the_leases(pool: Pool, saver: GroupCommitSaver) -> None:
    async with pool.connection() as connection:
        await connection.execute("DROP TABLE quorum.leases")
    await saver.aput(at("t", None), empty_checkpoint(), {}, {})
    assert saver.statistics().statements == 1
