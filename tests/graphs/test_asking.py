"""Questions to a human from within a branch: the rest is done first, then the run waits for the answers."""

from __future__ import annotations

import pytest

from langgraph_quorum import SyncPolicy
from tests.graphs.asking import Asking, Dialogue, questions
from tests.graphs.running import statuses

pytestmark = pytest.mark.looptime


async def test_a_branch_that_asks_is_answered_and_the_others_do_not_run_again() -> None:
    crew = Asking()
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"))
    paused = await talk.begin()
    assert list(questions(paused)) == ["b"]
    assert crew.calls == {"a": 1}  # the question passes through the retries
    result = await talk.answer("yes")  # the only question is answered without its id, too
    assert result["branches"]["b"]["result"]["answer"] == "yes"
    assert crew.calls == {"a": 1, "b": 1}
    assert result["sync"][0]["completed"] == ["a", "b"]


async def test_several_branches_ask_at_once_and_are_answered_one_by_one() -> None:
    crew = Asking()
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), crew.asks("c"))
    ids = questions(await talk.begin())
    assert list(questions(await talk.answer({ids["c"]: "c!"}))) == ["b"]
    result = await talk.answer({ids["b"]: "b!"})
    assert {name: result["branches"][name]["result"].get("answer") for name in "abc"} == {
        "a": None,
        "b": "b!",
        "c": "c!",
    }
    assert crew.calls == {"a": 1, "b": 1, "c": 1}


async def test_an_answer_does_not_come_too_late_for_a_quorum_that_was_met_meanwhile() -> None:
    crew = Asking()
    policy = SyncPolicy(threshold=0.5, grace_s=0.5, deadline_s=60)
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b", seconds_after=20), sync=policy)
    await talk.begin()
    result = await talk.answer("yes")
    assert statuses(result) == {"a": "succeeded", "b": "succeeded"}  # 20 s are far beyond the grace
