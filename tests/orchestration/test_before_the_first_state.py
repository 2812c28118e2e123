"""Runs that have not come far, or cannot: what was given is named, and what there is can be looked at."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum import Branch, Orchestrator, Policies, Specialist, Tuning, ValidationPolicy, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.orchestration.persistence.register import record_end
from langgraph_quorum.orchestration.persistence.runs import record_start
from langgraph_quorum.state.errors import AnswerError, ConfigurationError, PlanError
from langgraph_quorum.state.workflow import QuorumOutput
from tests.nested import nested
from tests.orchestration.crews import Crew

OURS = {*QuorumOutput.__annotations__, "thread_id", "interrupts"}


def reviewed() -> QuorumBuilder:
    """A workflow that asks about its only result."""

    async def one(branch: Branch) -> dict[str, object]:
        return {"v": 1, "confidence": 0.9}

    review = ValidationPolicy(review="always")
    return build_workflow([Specialist("one", one)], tuning=Tuning(policies=Policies(validation=review)))


async def failed_at_once(pool: Pool, thread_id: str) -> None:
    """As a run is left whose first state could not be written, and whose input is not JSON."""
    await record_start(pool, thread_id, workflow="workflow", task="look", options={})
    await record_end(pool, thread_id, "failed", reason="OSError: the disk is full")


async def test_an_input_that_cannot_be_stored_is_named_by_its_path_and_nothing_is_started(
    pool: Pool, crew: Crew
) -> None:
    work: Any = [{"branch_id": "a", "specialist": "one"}, {"specialist": "two", "payload": {"deep": [1, object()]}}]
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        with pytest.raises(ConfigurationError, match=r"^work\[1\].payload.deep\[1\]=<object .* cannot be stored"):
            await quorum.start({"task": "look", "work": work}, "t1")
        assert not (await quorum.list()).runs


async def test_an_answer_that_cannot_be_stored_is_named_with_its_question_which_stays_open(pool: Pool) -> None:
    async with Orchestrator.on(reviewed(), pool) as quorum:
        waiting = await (await quorum.start({"task": "look"}, "t1")).result()
        (question,) = waiting["interrupts"]
        with pytest.raises(AnswerError, match=rf"question '{question}' cannot be stored: answer.value\[0\]=<object"):
            await quorum.resume("t1", {question: {"type": "edit", "value": [object()]}})
        with pytest.raises(AnswerError, match=r"cannot be stored: answer\[0\]"):
            await quorum.resume("t1", {question: nested(20_000)})
        assert await quorum.get("t1") == waiting


async def test_what_a_waiting_run_says_of_its_result_is_what_the_question_is_about(pool: Pool) -> None:
    async with Orchestrator.on(reviewed(), pool) as quorum:
        waiting = await (await quorum.start({"task": "look"}, "t1")).result()
        (question,) = waiting["interrupts"]
        out = await (await quorum.resume("t1", {question: "approve"})).result()
    shown = ("result", "quality", "confidence_interval", "attribution")
    assert {name: waiting[name] for name in shown} == {name: out[name] for name in shown}
    assert (waiting["status"], waiting["quality"], waiting["result"]["v"]) == ("waiting", 0.9, 1)


@pytest.mark.parametrize("asks", [True, False], ids=["waiting", "interrupted"])
async def test_before_the_first_merge_there_is_no_quality(pool: Pool, crew: Crew, asks: bool) -> None:
    async with Orchestrator.on(crew.workflow(asks=asks), pool) as quorum:
        run = await quorum.start({"task": "look"}, "t1")
        if not asks:
            await crew.slow_started.wait()
            run.drain()
        out = await run.result()
    assert out["status"] == ("waiting" if asks else "interrupted")
    assert (out["result"], out["quality"], out["confidence_interval"], out["attribution"]) == (None, None, None, [])
    assert out.keys() == OURS


async def test_a_run_that_failed_at_its_start_has_the_keys_of_every_outcome(pool: Pool, crew: Crew) -> None:
    work: Any = [{"branch_id": "x", "specialist": "nobody"}]
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        with pytest.raises(PlanError):
            await (await quorum.start({"task": "look", "work": work}, "t1")).result()
        await failed_at_once(pool, "t2")
        for thread_id in ("t1", "t2"):
            out = await quorum.get(thread_id)
            assert out.keys() == {*OURS, "reason"}
            assert (out["status"], out["branches"], out["result"], out["quality"]) == ("failed", {}, None, None)


async def test_a_run_without_a_first_state_is_never_said_not_to_be_there(pool: Pool, crew: Crew) -> None:
    await failed_at_once(pool, "t1")
    crew.go.set()
    async with Orchestrator.on(crew.workflow(), pool) as quorum:
        assert await quorum.history("t1") == []
        with pytest.raises(ConfigurationError, match="'t1': it has not come to its first state: there is nothing to"):
            await quorum.fork("t1")
        with pytest.raises(ConfigurationError, match="'t1': it is failed, and no branch of it has ended yet"):
            await quorum.remerge("t1", "best")
        with pytest.raises(ConfigurationError, match=r"'t1': it has no state yet, and its input, .* `start` it with"):
            await quorum.resume("t1")
        assert "failed, no result: OSError: the disk is full" in (await quorum.explain("t1")).headline
        assert (await (await quorum.start({"task": "look"}, "t1")).result())["status"] == "approved"
