"""Questions to a human: at the review of a result, and from within a branch."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.state.policies import RecoveryPolicy, ValidationPolicy
from tests.graphs.running import FIXED, PATIENT, Crew, compiled, statuses, thread

pytestmark = pytest.mark.looptime
ALWAYS: dict[str, Any] = {"validation": ValidationPolicy(review="always")}
UNMET: dict[str, Any] = {"validation": ValidationPolicy(review="unmet"), "recovery": RecoveryPolicy(rounds=0)}


class Review:
    """A run that has come to its human review."""

    def __init__(self, *specialists: Specialist, **policies: Any) -> None:
        self.graph = compiled(*specialists, saver=InMemorySaver(), **policies)

    async def ask(self) -> dict[str, Any]:
        paused = await self.graph.ainvoke({"task": "x"}, thread(), context=FIXED)
        return self._question(paused)

    async def answer(self, answer: Any) -> dict[str, Any]:
        result: dict[str, Any] = await self.graph.ainvoke(Command(resume=answer), thread(), context=FIXED)
        return result

    async def answer_wrongly(self, answer: Any) -> dict[str, Any]:
        return self._question(await self.answer(answer))

    def _question(self, paused: dict[str, Any]) -> dict[str, Any]:
        question: dict[str, Any] = paused["__interrupt__"][0].value
        return question


async def test_a_review_shows_the_result_and_an_approval_ends_the_run() -> None:
    review = Review(Crew().scores("s", 0.95), **ALWAYS)
    question = await review.ask()
    (request,) = question["action_requests"]
    assert question["review"]["quality"] == 0.95
    assert "All targets are met." in request["description"]
    assert question["review_configs"][0]["allowed_decisions"] == ["approve", "edit", "reject"]
    result = await review.answer({"decisions": [{"type": "approve", "message": "fine"}]})
    assert (result["status"], result["verdict"]) == ("approved", "approved")


async def test_a_rejection_ends_the_run_in_an_error_state_with_the_reason() -> None:
    review = Review(Crew().scores("s", 0.95), **ALWAYS)
    await review.ask()
    result = await review.answer({"decisions": [{"type": "reject", "message": "too dry"}]})
    assert (result["status"], result["verdict"]) == ("failed", "critical_failure")
    assert result["error"] == {"type": "Rejected", "message": "too dry", "transient": False}


@pytest.mark.parametrize("nonsense", ["maybe", 7, [None], {"decisions": []}, {"decisions": [{"type": "edit"}]}])
async def test_an_answer_that_is_none_is_asked_for_again(nonsense: Any) -> None:
    review = Review(Crew().scores("s", 0.95), **ALWAYS)
    await review.ask()
    again = await review.answer_wrongly(nonsense)
    assert 'answer with one of "approve", "reject: why"' in again["action_requests"][0]["description"]
    assert (await review.answer("approve"))["status"] == "approved"


async def test_missed_targets_are_taken_to_a_human_when_nothing_is_left_to_redo() -> None:
    review = Review(Crew().scores("s", 0.4), **UNMET)
    question = await review.ask()
    assert question["action_requests"][0]["description"].count("quality 0.40 is below the target 0.8")
    assert (await review.answer("approve"))["status"] == "approved"


async def test_met_targets_need_no_human() -> None:
    graph = compiled(Crew().scores("s", 0.9), **UNMET)
    assert (await graph.ainvoke({"task": "x"}, context=FIXED))["status"] == "approved"


class Asking(Crew):
    """Specialists of which some ask a human."""

    def asks(self, name: str, seconds_after: float = 0.0) -> Specialist:
        async def run(branch: Branch) -> dict[str, Any]:
            answer = interrupt({"question": f"may {branch.branch_id}?"})
            self.calls[branch.branch_id] += 1
            await asyncio.sleep(seconds_after)
            return {"by": name, "answer": answer}

        return Specialist(name, run)


async def paused(graph: Any, work: Any = None) -> list[Any]:
    given = {"task": "x"} if work is None else {"task": "x", "work": work}
    questions: list[Any] = (await graph.ainvoke(given, thread(), context=FIXED))["__interrupt__"]
    assert open_meetings() == 0
    return questions


async def test_a_branch_that_asks_is_answered_and_the_others_do_not_run_again() -> None:
    crew = Asking()
    graph = compiled(crew.sleeps("a", 1), crew.asks("b"), saver=InMemorySaver())
    (question,) = await paused(graph)
    assert question.value == {"question": "may b?"}
    result = await graph.ainvoke(Command(resume="yes"), thread(), context=FIXED)
    assert result["branches"]["b"]["result"]["answer"] == "yes"
    assert crew.calls == {"a": 1, "b": 1}
    assert result["sync"][0]["completed"] == ["a", "b"]


async def test_several_branches_ask_at_once_and_are_answered_one_by_one() -> None:
    crew = Asking()
    graph = compiled(crew.sleeps("a", 1), crew.asks("b"), crew.asks("c"), saver=InMemorySaver())
    questions = {question.value["question"]: question.id for question in await paused(graph)}
    still = await graph.ainvoke(Command(resume={questions["may c?"]: "c!"}), thread(), context=FIXED)
    assert [question.value["question"] for question in still["__interrupt__"]] == ["may b?"]
    result = await graph.ainvoke(Command(resume={questions["may b?"]: "b!"}), thread(), context=FIXED)
    assert {name: result["branches"][name]["result"].get("answer") for name in "abc"} == {
        "a": None,
        "b": "b!",
        "c": "c!",
    }
    assert crew.calls == {"a": 1, "b": 1, "c": 1}


async def test_an_answer_does_not_come_too_late_for_a_quorum_that_was_met_meanwhile() -> None:
    crew = Asking()
    policy = SyncPolicy(threshold=0.5, grace_s=0.5, deadline_s=60)
    graph = compiled(crew.sleeps("a", 1), crew.asks("b", seconds_after=20), sync=policy, saver=InMemorySaver())
    await paused(graph)
    result = await graph.ainvoke(Command(resume="yes"), thread(), context=FIXED)
    assert statuses(result) == {"a": "succeeded", "b": "succeeded"}  # 20 s are far beyond the grace


async def test_what_waits_for_a_branch_that_asks_runs_when_the_answer_is_in() -> None:
    crew = Asking()
    work = [
        {"branch_id": "asked", "specialist": "b"},
        {"branch_id": "next", "specialist": "a", "depends_on": ["asked"]},
        {"branch_id": "last", "specialist": "a", "depends_on": ["next"]},
        {"branch_id": "free", "specialist": "a"},
    ]
    graph = compiled(crew.sleeps("a", 1), crew.asks("b"), saver=InMemorySaver())
    assert len(await paused(graph, work)) == 1
    assert crew.calls == {"free": 1}
    result = await graph.ainvoke(Command(resume="yes"), thread(), context=FIXED)
    assert set(statuses(result).values()) == {"succeeded"}
    assert result["branches"]["next"]["result"]["inputs"]["asked"]["answer"] == "yes"
    assert crew.calls == {"asked": 1, "next": 1, "last": 1, "free": 1}
    assert len(result["sync"]) == 1  # within the same fan-out, not as a recovery from having been skipped


async def test_a_branch_that_asks_passes_through_the_retries() -> None:
    crew = Asking()
    graph = compiled(crew.asks("b"), sync=PATIENT, saver=InMemorySaver())
    assert len(await paused(graph)) == 1
    assert crew.calls == {}
