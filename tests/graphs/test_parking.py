"""Questions that are put off: the rest is merged and validated first, then they are asked, and worked in."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.graph import START, StateGraph
from langgraph.types import Command, interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Branch, Specialist, SyncPolicy
from tests.graphs.asking import ONCE, PARK, Asking, Dialogue, questions
from tests.graphs.running import FIXED, compiled, statuses, thread

pytestmark = pytest.mark.looptime


async def test_the_rest_is_merged_and_validated_before_the_question_is_asked() -> None:
    crew = Asking()
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), sync=PARK)
    paused = await talk.begin()
    assert list(questions(paused)) == ["b"]
    assert (await talk.values())["merged"]["value"] == {"a": {"by": "a", "inputs": {}}}
    assert paused["result"] == {"a": {"by": "a", "inputs": {}}}  # provisional
    assert (paused["status"], paused["verdict"], paused["failed"]) == ("running", None, ["b"])
    result = await talk.answer({questions(paused)["b"]: "yes"})
    assert result["result"]["b"]["answer"] == "yes"
    assert (result["status"], result["failed"], result["partial"]) == ("approved", [], False)
    assert crew.calls == {"a": 1, "b": 1}
    nodes = [line["node"] for line in result["timeline"] if line["event"] in ("merged", "asked", "approved")]
    assert nodes == ["merger", "load_balancer", "merger", "validator"]


async def test_where_the_quorum_is_met_without_it_the_question_is_still_asked_before_the_end() -> None:
    crew = Asking()
    policy = SyncPolicy(threshold=0.5, on_question="park")
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), sync=policy)
    paused = await talk.begin()
    assert [line["node"] for line in paused["timeline"] if line["event"] == "asked"] == ["validator"]
    result = await talk.answer({questions(paused)["b"]: "yes"})
    assert (result["status"], result["failed"]) == ("approved", [])


@pytest.mark.parametrize("order", ["bcd", "dcb", "cdb"])
async def test_several_questions_are_answered_one_by_one_in_any_order(order: str) -> None:
    crew = Asking()
    talk = Dialogue(crew.sleeps("a", 1), *[crew.asks(name) for name in "bcd"], sync=PARK)
    paused = await talk.begin()
    ids = questions(paused)
    assert sorted(ids) == ["b", "c", "d"]
    for number, name in enumerate(order, 1):
        paused = await talk.answer({ids[name]: f"{name}!"})
        assert sorted(questions(paused)) == sorted(order[number:])
    assert {name: paused["result"][name]["answer"] for name in "bcd"} == {"b": "b!", "c": "c!", "d": "d!"}
    assert crew.calls == dict.fromkeys("abcd", 1)
    assert paused["status"] == "approved"


async def test_several_questions_are_answered_together() -> None:
    crew = Asking()
    talk = Dialogue(crew.sleeps("a", 1), *[crew.asks(name) for name in "bcd"], sync=PARK)
    ids = questions(await talk.begin())
    result = await talk.answer({ids[name]: f"{name}!" for name in "cbd"})
    assert {name: result["result"][name]["answer"] for name in "bcd"} == {"b": "b!", "c": "c!", "d": "d!"}
    assert crew.calls == dict.fromkeys("abcd", 1)


async def test_what_is_missing_is_mended_before_anybody_is_asked() -> None:
    crew = Asking()
    shaky = crew.fails("shaky", ConnectionError(), times=2, **ONCE)
    talk = Dialogue(crew.sleeps("a", 1), shaky, crew.asks("b"), sync=PARK)
    paused = await talk.begin()
    assert [decision["round"] for decision in paused["sync"]] == [0, 1, 2]
    assert statuses(paused) == {"a": "succeeded", "b": "awaiting_human", "shaky": "succeeded"}
    result = await talk.answer({questions(paused)["b"]: "yes"})
    assert (result["status"], crew.calls) == ("approved", {"a": 1, "shaky": 3, "b": 1})


async def test_an_asked_branch_that_fails_after_its_answer_is_redone_and_asks_again() -> None:
    crew = Asking()
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b", ConnectionError(), **ONCE), sync=PARK)
    paused = await talk.begin()
    paused = await talk.answer({questions(paused)["b"]: "yes"})
    result = await talk.answer({questions(paused)["b"]: "yes, again"})
    assert result["result"]["b"]["answer"] == "yes, again"
    assert crew.calls == {"a": 1, "b": 2}


@pytest.mark.parametrize("on_question", ["park", "block"])
async def test_in_bundles_a_question_is_asked_in_a_fan_out_of_its_own(on_question: Any) -> None:
    crew = Asking()

    async def mixed(branch: Branch) -> dict[str, Any]:
        answer = interrupt({"question": f"may {branch.branch_id}?"}) if branch.branch_id in "bd" else None
        crew._note(branch)
        return {"answer": answer, "inputs": branch.inputs}

    work: list[dict[str, Any]] = [{"branch_id": name, "specialist": "s"} for name in "abcd"]
    work.append({"branch_id": "top", "specialist": "s", "depends_on": ["b"]})
    policy = SyncPolicy(threshold=1.0, deadline_s=100, on_question=on_question)
    talk = Dialogue(Specialist("s", mixed), sync=policy, bundle=10)
    paused = await talk.begin(work)
    ids = questions(paused)
    assert sorted(ids) == ["b", "d"]
    assert bool(paused["result"]) is (on_question == "park")  # merged before it was asked, or not
    paused = await talk.answer({ids["d"]: "d!"})
    result = await talk.answer({ids["b"]: "b!"})
    assert result["result"]["top"]["inputs"]["b"]["answer"] == "b!"
    assert set(statuses(result).values()) == {"succeeded"}
    assert crew.calls == dict.fromkeys([*"abcd", "top"], 1)


class Outer(TypedDict, total=False):
    task: str
    work: list[dict[str, Any]]
    result: Any
    status: str


async def test_questions_are_put_off_in_a_nested_workflow_too() -> None:
    crew, saver = Asking(), InMemorySaver()

    def outer() -> Any:
        inner = compiled(crew.sleeps("a", 1), crew.asks("b"), crew.asks("c"), sync=PARK)
        graph = StateGraph(Outer)
        graph.add_node("inner", inner)
        graph.add_edge(START, "inner")
        return graph.compile(checkpointer=saver)

    paused = await outer().ainvoke({"task": "x"}, thread(), context=FIXED)
    ids = questions(paused)
    still = await outer().ainvoke(Command(resume={ids["c"]: "c!"}), thread(), context=FIXED)
    assert list(questions(still)) == ["b"]
    result = await outer().ainvoke(Command(resume={ids["b"]: "b!"}), thread(), context=FIXED)
    assert {name: result["result"][name]["answer"] for name in "bc"} == {"b": "b!", "c": "c!"}
    assert (result["status"], crew.calls) == ("approved", dict.fromkeys("abc", 1))


async def test_parked_questions_survive_a_long_wait_and_a_late_straggler() -> None:
    crew = Asking()
    policy = SyncPolicy(threshold=0.3, grace_s=1, deadline_s=60, on_question="park", on_straggler="harvest")
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), crew.sleeps("slow", 30), sync=policy)
    paused = await talk.begin()
    await asyncio.sleep(1000)
    result = await talk.answer({questions(paused)["b"]: "yes"})
    assert set(statuses(result).values()) == {"succeeded"}  # the straggler was there when the point was next asked
    assert (result["branches"]["slow"]["late"], result["pending"]) == (True, [])
    assert crew.calls == {"a": 1, "b": 1, "slow": 1}
