"""Named resources: never more of one is taken than there is, whatever else decides who goes first."""

from __future__ import annotations

import random
from collections.abc import Sequence
from typing import Any

import pytest

from langgraph_quorum import SyncPolicy
from langgraph_quorum.nodes.planning.mode import ModeChoice
from langgraph_quorum.state.errors import ConfigurationError, PlanError
from langgraph_quorum.state.policies import RecoveryPolicy
from langgraph_quorum.state.sync_policy import OnStraggler
from tests.graphs.played import Item, Play, item, play
from tests.graphs.running import statuses

pytestmark = pytest.mark.looptime

ALL = SyncPolicy(threshold=1.0, deadline_s=1000)
NO_RECOVERY = RecoveryPolicy(rounds=0)


async def test_branches_that_want_the_same_thing_for_themselves_run_one_after_the_other() -> None:
    stage = Play()
    work = [item(name, 2, exclusive=["repo"]) for name in "abc"] + [item("free", 2)]
    await play(stage, work, ALL)
    assert sorted(stage.starts(name)[0] for name in "abc") == [0.0, 2.0, 4.0]
    assert stage.starts("free") == [0.0]


async def test_of_those_that_wait_for_a_thing_the_most_urgent_gets_it() -> None:
    stage = Play()
    work = [
        item("holds", 3, exclusive=["repo"], priority="high"),
        item("low", 1, exclusive=["repo"], priority="low"),
        item("normal", 1, exclusive=["repo"]),
        item("high", 1, exclusive=["repo"], priority="high"),
    ]
    await play(stage, work, ALL)
    assert [stage.starts(name) for name in ("holds", "high", "normal", "low")] == [[0.0], [3.0], [4.0], [5.0]]


async def test_a_branch_that_waits_for_a_thing_keeps_nobody_else_from_running() -> None:
    stage = Play()
    work = [item("holds", 9, exclusive=["repo"]), item("waits", 1, exclusive=["repo"])]
    await play(stage, [*work, *[item(f"free-{n}", 1) for n in range(4)]], ALL, config={"max_concurrency": 3})
    # one of the three places is held, one waits for it, and the third serves all that are free
    assert stage.starts("free-3") == [3.0]
    assert stage.starts("waits") == [9.0]


async def test_what_a_branch_wants_it_gets_together_or_waits_for_without_holding_any() -> None:
    stage = Play()
    work = [
        item("x", 5, exclusive=["x"]),
        item("both", 1, exclusive=["x", "y"]),
        item("y", 1, exclusive=["y"]),
        item("crosswise", 1, exclusive=["y", "x"]),
    ]
    await play(stage, work, ALL)
    assert (stage.starts("y"), stage.starts("both"), stage.starts("crosswise")) == ([0.0], [5.0], [6.0])


async def test_of_a_counted_resource_only_so_much_is_taken_at_once() -> None:
    stage = Play()
    work = [item("big", 4, resources={"gpu": 2}), *[item(name, 2, resources={"gpu": 1}) for name in "abc"]]
    await play(stage, work, ALL, resources={"gpu": 3})
    # big and a take all three; b has to wait for a, and c for b
    assert [stage.starts(name) for name in ("big", "a", "b", "c")] == [[0.0], [0.0], [2.0], [4.0]]


async def test_fractions_of_a_resource_add_up_to_the_whole() -> None:
    stage = Play()
    await play(stage, [item(f"b{n}", 1, resources={"seats": 0.1}) for n in range(20)], ALL, resources={"seats": 1})
    assert stage.most_at_once(*(f"b{n}" for n in range(20))) == 10


async def test_a_branch_that_fails_runs_out_of_time_or_asks_for_more_gives_back_what_it_had() -> None:
    stage = Play()
    work = [
        item("fails", 1, exclusive=["repo"], broken=True),
        item("hangs", 99, exclusive=["repo"], timeout_s=2),
        item("retries", 1, exclusive=["repo"], fail=1, attempts=2),
        item("last", 1, exclusive=["repo"], priority="low"),
    ]
    crew = [stage.player(backoff_s=0.1)]
    result = await play(stage, work, SyncPolicy(threshold=0.5), recovery=NO_RECOVERY, crew=crew)
    assert statuses(result) == {"fails": "failed", "hangs": "timed_out", "retries": "succeeded", "last": "succeeded"}
    assert stage.most_at_once("fails", "hangs", "retries", "last") == 1


async def test_a_branch_that_is_cut_gives_back_what_it_had_to_one_that_another_point_still_waits_for() -> None:
    stage = Play()
    point = SyncPolicy(name="p", branches=("slow", "a"), threshold=0.5, grace_s=2)
    work = [item("slow", 50, exclusive=["repo"], priority="high"), item("a", 1), item("b", 1, exclusive=["repo"])]
    await play(stage, work, [point, ALL])
    assert stage.starts("b") == [3.0]


