"""Sync points that cannot be served are refused by name before anything starts."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum import SyncPolicy
from langgraph_quorum.state.errors import PlanError
from tests.graphs.played import Play, item, play

pytestmark = pytest.mark.looptime

ALL = SyncPolicy(threshold=1.0, deadline_s=1000)


@pytest.mark.parametrize(
    ("points", "work", "message"),
    [
        (
            [SyncPolicy(name="p", branches=("a", "b"))],
            [item("a", depends_on=["p"]), item("b")],
            "branches wait for each other in a circle: a -> sync point 'p' -> a: remove one 'depends_on'",
        ),
        (
            [SyncPolicy(name="p", branches=("a",))],
            [item("a", depends_on=["b"]), item("b", depends_on=["c"]), item("c", depends_on=["p"])],
            "branches wait for each other in a circle: a -> b -> c -> sync point 'p' -> a: remove one 'depends_on'",
        ),
        (
            [SyncPolicy(name="p", branches=("aa",))],
            [item("a")],
            "sync point 'p': branches names 'aa', which is not in the work: did you mean 'a'?",
        ),
        (
            [SyncPolicy(name="p", types=("texts",))],
            [item("a")],
            "sync point 'p': types names 'texts', which no specialist is of: did you mean 'text'?",
        ),
        (
            [SyncPolicy(name="p", branches=("a",), minimum=2)],
            [item("a"), item("b")],
            "minimum=2 of sync point 'p', but there are only 1 branches: lower it or add work",
        ),
        (
            [SyncPolicy(successes=3)],
            [item("a"), item("b")],
            "successes=3, but there are only 2 branches: lower it or add work",
        ),
        (
            [SyncPolicy(name="p", branches=("a",))],
            [item("a"), item("b", depends_on=["q"])],
            "branch 'b': depends_on names 'q', neither a branch of the work nor a sync point: there are a, b, main, p",
        ),
    ],
    ids=["circle", "long circle", "branches", "types", "minimum", "successes", "depends_on"],
)
async def test_points_that_cannot_be_served_are_refused_by_name_before_anything_starts(
    points: list[SyncPolicy], work: list[dict[str, Any]], message: str
) -> None:
    stage = Play()
    with pytest.raises(PlanError) as refused:
        await play(stage, work, points, crew=[stage.player(type="text")])
    assert str(refused.value) == message
    assert not stage.calls


async def test_where_there_is_one_point_a_branch_may_have_its_name() -> None:
    stage = Play()
    result = await play(stage, [item("main"), item("next", depends_on=["main"])], ALL)
    assert stage.inputs["next"] == {"main": "player"}
    assert result["status"] == "approved"
