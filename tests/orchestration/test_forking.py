"""Forks: a run copied as it stood at a checkpoint; the original stays as it is, and finished work is not done again."""

from __future__ import annotations

import asyncio
import math
from typing import Annotated, Any

import pytest
from langgraph.channels import DeltaChannel
from langgraph.graph import END, START, StateGraph
from langgraph.types import interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.runs import find_run, get_run
from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError
from langgraph_quorum.state.workflow import QuorumInput
from tests.orchestration.crews import Crew

TASK: QuorumInput = {"task": "look"}
ONCE = {"one": 1, "two": 1, "slow": 1}


async def before(quorum: Orchestrator, thread_id: str, node: str) -> str:
    """The id of the checkpoint that this node followed."""
    return next(step.checkpoint_id for step in await quorum.history(thread_id) if step.next == (node,))


async def test_a_fork_from_before_the_merger_merges_anew_and_runs_no_branch_again(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(merge="best"), pool) as quorum:
        first = await (await quorum.start(TASK, thread_id="t1")).result()
        steps = await quorum.history("t1")
    async with Orchestrator.on(crew.workflow(merge="merge_all"), pool) as quorum:
        copy = await quorum.fork("t1", await before(quorum, "t1", "merger"))
        stored = await get_run(pool, copy)
        assert (stored.status, stored.forked_from, stored.task) == ("interrupted", "t1", "look")
        again = await (await quorum.resume(copy)).result()
        assert (again["status"], again["branches"]) == ("approved", first["branches"])
        assert await quorum.history("t1") == steps
        assert await quorum.get("t1") == first
    assert crew.calls == ONCE
    assert first["result"] != again["result"]


async def test_an_edit_goes_through_the_reducers_and_changes_what_follows(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(merge="merge_all"), pool) as quorum:
        first = await (await quorum.start(TASK, thread_id="t1")).result()
        told = {**first["branches"]["one"], "result": {"answer": "edited", "confidence": 0.9}, "attempts": 2}
        point = await before(quorum, "t1", "merger")
        copy = await quorum.fork("t1", point, values={"branches": {"one": told}}, as_node="sync_point", into="t2")
        again = await (await quorum.resume(copy)).result()
    assert copy == "t2"
    assert set(again["branches"]) == {"one", "two", "slow"}
    assert "edited" in str(again["result"])
    assert "edited" not in str(first["result"])
    assert crew.calls == ONCE


@pytest.mark.parametrize(
    "change",
    [{"result": {"answer": "mine"}, "quality": {"score": 0.1}}, {"status": "failed"}],
    ids=["a lower score", "failed"],
)
async def test_an_edit_of_a_branch_names_what_it_changes_and_holds_however_it_looks(
    pool: Pool, crew: Crew, change: dict[str, Any]
) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(merge="merge_all"), pool) as quorum:
        await (await quorum.start(TASK, thread_id="t1")).result()
        copy = await quorum.fork("t1", await before(quorum, "t1", "merger"), values={"branches": {"one": change}})
        again = await (await quorum.resume(copy)).result()
        told = await quorum.explain(copy)
    record = again["branches"]["one"]
    assert (record["status"], record.get("edited")) == (change.get("status", "succeeded"), True)
    assert ("mine" in str(again["result"])) == ("result" in change)
    assert [row["rests_on"][0] for row in told.weights if row["row"]["branch_id"] == "one"] == (
        ["its record was edited by hand"] if "result" in change else []
    )
    assert crew.calls == ONCE