@pytest.mark.parametrize("on_straggler", ["abandon", "harvest"])
async def test_a_straggler_that_runs_on_keeps_what_it_has_within_its_fan_out(on_straggler: OnStraggler) -> None:
    stage = Play()
    point = SyncPolicy(name="p", branches=("slow", "a"), threshold=0.5, grace_s=2, on_straggler=on_straggler)
    work = [item("slow", 20, exclusive=["repo"], priority="high"), item("a", 1), item("b", 1, exclusive=["repo"])]
    result = await play(stage, work, [point, ALL])
    assert stage.starts("b") == [20.0]
    assert statuses(result)["b"] == "succeeded"


@pytest.mark.parametrize("on_straggler", ["abandon", "harvest"])
async def test_a_straggler_that_runs_on_keeps_what_it_has_in_the_next_fan_out(on_straggler: OnStraggler) -> None:
    stage = Play()
    point = SyncPolicy(name="p", branches=("slow", "a"), threshold=0.5, grace_s=2, on_straggler=on_straggler)
    work = [item("slow", 20, exclusive=["repo"], not_before=1), item("a", 3), item("b", 1, exclusive=["repo"], fail=1)]
    await play(stage, work, [point, ALL])
    # b fails at 1 s, slow takes over and runs on past the release of its point at 5 s; b is then sent out again
    assert len(stage.spans["b"]) == 2
    assert stage.most_at_once("slow", "b") == 1


async def test_a_branch_with_the_name_of_a_point_keeps_what_it_has_when_that_point_releases() -> None:
    stage = Play()
    point = SyncPolicy(name="p", branches=("main", "b"), threshold=1.0)
    work = [item("main", 9, exclusive=["repo"], priority="high"), item("b", 1, exclusive=["repo"]), item("c", 2)]
    await play(stage, work, [point, ALL])
    assert stage.starts("b") == [9.0]


@pytest.mark.parametrize("mode", ["parallel", "sequential", "adaptive"])
@pytest.mark.parametrize("limit", [None, 1, 2])
@pytest.mark.parametrize("seed", range(4))
async def test_no_resource_is_ever_exceeded_and_every_branch_has_its_turn(
    mode: ModeChoice, limit: int | None, seed: int
) -> None:
    stage, chance = Play(), random.Random(seed)
    work = [any_branch(f"b{number}", number, chance) for number in range(14)]
    config = {} if limit is None else {"max_concurrency": limit}
    result = await play(stage, work, ALL, mode=mode, config=config, resources={"gpu": 2})
    assert set(statuses(result).values()) == {"succeeded"}
    for name in ("x", "y"):
        assert stage.most_at_once(*(one["branch_id"] for one in work if name in one["exclusive"])) <= 1
    assert most_taken(stage, work) <= 2


def any_branch(branch_id: str, number: int, chance: random.Random) -> Item:
    return item(
        branch_id,
        chance.choice([0, 1, 2, 5]),
        exclusive=chance.choice([[], [], ["x"], ["y"], ["x", "y"]]),
        resources=chance.choice([{}, {}, {"gpu": 0.5}, {"gpu": 1}, {"gpu": 2}]),
        priority=chance.choice(["high", "normal", "low"]),
        not_before=chance.choice([0, 0, 3]),
        depends_on=[f"b{one}" for one in range(number) if chance.random() < 0.15],
    )


def most_taken(stage: Play, work: Sequence[Item]) -> float:
    spans: list[tuple[float, float, float]] = [
        (begun, ended, one["resources"].get("gpu", 0.0))
        for one in work
        for begun, ended in stage.spans.get(one["branch_id"], [])
    ]
    return max(sum(amount for begun, ended, amount in spans if begun <= moment < ended) for moment, _, _ in spans)


# -- wrong input ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    ("asked", "message"),
    [
        (
            {"resources": {"gpu": 3}},
            "resources={'gpu': 3}: the workflow has 2 of 'gpu': ask for no more than that",
        ),
        (
            {"resources": {"gpus": 1}},
            "resources={'gpus': 1}: 'gpus' is a resource nobody can ever grant: give the workflow a capacity for it",
        ),
        (
            {"resources": {"gpu": 0}},
            "resources={'gpu': 0}: give a dict of numbers above 0 by the resource's name",
        ),
        ({"exclusive": "gpu"}, "exclusive='gpu': give a list of strings"),
        (
            {"exclusive": ["gpu"]},
            "exclusive=['gpu']: 'gpu' is a counted resource: ask for it in 'resources', or rename one of them",
        ),
    ],
    ids=["too much", "unknown", "nothing", "no list", "both kinds"],
)
async def test_what_nobody_can_ever_grant_is_refused_by_name_before_anything_starts(
    asked: dict[str, Any], message: str
) -> None:
    stage = Play()
    with pytest.raises(PlanError) as refused:
        await play(stage, [item("a"), item("b", **asked)], ALL, resources={"gpu": 2})
    assert str(refused.value) == f"branch 'b': {message}"
    assert not stage.calls


@pytest.mark.parametrize("capacity", [0, -1, float("nan"), "2", True])
async def test_a_capacity_that_is_no_number_above_0_is_refused_when_the_workflow_is_built(capacity: Any) -> None:
    with pytest.raises(ConfigurationError, match=r"resources\['gpu'\]=.*: give a number above 0"):
        await play(Play(), [item("a")], ALL, resources={"gpu": capacity})
