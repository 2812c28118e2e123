"""What many branches have finished is written together; each caller learns how its own rows fared."""

import asyncio
import operator
from typing import Annotated, Any

import psycopg
import psycopg_pool
import pytest
from langgraph.checkpoint.base import empty_checkpoint
from langgraph.graph import START, StateGraph
from langgraph.types import Send
from typing_extensions import TypedDict

from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.saving.calls import BATCH_BYTES, BATCH_CALLS
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.state.errors import ConfigurationError
from tests.persistence.saving.begun import watch
from tests.persistence.saving.waits import blocked, handed_over


class State(TypedDict, total=False):
    """How many branches, and what they bring."""

    name: str
    n: int
    parts: Annotated[list[str], operator.add]


def fan_graph(saver: GroupCommitSaver) -> Any:
    async def work(state: State) -> State:
        return {"parts": [f"{state['name']}-{state['n']}"]}

    def fan(state: State) -> list[Send]:
        return [Send("work", {"name": state["name"], "n": n}) for n in range(state["n"])]

    builder = StateGraph(State).add_node("work", work).add_node("join", lambda _: {})
    builder.add_conditional_edges(START, fan, ["work"])
    return builder.add_edge("work", "join").compile(checkpointer=saver)


def at(thread_id: str, checkpoint_id: str = "c") -> Any:
    return {"configurable": {"thread_id": thread_id, "checkpoint_ns": "", "checkpoint_id": checkpoint_id}}


def saving_tasks() -> list[str]:
    return [task.get_name() for task in asyncio.all_tasks() if task.get_name() == "quorum:saving"]


def recorded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The statements that connections are given from now on; the pool's own checks are empty ones."""
    sent: list[str] = []
    execute = psycopg.AsyncConnection.execute

    async def recording(self: Any, query: Any, *args: Any, **kwargs: Any) -> Any:
        sent.append(query.decode() if isinstance(query, bytes) else str(query))
        return await execute(self, query, *args, **kwargs)

    monkeypatch.setattr(psycopg.AsyncConnection, "execute", recording)
    watch(monkeypatch, lambda statements: sent.extend(statement.sql.decode() for statement in statements))
    return sent


async def tasks_in(pool: Pool) -> set[str]:
    async with pool.connection() as connection:
        rows = await (await connection.execute("SELECT task_id FROM checkpoint_writes")).fetchall()
    return {row["task_id"] for row in rows}


