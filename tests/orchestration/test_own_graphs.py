"""Runs of graphs that are not ours: their fields stay theirs, and what they fail of is kept."""

from __future__ import annotations

import pytest
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.events import RunEnded
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.state.errors import ConfigurationError
from tests.orchestration.crews import Crew
from tests.orchestration.graphs_of_ones_own import Flaky, asking, clashing, joining


@pytest.mark.parametrize("status", ["shipped", "failed", "waiting"])
async def test_a_graphs_own_status_says_nothing_about_how_the_run_stands(pool: Pool, status: str) -> None:
    async with Orchestrator.on(clashing(status=status, report="done"), pool) as quorum:
        out = await (await quorum.start({}, "t1")).result()
        assert out == await quorum.get("t1")
        (listed,) = await quorum.list()
        (latest, *_) = await quorum.history("t1")
    assert (out["status"], out["report"], out["values"]) == ("approved", "done", {"status": status})
    assert listed.status == "approved"
    assert latest.status is None


async def test_fields_named_like_keys_of_the_outcome_are_under_values(pool: Pool) -> None:
    given = {"thread_id": "mail-7", "interrupts": 3, "values": "good", "active": True, "branches": ["x"]}
    async with Orchestrator.on(clashing(**given), pool) as quorum:
        out = await (await quorum.start({}, "t1")).result()
    assert out == {
        "thread_id": "t1",
        "status": "approved",
        "interrupts": {},
        "active": True,
        "branches": ["x"],
        "values": {"thread_id": "mail-7", "interrupts": 3, "values": "good"},
    }


async def test_fields_that_clash_with_nothing_stay_where_they_are(pool: Pool) -> None:
    async with Orchestrator.on(clashing(reason="because", values="good"), pool) as quorum:
        out = await (await quorum.start({}, "t1")).result()
    assert (out["reason"], out["values"]) == ("because", "good")


async def test_a_node_that_was_renamed_while_the_run_waited_for_it_is_named_and_nothing_is_lost(pool: Pool) -> None:
    async with Orchestrator.on(asking("review"), pool) as quorum:
        waiting = await (await quorum.start({}, "t1")).result()
    answers = dict.fromkeys(waiting["interrupts"], "yes")
    async with Orchestrator.on(asking("assess"), pool) as quorum:
        for given in (None, answers):
            with pytest.raises(ConfigurationError, match=r"nodes=\['review'\].*'t1'.*fork"):
                await quorum.resume("t1", given)
        with pytest.raises(ConfigurationError, match="review"):
            await quorum.start({}, "t1")
        assert (await quorum.get("t1"))["status"] == "waiting"
    async with Orchestrator.on(asking("review"), pool) as quorum:
        out = await (await quorum.resume("t1", answers)).result()
    assert out["steps"] == ["first", "yes"]


@pytest.mark.parametrize("defer", [False, True])
async def test_a_join_that_can_never_be_complete_is_refused_by_the_name_that_is_gone(pool: Pool, defer: bool) -> None:
    async with Orchestrator.on(joining("gather", defer=defer), pool) as quorum:
        waiting = await (await quorum.start({}, "t1")).result()
    answers = dict.fromkeys(waiting["interrupts"], "yes")
    async with Orchestrator.on(joining("collect", defer=defer), pool) as quorum:
        with pytest.raises(ConfigurationError, match=r"nodes=\['gather'\]"):
            await quorum.resume("t1", answers)
    async with Orchestrator.on(joining("gather", defer=defer), pool) as quorum:
        out = await (await quorum.resume("t1", answers)).result()
        history = await quorum.history("t1")
    assert out["report"] == "gathered and published"
    assert history[0].next == ()
    assert {"publish", "tidy"} <= {name for step in history for name in step.next}
    async with Orchestrator.on(joining("collect", defer=defer), pool) as quorum:
        assert await (await quorum.resume("t1")).result() == out


async def test_a_finished_run_is_read_by_a_graph_whose_nodes_were_renamed(pool: Pool) -> None:
    async with Orchestrator.on(asking("review"), pool) as quorum:
        waiting = await (await quorum.start({}, "t1")).result()
        done = await (await quorum.resume("t1", dict.fromkeys(waiting["interrupts"], "yes"))).result()
    async with Orchestrator.on(asking("assess"), pool) as quorum:
        assert await quorum.get("t1") == done
        assert await (await quorum.resume("t1")).result() == done


async def test_a_finished_or_failed_thread_of_another_workflow_is_refused_by_every_verb(pool: Pool, crew: Crew) -> None:
    flaky = Flaky(ValueError("boom"))
    async with Orchestrator.on(clashing(report="done"), pool, "reports") as reports:
        await (await reports.start({}, "done")).result()
    async with Orchestrator.on(flaky.graph(), pool, "flaky") as failing:
        with pytest.raises(ValueError, match="boom"):
            await (await failing.start({}, "failed")).result()
    async with Orchestrator.on(crew.workflow(), pool, "audits") as audits:
        for thread_id, theirs in (("done", "reports"), ("failed", "flaky")):
            for verb in (audits.get, audits.resume, audits.cancel, audits.fork):
                with pytest.raises(ConfigurationError, match=theirs):
                    await verb(thread_id)
            with pytest.raises(ConfigurationError, match=theirs):
                await audits.start({"task": "look"}, thread_id)
    assert (await get_run(pool, "failed")).status == "failed"


async def test_why_a_graph_failed_is_kept_until_the_run_is_taken_up(pool: Pool) -> None:
    flaky = Flaky(ValueError("boom at https://me:hush@host/ " + "x" * 400))
    async with Orchestrator.on(flaky.graph(), pool) as quorum:
        with pytest.raises(ValueError, match="boom"):
            await (await quorum.start({}, "t1")).result()
        out = await quorum.get("t1")
        (listed,) = await quorum.list()
        ended = [event async for event in quorum.watch("t1") if isinstance(event, RunEnded)]
        assert out["status"] == listed.status == ended[0].status == "failed"
        assert out["reason"] == listed.reason == ended[0].reason
        assert out["reason"].startswith("ValueError: boom at https://***@host/ xxx")
        assert len(out["reason"]) == 300
        flaky.error = None
        assert (await (await quorum.resume("t1")).result())["status"] == "approved"
        assert "reason" not in await quorum.get("t1")
        assert (await get_run(pool, "t1")).reason is None


async def test_a_thread_that_nobody_names_gets_an_id_that_no_other_run_will_have(pool: Pool) -> None:
    async with Orchestrator.on(clashing(report="done"), pool) as quorum:
        started = await quorum.start({})
        await started.result()
        copied = await quorum.fork(started.thread_id)
    assert started.thread_id != copied
    for thread_id in (started.thread_id, copied):
        assert len(bytes.fromhex(thread_id)) >= 10, "with fewer bits, two of some million runs share one"


async def test_a_graphs_own_task_need_not_be_a_text(pool: Pool) -> None:
    class Ticket(TypedDict):
        task: dict[str, int]

    builder = StateGraph(Ticket).add_node("count", lambda state: {"task": {"number": state["task"]["number"] + 1}})
    async with Orchestrator.on(builder.add_edge(START, "count"), pool) as quorum:
        run = await quorum.start({"task": {"number": 7}}, "t1")
        assert (await run.result())["task"] == {"number": 8}
        (listed,) = await quorum.list()
    assert listed.task == ""
