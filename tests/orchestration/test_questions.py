"""Questions of branches on Postgres: asked at once or put off, answered by id in any order, by another process."""

from __future__ import annotations

from collections import Counter
from typing import Any

import pytest
from langgraph.types import interrupt

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import AnswerError, ConfigurationError

PARK = SyncPolicy(threshold=1.0, deadline_s=30, on_question="park")
BLOCK = SyncPolicy(threshold=1.0, deadline_s=30)

WORK: list[dict[str, Any]] = [
    {"branch_id": "free", "specialist": "quick"},
    {"branch_id": "a", "specialist": "asks"},
    {"branch_id": "b", "specialist": "asks"},
    {"branch_id": "next", "specialist": "quick", "depends_on": ["a"]},
]


class Talkers:
    """Specialists of which one asks; they count what they have done."""

    def __init__(self) -> None:
        self.calls: Counter[str] = Counter()

    async def quick(self, branch: Branch) -> dict[str, Any]:
        self.calls[branch.branch_id] += 1
        return {"inputs": branch.inputs, "confidence": 0.9}

    async def asks(self, branch: Branch) -> dict[str, Any]:
        answer = interrupt({"question": branch.branch_id})
        self.calls[branch.branch_id] += 1
        return {"answer": answer, "confidence": 0.9}

    def workflow(self, sync: SyncPolicy) -> Any:
        crowd = [Specialist("quick", self.quick), Specialist("asks", self.asks)]
        return build_workflow(crowd, sync, "merge_all", "parallel")


def ids(outcome: dict[str, Any]) -> dict[str, str]:
    return {value["question"]: name for name, value in outcome["interrupts"].items()}


@pytest.mark.parametrize("sync", [PARK, BLOCK], ids=["park", "block"])
@pytest.mark.parametrize("order", [["a", "b"], ["b", "a"]])
async def test_questions_are_answered_in_any_order_each_by_a_new_orchestrator(
    pool: Pool, sync: SyncPolicy, order: list[str]
) -> None:
    talkers = Talkers()
    async with Orchestrator.on(talkers.workflow(sync), pool) as quorum:
        outcome = await (await quorum.start({"task": "x", "work": WORK}, thread_id="t")).result()
    assert (outcome["status"], talkers.calls) == ("waiting", {"free": 1})
    questions = ids(outcome)
    assert sorted(questions) == ["a", "b"]
    for number, name in enumerate(order, 1):
        async with Orchestrator.on(talkers.workflow(sync), pool) as quorum:
            outcome = await (await quorum.resume("t", {questions[name]: f"{name}!"})).result()
        assert sorted(ids(outcome)) == sorted(order[number:])
    assert outcome["status"] == "approved"
    assert outcome["result"]["next"]["inputs"]["a"]["answer"] == "a!"
    assert talkers.calls == dict.fromkeys(["free", "a", "b", "next"], 1)


async def test_a_parked_question_shows_the_result_so_far_while_it_waits(pool: Pool) -> None:
    talkers = Talkers()
    async with Orchestrator.on(talkers.workflow(PARK), pool) as quorum:
        await (await quorum.start({"task": "x", "work": WORK}, thread_id="t")).result()
        seen = await quorum.get("t")
        (listed,) = await quorum.list()
    assert (seen["status"], listed.status) == ("waiting", "waiting")
    assert list(seen["result"]) == ["free"]
    assert seen["failed"] == ["a", "b", "next"]
    assert {name: record["status"] for name, record in seen["branches"].items()} == {
        "free": "succeeded",
        "a": "awaiting_human",
        "b": "awaiting_human",
        "next": "awaiting_human",
    }


@pytest.mark.parametrize("sync", [PARK, BLOCK], ids=["park", "block"])
async def test_a_wrong_id_is_an_error_that_loses_nothing(pool: Pool, sync: SyncPolicy) -> None:
    talkers = Talkers()
    async with Orchestrator.on(talkers.workflow(sync), pool) as quorum:
        questions = ids(await (await quorum.start({"task": "x", "work": WORK}, thread_id="t")).result())
        with pytest.raises(AnswerError, match="no question 'wrong' is open"):
            await quorum.resume("t", {"wrong": "yes"})
        with pytest.raises(AnswerError, match="wrong"):  # not even the right one beside it is taken
            await quorum.resume("t", {questions["a"]: "a!", "wrong": "yes"})
        assert ids(await quorum.get("t")) == questions
        half = await (await quorum.resume("t", {questions["a"]: "a!"})).result()
        with pytest.raises(AnswerError, match=questions["a"]):  # answered by now
            await quorum.resume("t", {questions["a"]: "again"})
        assert ids(half) == {"b": questions["b"]}
        outcome = await (await quorum.resume("t", {questions["b"]: "b!"})).result()
    assert {name: outcome["result"][name]["answer"] for name in "ab"} == {"a": "a!", "b": "b!"}
    assert set(talkers.calls.values()) == {1}


@pytest.mark.parametrize(
    ("context", "told"),
    [
        ({"treshold": 0.5}, r"^treshold='...': .* did you mean 'threshold'"),
        ({"merge": "loudest"}, "context.merge"),
        (5, "^context='int': give a dict"),
    ],
)
async def test_a_context_that_no_run_could_have_is_refused_and_the_run_goes_on_waiting(
    pool: Pool, context: Any, told: str
) -> None:
    async with Orchestrator.on(Talkers().workflow(BLOCK), pool) as quorum:
        outcome = await (await quorum.start({"task": "x", "work": WORK}, thread_id="t")).result()
        with pytest.raises(ConfigurationError, match=told):
            await quorum.resume("t", dict.fromkeys(outcome["interrupts"], "yes"), context=context)
        with pytest.raises(ConfigurationError, match=told):
            await quorum.start({"task": "x"}, context=context)
        assert (await quorum.get("t"))["status"] == "waiting"