async def test_a_thousand_branches_take_at_most_twenty_statements(
    saver: GroupCommitSaver, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = recorded(monkeypatch)
    out = await fan_graph(saver).ainvoke({"name": "a", "n": 1000}, {"configurable": {"thread_id": "t"}})
    assert len(out["parts"]) == 1000
    statistics = saver.statistics()
    writing = [query for query in sent if "INSERT" in query]
    assert len(writing) == statistics.statements <= 20
    assert statistics.calls > 1000
    assert statistics.largest_batch <= BATCH_CALLS
    assert statistics.waiting == 0


async def test_of_a_batch_who_wrote_a_checkpoint_is_told_first(saver: GroupCommitSaver) -> None:
    """The next checkpoint of a run waits for the one before; what branches have written, nobody waits for."""
    told: list[str] = []
    calls: list[asyncio.Task[Any]] = [
        asyncio.create_task(saver.aput_writes(at("t"), [("c", n)], f"task-{n}")) for n in range(3)
    ]
    calls.append(asyncio.create_task(saver.aput(at("t"), empty_checkpoint(), {}, {}), name="checkpoint"))
    for call in calls:
        call.add_done_callback(lambda call: told.append(call.get_name()))
    await asyncio.gather(*calls)
    assert saver.statistics().largest_batch == 4
    assert told[0] == "checkpoint"


async def test_runs_that_share_batches_are_never_mixed(saver: GroupCommitSaver) -> None:
    graph = fan_graph(saver)
    names = [f"run-{n}" for n in range(10)]
    await asyncio.gather(
        *(graph.ainvoke({"name": name, "n": 20}, {"configurable": {"thread_id": name}}) for name in names)
    )
    for name in names:
        state = await graph.aget_state({"configurable": {"thread_id": name}})
        assert sorted(state.values["parts"]) == sorted(f"{name}-{n}" for n in range(20))
    assert saver.statistics().flushes < saver.statistics().calls / 5


async def test_a_batch_is_bounded_by_its_bytes(saver: GroupCommitSaver) -> None:
    blob = b"x" * (BATCH_BYTES // 3)
    await asyncio.gather(*(saver.aput_writes(at("t"), [("c", blob)], f"task-{n}") for n in range(6)))
    assert saver.statistics().largest_batch <= 2  # two thirds of the bound and a little


async def test_a_cancelled_caller_takes_nobody_elses_rows_along(pool: Pool, saver: GroupCommitSaver) -> None:
    async with pool.connection() as holder, holder.transaction():
        await holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
        calls = [asyncio.create_task(saver.aput_writes(at("t"), [("c", n)], f"early-{n}")) for n in range(5)]
        await blocked(pool)
        calls += [asyncio.create_task(saver.aput_writes(at("t"), [("c", n)], f"late-{n}")) for n in range(5)]
        await handed_over(saver, 10)
        calls[2].cancel()
        calls[7].cancel()
        await asyncio.wait({calls[2], calls[7]})
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [n for n, end in enumerate(ends) if isinstance(end, asyncio.CancelledError)] == [2, 7]
    others = {f"early-{n}" for n in (0, 1, 3, 4)} | {f"late-{n}" for n in (0, 1, 3, 4)}
    assert others <= await tasks_in(pool)


async def test_the_writing_task_exists_only_while_there_is_something_to_write(saver: GroupCommitSaver) -> None:
    assert not saving_tasks()
    writing = asyncio.create_task(saver.aput_writes(at("t"), [("c", 1)], "task"))
    await asyncio.sleep(0)
    assert len(saving_tasks()) == 1
    await writing
    async with asyncio.timeout(5):
        while saving_tasks():  # it gives its connection back  # noqa: ASYNC110 - nothing tells
            await asyncio.sleep(0)


async def test_what_is_queued_when_the_pool_is_closed_fails_at_once(pool: Pool, saver: GroupCommitSaver) -> None:
    await pool.close()
    calls = [saver.aput_writes(at("t"), [("c", n)], f"task-{n}") for n in range(3)]
    ends = await asyncio.wait_for(asyncio.gather(*calls, return_exceptions=True), 5)
    assert [type(end) for end in ends] == [psycopg_pool.PoolClosed] * 3
    assert saver.statistics().retries == 0


@pytest.mark.parametrize("turns", [1, 100], ids=["before its first step", "while it writes"])
async def test_when_the_writing_task_is_cancelled_nobody_waits_for_ever(
    pool: Pool, saver: GroupCommitSaver, turns: int
) -> None:
    async with pool.connection() as holder, holder.transaction():
        await holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
        calls = [asyncio.create_task(saver.aput_writes(at("t"), [("c", n)], f"task-{n}")) for n in range(3)]
        for _ in range(turns):
            await asyncio.sleep(0)
        assert saver.statistics().waiting == 3
        (task,) = (task for task in asyncio.all_tasks() if task.get_name() == "quorum:saving")
        task.cancel()
        await asyncio.wait(calls, timeout=10)
    assert all(call.cancelled() for call in calls)
    await saver.aput_writes(at("t"), [("c", 1)], "afterwards")
    assert "afterwards" in await tasks_in(pool)


async def test_deleting_a_thread_takes_along_what_a_cancelled_call_still_had_to_write(
    pool: Pool, saver: GroupCommitSaver
) -> None:
    async with pool.connection() as holder, holder.transaction():
        await holder.execute("LOCK TABLE checkpoint_writes IN ACCESS EXCLUSIVE MODE")
        writing = asyncio.create_task(saver.aput_writes(at("t"), [("c", 1)], "task"))
        await blocked(pool)
        writing.cancel()
        deleting = asyncio.create_task(saver.adelete_thread("t"))
        await asyncio.sleep(0)
    await asyncio.wait_for(deleting, 10)
    assert await tasks_in(pool) == set()


async def test_an_error_of_the_database_reaches_every_caller_as_it_is(pool: Pool, saver: GroupCommitSaver) -> None:
    async with pool.connection() as connection:
        await connection.execute("DROP TABLE checkpoint_writes")
    calls = [saver.aput_writes(at("t"), [("c", n)], f"task-{n}") for n in range(3)]
    ends = await asyncio.gather(*calls, return_exceptions=True)
    assert [type(end) for end in ends] == [psycopg.errors.UndefinedTable] * 3


async def test_relaxed_batches_do_not_wait_for_the_disk_unless_a_checkpoint_is_among_them(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    sent = recorded(monkeypatch)
    saver = GroupCommitSaver(pool, relaxed_writes=True)
    await saver.aput_writes(at("t"), [("c", 1)], "task")
    assert ["synchronous_commit" in query for query in sent if query] == [True, False]
    sent.clear()
    checkpoint = empty_checkpoint()
    putting = asyncio.create_task(saver.aput(at("t"), checkpoint, {}, {}))
    await asyncio.sleep(0)  # handed over; what comes in the same turn of the loop is in the same batch
    await saver.aput_writes(at("t", checkpoint["id"]), [("c", [1])], "task")
    await putting
    assert saver.statistics().flushes == 2
    assert [query.split()[2] for query in sent if query] == ["checkpoint_writes", "checkpoints"]
    async with pool.connection() as connection:
        row = await (await connection.execute("SHOW synchronous_commit")).fetchone()
    assert row == {"synchronous_commit": "on"}


async def test_reads_do_not_wait_for_one_another(pool: Pool, saver: GroupCommitSaver) -> None:
    await saver.aput(at("t"), empty_checkpoint(), {}, {})
    opened = saver.alist(at("t"))
    async with saver._cursor(), saver._cursor():
        assert await asyncio.wait_for(saver.aget_tuple({"configurable": {"thread_id": "t"}}), 5) is not None
        assert [item async for item in opened] == []


async def test_a_saver_can_have_a_pool_of_its_own(database: str, pool: Pool) -> None:
    async with GroupCommitSaver.from_conn_string(database) as saver:
        await saver.aput(at("t"), empty_checkpoint(), {}, {})
        assert saver.statistics().flushes == 1
    with pytest.raises(ConfigurationError, match="leave it out"):
        async with GroupCommitSaver.from_conn_string(database, pipeline=True):
            pass
