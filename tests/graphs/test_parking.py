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
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from langgraph_quorum.state.policies import RecoveryPolicy, ValidationPolicy
from tests.graphs.running import FIXED, Crew, compiled, statuses, thread

pytestmark = pytest.mark.looptime

PARK = SyncPolicy(threshold=1.0, deadline_s=100, on_question="park")
ONCE: dict[str, Any] = {"attempts": 1}


class Asking(Crew):
    """Specialists of which some ask a human."""

    def asks(self, name: str, error: Exception | None = None, **settings: Any) -> Specialist:
        """Asks, then answers what it was told; with an error, raises that after the first answer."""

        async def run(branch: Branch) -> dict[str, Any]:
            answer = interrupt({"question": f"may {branch.branch_id}?"})
            self._note(branch)
            if error is not None and self.calls[branch.branch_id] == 1:
                raise error
            return {"by": name, "answer": answer}

        return Specialist(name, run, **settings)


class Dialogue:
    """A run that is asked and answered, each time by a new graph object."""

    def __init__(self, *specialists: Specialist, **settings: Any) -> None:
        self._specialists, self._settings, self._saver = specialists, settings, InMemorySaver()

    async def begin(self, work: Any = None) -> dict[str, Any]:
        given = {"task": "x"} if work is None else {"task": "x", "work": work}
        return await self._go(given)

    async def answer(self, answers: dict[str, Any]) -> dict[str, Any]:
        return await self._go(Command(resume=answers))

    def _make(self) -> Any:
        return compiled(*self._specialists, saver=self._saver, **self._settings)

    async def values(self) -> dict[str, Any]:
        values: dict[str, Any] = (await self._make().aget_state(thread())).values
        return values

    async def _go(self, given: Any) -> dict[str, Any]:
        result: dict[str, Any] = await self._make().ainvoke(given, thread(), context=FIXED)
        assert open_meetings() == 0
        return result


def questions(result: dict[str, Any]) -> dict[str, str]:
    """Ids of the open questions, by branch."""
    asked = {question.value["question"]: question.id for question in result.get("__interrupt__", [])}
    return {question.removeprefix("may ").removesuffix("?"): name for question, name in asked.items()}


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


async def test_what_waits_for_a_parked_branch_is_parked_with_it() -> None:
    crew = Asking()
    work = [
        {"branch_id": "asked", "specialist": "b"},
        {"branch_id": "next", "specialist": "a", "depends_on": ["asked"]},
        {"branch_id": "last", "specialist": "a", "depends_on": ["next"]},
        {"branch_id": "free", "specialist": "a"},
    ]
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), sync=PARK)
    paused = await talk.begin(work)
    assert crew.calls == {"free": 1}
    assert paused["branches"]["next"]["reason"] == "waits for the answer of a human"
    result = await talk.answer({questions(paused)["asked"]: "yes"})
    assert set(statuses(result).values()) == {"succeeded"}
    assert result["branches"]["next"]["result"]["inputs"]["asked"]["answer"] == "yes"
    assert crew.calls == {"free": 1, "asked": 1, "next": 1, "last": 1}


MIXED = [
    SyncPolicy(name="patient", branches=("asked",), threshold=1.0, on_question="park"),
    SyncPolicy(threshold=1.0, deadline_s=100),
]


async def test_a_branch_that_would_pause_the_run_is_parked_with_the_one_it_waits_for() -> None:
    crew = Asking()
    work = [
        {"branch_id": "asked", "specialist": "b"},
        {"branch_id": "next", "specialist": "a", "depends_on": ["asked"]},
        {"branch_id": "last", "specialist": "a", "depends_on": ["next"]},
    ]
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), sync=MIXED)
    paused = await talk.begin(work)
    assert list(questions(paused)) == ["asked"]
    result = await talk.answer({questions(paused)["asked"]: "yes"})
    assert set(statuses(result).values()) == {"succeeded"}
    assert crew.calls == {"asked": 1, "next": 1, "last": 1}


async def test_a_branch_that_would_be_parked_pauses_with_the_one_it_waits_for() -> None:
    crew = Asking()
    work = [
        {"branch_id": "first", "specialist": "b"},
        {"branch_id": "asked", "specialist": "a", "depends_on": ["first"]},  # of the point that parks
    ]
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), sync=MIXED)
    paused = await talk.begin(work)
    result = await talk.answer({questions(paused)["first"]: "yes"})
    assert set(statuses(result).values()) == {"succeeded"}
    assert {decision["round"] for decision in result["sync"]} == {0}  # within the same fan-out


async def test_what_waits_for_a_sync_point_goes_on_without_the_parked_branch() -> None:
    crew = Asking()
    work = [
        {"branch_id": "asked", "specialist": "b"},
        {"branch_id": "other", "specialist": "a"},
        {"branch_id": "top", "specialist": "a", "depends_on": ["first"]},
    ]
    points = [
        SyncPolicy(name="first", branches=("asked", "other"), threshold=0.5, on_question="park"),
        SyncPolicy(threshold=1.0, deadline_s=100),
    ]
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), sync=points)
    paused = await talk.begin(work)
    assert crew.calls == {"other": 1, "top": 1}
    assert list(paused["result"]["top"]["inputs"]["first"]) == ["other"]
    result = await talk.answer({questions(paused)["asked"]: "yes"})
    assert crew.calls == {"other": 1, "top": 1, "asked": 1}
    assert result["result"]["asked"]["answer"] == "yes"