async def test_a_fork_of_the_latest_state_keeps_what_was_finished_since(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        await quorum.cancel("t1")
        copy = await quorum.fork("t1")
        crew.go.set()
        assert (await (await quorum.resume(copy)).result())["status"] == "approved"
        assert (await quorum.get("t1"))["status"] == "cancelled"
    assert crew.calls == {"one": 1, "two": 1, "slow": 2}


async def test_a_run_can_be_forked_while_it_is_driven(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        run = await quorum.start(TASK, thread_id="t1")
        await asyncio.wait_for(crew.slow_started.wait(), 10)
        copy = await quorum.fork("t1")
        crew.go.set()
        outs = [await run.result(), await (await quorum.resume(copy)).result()]
    assert [out["status"] for out in outs] == ["approved", "approved"]


async def test_a_question_is_asked_in_the_copy_too_and_each_takes_its_own_answer(pool: Pool, crew: Crew) -> None:
    async with Orchestrator.on(crew.workflow(asks=True), pool) as quorum:
        waiting = await (await quorum.start(TASK, thread_id="t1")).result()
        copy = await quorum.fork("t1")
        assert (await get_run(pool, copy)).status == "waiting"
        said = {}
        for thread_id, answer in (("t1", "yes"), (copy, "no")):
            out = await (await quorum.resume(thread_id, dict.fromkeys(waiting["interrupts"], answer))).result()
            said[thread_id] = out["branches"]["asking"]["result"]["answer"]
    assert said == {"t1": "yes", copy: "no"}


async def test_a_second_question_of_a_task_is_asked_in_the_copy_too(pool: Pool) -> None:
    builder = StateGraph(Noted)
    builder.add_node("ask", lambda state: {"text": f"{interrupt('who?')} {interrupt('when?')}"})
    builder.add_edge(START, "ask")
    async with Orchestrator.on(builder, pool) as quorum:
        first = await (await quorum.start({}, thread_id="t1")).result()
        second = await (await quorum.resume("t1", dict.fromkeys(first["interrupts"], "you"))).result()
        assert list(second["interrupts"].values()) == ["when?"]
        copy = await quorum.fork("t1")
        for thread_id, when in ((copy, "now"), ("t1", "later")):
            out = await (await quorum.resume(thread_id, dict.fromkeys(second["interrupts"], when))).result()
            assert (out["status"], out["text"]) == ("approved", f"you {when}")


class Noted(TypedDict, total=False):
    text: str
    large: dict[str, Any]
    notes: Annotated[list[str], DeltaChannel(lambda notes, more: [*notes, *(note for one in more for note in one)])]


def noting() -> StateGraph[Any, Any, Any, Any]:
    """A graph whose notes are stored as changes, and that asks at its end."""

    def note(number: int) -> Any:
        def node(state: Noted) -> Noted:
            return {"notes": [f"note {number}"]}

        return node

    def ask(state: Noted) -> Noted:
        return {"text": f"{interrupt('go on?')}, {len(state['text'])}", "notes": ["asked"]}

    builder = StateGraph(Noted)
    for number in range(3):
        builder.add_node(f"n{number}", note(number))
    builder.add_node("ask", ask)
    for start, end in [(START, "n0"), ("n0", "n1"), ("n1", "n2"), ("n2", "ask"), ("ask", END)]:
        builder.add_edge(start, end)
    return builder


async def test_values_that_were_stored_earlier_or_as_changes_are_whole_in_the_copy(pool: Pool) -> None:
    given = {"text": "x" * 100_000, "large": {"deep": [1, 2, 3]}, "notes": ["given"]}
    notes = ["given", "note 0", "note 1", "note 2"]
    async with Orchestrator.on(noting(), pool) as quorum:
        await (await quorum.start(given, thread_id="t1")).result()
        copies = [await quorum.fork("t1"), await quorum.fork("t1", await before(quorum, "t1", "n2"))]
        await quorum.delete("t1")
        for copy in copies:
            waiting = await (await quorum.resume(copy)).result()
            assert {name: waiting[name] for name in given} == {**given, "notes": notes}
            out = await (await quorum.resume(copy, dict.fromkeys(waiting["interrupts"], "yes"))).result()
            assert (out["text"], out["notes"]) == ("yes, 100000", [*notes, "asked"])


async def test_what_a_fork_cannot_do_is_named_and_leaves_nothing(pool: Pool, crew: Crew) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await (await quorum.start(TASK, thread_id="t1")).result()
        with pytest.raises(ThreadNotFoundError, match="'nowhere'"):
            await quorum.fork("nowhere")
        wrong: list[tuple[str, dict[str, Any]]] = [
            (r"values=|give fields", {"values": {}}),
            (r"taks=.*did you mean 'task'", {"values": {"taks": "x"}}),
            (r"task=.*NUL", {"values": {"task": "a\0b"}}),
            (r"task=nan", {"values": {"task": math.nan}}),
            (r"result\.v=nan: JSON has no such number", {"values": {"result": {"v": math.nan}}}),
            (r"branches\.one\.result=inf", {"values": {"branches": {"one": {"result": math.inf}}}}),
            (r"branches='ones': no branch .* did you mean 'one'", {"values": {"branches": {"ones": {"result": 1}}}}),
            (r"branches\.one=None: give the fields", {"values": {"branches": {"one": None}}}),
            (r"as_node='mergr'.*did you mean 'merger'", {"values": TASK, "as_node": "mergr"}),
            (r"as_node=.*`values`", {"as_node": "merger"}),
            (r"into='t1'.*exists", {"into": "t1"}),
            (r"into=''", {"into": ""}),
            (r"checkpoint_id='no such'.*history", {"checkpoint_id": "no such", "into": "t2"}),
        ]
        for words, arguments in wrong:
            with pytest.raises(ConfigurationError, match=words):
                await quorum.fork("t1", **arguments)
        assert await find_run(pool, "t2") is None
        assert await quorum.fork("t1", into="t2") == "t2"
    async with Orchestrator.on(crew.workflow(), pool, "audits") as audits:
        with pytest.raises(ConfigurationError, match="audits"):
            await audits.fork("t1")


async def test_a_run_that_is_deleted_while_it_is_copied_leaves_no_copy_with_nobody_to_keep_its_artifacts(
    pool: Pool, crew: Crew, monkeypatch: pytest.MonkeyPatch
) -> None:
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        await (await quorum.start(TASK, thread_id="t1")).result()
        put = quorum._saver.aput

        async def put_and_delete(*what: Any) -> Any:
            put_there = await put(*what)
            await quorum.delete("t1")
            return put_there

        monkeypatch.setattr(quorum._saver, "aput", put_and_delete)
        with pytest.raises(ThreadNotFoundError, match="'t1'"):
            await quorum.fork("t1", into="t2")
        with pytest.raises(ThreadNotFoundError, match="'t2'"):
            await quorum.history("t2")
