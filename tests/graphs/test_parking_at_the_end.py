"""Questions that were put off are asked before a run ends, fails or is reviewed, and never for nothing."""

from __future__ import annotations

import pytest
from langgraph.types import interrupt

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.state.policies import RecoveryPolicy, ValidationPolicy
from tests.graphs.asking import ONCE, PARK, Asking, Dialogue, questions

pytestmark = pytest.mark.looptime


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