async def test_what_waits_for_a_sync_point_that_lacks_its_minimum_is_parked_with_its_question() -> None:
    crew = Asking()
    work = [
        {"branch_id": "asked", "specialist": "b"},
        {"branch_id": "top", "specialist": "a", "depends_on": ["first"]},
        {"branch_id": "free", "specialist": "a"},
    ]
    points = [
        SyncPolicy(name="first", branches=("asked",), on_question="park"),
        SyncPolicy(threshold=1.0, deadline_s=100),
    ]
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), sync=points)
    paused = await talk.begin(work)
    assert (crew.calls, list(questions(paused))) == ({"free": 1}, ["asked"])
    result = await talk.answer({questions(paused)["asked"]: "yes"})
    assert result["result"]["top"]["inputs"]["first"]["asked"]["answer"] == "yes"
    assert crew.calls == {"free": 1, "asked": 1, "top": 1}


async def test_what_is_missing_is_mended_before_anybody_is_asked() -> None:
    crew = Asking()
    shaky = crew.fails("shaky", ConnectionError(), times=2, **ONCE)
    talk = Dialogue(crew.sleeps("a", 1), shaky, crew.asks("b"), sync=PARK)
    paused = await talk.begin()
    assert [decision["round"] for decision in paused["sync"]] == [0, 1, 2]
    assert statuses(paused) == {"a": "succeeded", "b": "awaiting_human", "shaky": "succeeded"}
    result = await talk.answer({questions(paused)["b"]: "yes"})
    assert (result["status"], crew.calls) == ("approved", {"a": 1, "shaky": 3, "b": 1})


async def test_a_question_is_asked_before_a_run_ends_partial() -> None:
    crew = Asking()
    talk = Dialogue(crew.fails("broken", ValueError("no")), crew.asks("b"), crew.sleeps("a", 1), sync=PARK)
    paused = await talk.begin()
    assert list(questions(paused)) == ["b"]
    result = await talk.answer({questions(paused)["b"]: "yes"})
    assert (result["status"], result["failed"]) == ("partial", ["broken"])
    assert result["result"]["b"]["answer"] == "yes"


async def test_a_run_is_not_given_up_as_failed_while_an_answer_may_save_it() -> None:
    crew = Asking()
    talk = Dialogue(crew.asks("b"), sync=PARK)
    paused = await talk.begin()
    result = await talk.answer({questions(paused)["b"]: "yes"})
    assert (result["status"], result["result"]["b"]["answer"]) == ("approved", "yes")


async def test_nobody_is_asked_when_the_run_has_failed_whatever_the_answer() -> None:
    crew = Asking()
    policy = SyncPolicy(threshold=1.0, deadline_s=100, must=("broken",), on_question="park")
    talk = Dialogue(crew.fails("broken", ValueError("no")), crew.asks("b"), sync=policy)
    result = await talk.begin()
    assert "__interrupt__" not in result
    assert (result["status"], result["error"]["message"]) == (
        "failed",
        "broken must succeed and did not (b: asks a human; broken: no)",
    )


async def test_questions_are_asked_before_the_whole_is_reviewed() -> None:
    crew = Asking()
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), sync=PARK, validation=ValidationPolicy(review="always"))
    paused = await talk.begin()
    review = await talk.answer({questions(paused)["b"]: "yes"})
    (asked,) = review["__interrupt__"]
    assert asked.value["action_requests"][0]["args"]["result"]["b"]["answer"] == "yes"
    assert (await talk.answer({asked.id: "approve"}))["status"] == "approved"
    assert crew.calls == {"a": 1, "b": 1}


async def test_questions_are_asked_before_a_person_is_asked_to_put_up_with_missed_targets() -> None:
    crew = Asking()
    crowd = [crew.fails("broken", ValueError("no")), crew.asks("b"), crew.sleeps("a", 1)]
    talk = Dialogue(*crowd, sync=PARK, validation=ValidationPolicy(review="unmet"))
    paused = await talk.begin()
    review = await talk.answer({questions(paused)["b"]: "yes"})
    (asked,) = review["__interrupt__"]
    assert asked.value["action_requests"][0]["description"].count("2 good answers of 3, the quorum is 3")
    assert (await talk.answer({asked.id: "approve"}))["status"] == "approved"


async def test_questions_are_asked_when_the_rounds_are_used_up() -> None:
    crew = Asking()
    down = crew.fails("down", ConnectionError(), **ONCE)
    recovery = RecoveryPolicy(rounds=1)
    talk = Dialogue(crew.sleeps("a", 1), down, crew.asks("b"), sync=PARK, recovery=recovery)
    paused = await talk.begin()
    result = await talk.answer({questions(paused)["b"]: "yes"})
    assert (result["status"], result["failed"], crew.calls["down"]) == ("partial", ["down"], 2)


async def test_a_question_whose_branch_then_fails_for_good_does_not_save_the_run() -> None:
    async def asks(branch: Branch) -> None:
        interrupt("may I?")
        raise ValueError("no use")

    talk = Dialogue(Specialist("b", asks), sync=PARK)
    paused = await talk.begin()
    result = await talk.answer({paused["__interrupt__"][0].id: "yes"})
    assert (result["status"], result["error"]["message"]) == (
        "failed",
        "0 of 1 branch succeeded, at least 1 must (b: no use)",
    )


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
