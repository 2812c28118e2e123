"""Deleting and pruning: all of a run goes or only its steps, and never what somebody drives or waits for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Annotated, Any

import psycopg
import pytest
from langgraph.channels import DeltaChannel
from langgraph.graph import END, START, StateGraph
from psycopg.errors import SerializationFailure
from typing_extensions import TypedDict

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration import pruning
from langgraph_quorum.orchestration.persistence.lease import hold_lease
from langgraph_quorum.orchestration.persistence.listing import Wanted, list_page
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import record_end, record_start
from langgraph_quorum.orchestration.persistence.saver import make_saver
from langgraph_quorum.orchestration.persistence.stored_run import ENDED, STATUSES
from langgraph_quorum.orchestration.pruning import Pruned, PruneReport, prune_runs
from langgraph_quorum.state.errors import ConfigurationError, ThreadBusyError, ThreadNotFoundError
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew

TASK: QuorumInput = {"task": "look"}
DAY_S = 86400.0


def rows(database: str, table: str, thread_id: str) -> int:
    with psycopg.connect(database) as connection:
        found = connection.execute(f"SELECT count(*) FROM {table} WHERE thread_id = %s", (thread_id,)).fetchone()
    return found[0] if found else 0


def aged(database: str, days: dict[str, int]) -> None:
    with psycopg.connect(database, autocommit=True) as other:
        for thread_id, number in days.items():
            age = "clock_timestamp() - make_interval(days => %s)"
            other.execute(f"UPDATE quorum.runs SET updated_at = {age} WHERE thread_id = %s", (number, thread_id))


async def entered(pool: Pool, status: Any, *thread_ids: str) -> None:
    for thread_id in thread_ids:
        await record_start(pool, thread_id, workflow="w", task="look")
        if status != "running":
            await record_end(pool, thread_id, status)


async def left(pool: Pool) -> set[str]:
    return {run.thread_id for run in await list_page(pool, Wanted(limit=1000))}


async def test_a_deleted_run_is_gone_but_for_its_lease(pool: Pool, crew: Crew, database: str) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        for thread_id in ("t1", "t2"):
            await (await quorum.start(TASK, thread_id=thread_id)).result()
        await quorum.delete("t1")
        with pytest.raises(ThreadNotFoundError):
            await quorum.get("t1")
        for table in ("checkpoints", "checkpoint_blobs", "checkpoint_writes", "quorum.runs"):
            assert (rows(database, table, "t1") == 0, rows(database, table, "t2") > 0) == (True, True)
        assert rows(database, "quorum.leases", "t1") == 1
        assert (await (await quorum.start(TASK, thread_id="t1")).result())["status"] == "approved"
    assert crew.calls["one"] == 3


async def test_a_run_that_is_driven_is_not_deleted(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t1")
        with pytest.raises(ThreadBusyError):
            await quorum.delete("t1")
        crew.go.set()
        assert (await run.result())["status"] == "approved"
        with pytest.raises(ThreadNotFoundError, match="'nowhere'"):
            await quorum.delete("nowhere")


async def test_old_runs_go_in_batches_and_what_is_not_over_stays(
    pool: Pool, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(pruning, "_BATCH", 2)
    for status in STATUSES:
        await entered(pool, status, f"old-{status}", f"new-{status}")
        aged(database, {f"old-{status}": 3, f"new-{status}": 1})
    saver = make_saver(pool)
    report = await prune_runs(pool, saver, Pruned(older_than_s=2 * DAY_S), dry_run=True)
    assert (set(report.deleted), report.dry_run) == ({f"old-{s}" for s in ENDED}, True)
    assert len(await left(pool)) == 2 * len(STATUSES)
    done = await prune_runs(pool, saver, Pruned(older_than_s=2 * DAY_S))
    assert (done.deleted, done.thinned, done.skipped, done.dry_run) == (report.deleted, (), (), False)
    others = {"old-waiting", "old-interrupted", "old-running"}
    assert await left(pool) == {f"new-{s}" for s in STATUSES} | others
    asked = await prune_runs(pool, saver, Pruned(older_than_s=2 * DAY_S, status=["interrupted", "waiting"]))
    assert set(asked.deleted) == others


async def test_the_newest_are_kept_whatever_their_age(pool: Pool, database: str) -> None:
    await entered(pool, "approved", "a", "b", "c", "d")
    await entered(pool, "waiting", "asks")
    aged(database, {"a": 1, "b": 2, "c": 3, "d": 4, "asks": 9})
    saver = make_saver(pool)
    assert (await prune_runs(pool, saver, Pruned(keep=3, older_than_s=DAY_S * 3.5))).deleted == ("d",)
    assert (await prune_runs(pool, saver, Pruned(keep=3))).deleted == ()
    assert (await prune_runs(pool, saver, Pruned(keep=1))).deleted == ("c", "b")
    assert await left(pool) == {"a", "asks"}
    assert (await prune_runs(pool, saver, Pruned(keep=0, status="approved"))).deleted == ("a",)


async def test_a_run_that_somebody_holds_is_left_alone(pool: Pool, database: str) -> None:
    await entered(pool, "approved", "held", "free")
    aged(database, {"held": 3, "free": 3})
    async with hold_lease(pool, "held"):
        report = await prune_runs(pool, make_saver(pool), Pruned(older_than_s=DAY_S))
    assert (report.deleted, await left(pool)) == (("free",), {"held"})


async def test_a_thread_that_is_taken_between_the_look_and_the_deletion_is_skipped(pool: Pool, database: str) -> None:
    await entered(pool, "approved", "taken", "locked", "free")
    aged(database, {"taken": 3, "locked": 3, "free": 3})
    for thread_id in ("taken", "locked"):
        async with hold_lease(pool, thread_id):
            pass
    conditions = {**Pruned(older_than_s=DAY_S).checked(), "until": "infinity"}
    with psycopg.connect(database) as other:
        other.execute("SELECT 1 FROM quorum.leases WHERE thread_id = 'locked' FOR UPDATE")
        async with hold_lease(pool, "taken"):
            gone, skipped = await pruning._delete(pool, ["taken", "locked", "free"], conditions)
    assert (gone, skipped) == (["free"], ["taken", "locked"])


async def test_a_run_that_has_gone_on_and_ended_between_the_look_and_the_deletion_is_skipped(
    pool: Pool, database: str
) -> None:
    await entered(pool, "approved", "gone on", "old")
    conditions = Pruned(older_than_s=DAY_S).checked()
    async with pool.connection() as connection:
        bounds = await connection.execute(pool.statements("pruning")["bounds"], conditions)
        conditions |= await bounds.fetchone() or {}
    aged(database, {"old": 3})
    assert await pruning._delete(pool, ["gone on", "old"], conditions) == (["old"], ["gone on"])


async def test_a_thread_that_is_taken_over_while_it_is_thinned_out_is_skipped_and_the_others_are_not(
    pool: Pool, monkeypatch: pytest.MonkeyPatch
) -> None:
    await entered(pool, "approved", "first", "taken over", "last")
    saver = make_saver(pool)
    prune = saver.aprune

    async def taken_over(thread_ids: Sequence[str], *, strategy: str) -> None:
        if "taken over" in thread_ids:
            raise SerializationFailure("could not serialize access due to concurrent delete")
        await prune(thread_ids, strategy=strategy)

    monkeypatch.setattr(saver, "aprune", taken_over)
    report = await prune_runs(pool, saver, Pruned(keep_latest=True))
    assert (report.thinned, report.skipped) == (("first", "last"), ("taken over",))


async def test_a_thinned_run_keeps_its_result_and_one_state(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        first = await (await quorum.start(TASK, thread_id="t1")).result()
        latest = (await quorum.history("t1"))[0].checkpoint_id
        report = await quorum.prune(keep_latest=True)
        assert report == PruneReport(deleted=(), thinned=("t1",), skipped=(), dry_run=False)
        assert [step.checkpoint_id for step in await quorum.history("t1")] == [latest]
        assert await quorum.get("t1") == first
        assert await (await quorum.start(TASK, thread_id="t1")).result() == first
    assert set(crew.calls.values()) == {1}


class Noted(TypedDict, total=False):
    notes: Annotated[list[str], DeltaChannel(lambda notes, more: [*notes, *(note for one in more for note in one)])]


async def test_a_state_that_is_stored_as_changes_is_skipped_and_stays_whole(pool: Pool) -> None:
    builder = StateGraph(Noted)
    builder.add_node("note", lambda state: {"notes": ["seen"]})
    builder.add_edge(START, "note")
    builder.add_edge("note", END)
    async with Orchestrator.on(builder, pool) as quorum:
        await (await quorum.start({"notes": ["given"]}, thread_id="t1")).result()
        assert (await quorum.prune(keep_latest=True)).skipped == ("t1",)
        assert (await quorum.get("t1"))["notes"] == ["given", "seen"]


@pytest.mark.parametrize(
    ("arguments", "field"),
    [
        ({}, "older_than_s"),
        ({"older_than_s": -1}, "older_than_s"),
        ({"keep": -1}, "keep"),
        ({"keep": 1.5}, "keep"),
        ({"keep": 1, "status": "done"}, "status"),
        ({"keep": 1, "status": "running"}, "status"),
        ({"keep": 1, "status": ["approved", "done"]}, "status"),
        ({"keep": 1, "status": 5}, "status"),
        ({"keep": 1, "status": [["approved"]]}, "status"),
        ({"keep": 1, "workflow": ""}, "workflow"),
        ({"keep": 1, "tag": "a\0"}, "tag"),
    ],
)
async def test_what_could_delete_too_much_is_refused(pool: Pool, arguments: dict[str, Any], field: str) -> None:
    with pytest.raises(ConfigurationError) as refused:
        await prune_runs(pool, make_saver(pool), Pruned(**arguments))
    assert refused.value.field == field
