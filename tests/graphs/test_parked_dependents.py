"""What waits for a branch that asks a human, or for a sync point that lacks it."""

from __future__ import annotations

import pytest

from langgraph_quorum import SyncPolicy
from tests.graphs.asking import PARK, Asking, Dialogue, questions
from tests.graphs.running import PATIENT, statuses

pytestmark = pytest.mark.looptime


@pytest.mark.parametrize(
    ("sync", "put_off", "fan_outs"),
    [
        pytest.param(PATIENT, {}, 1, id="block"),  # no recovery from having been skipped
        pytest.param(PARK, dict.fromkeys(["next", "last"], "waits for the answer of a human"), 2, id="park"),
    ],
)
async def test_what_waits_for_a_branch_that_asks_runs_when_the_answer_is_in(
    sync: SyncPolicy, put_off: dict[str, str], fan_outs: int
) -> None:
    crew = Asking()
    work = [
        {"branch_id": "asked", "specialist": "b"},
        {"branch_id": "next", "specialist": "a", "depends_on": ["asked"]},
        {"branch_id": "last", "specialist": "a", "depends_on": ["next"]},
        {"branch_id": "free", "specialist": "a"},
    ]
    talk = Dialogue(crew.sleeps("a", 1), crew.asks("b"), sync=sync)
    paused = await talk.begin(work)
    assert (crew.calls, list(questions(paused))) == ({"free": 1}, ["asked"])
    branches = paused.get("branches", {})
    assert {name: branches[name]["reason"] for name in ("next", "last") if name in branches} == put_off
    result = await talk.answer({questions(paused)["asked"]: "yes"})
    assert set(statuses(result).values()) == {"succeeded"}
    assert result["branches"]["next"]["result"]["inputs"]["asked"]["answer"] == "yes"
    assert crew.calls == {"free": 1, "asked": 1, "next": 1, "last": 1}
    assert len(result["sync"]) == fan_outs


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
