"""kill -9 between every two branches of a join: it ends as if nothing had happened, and nothing kept is done again."""

from __future__ import annotations

from collections import Counter
from collections.abc import Sequence
from pathlib import Path

import pytest

from tests.crashes.joining import APART, DAG, POINTS, SEQUENCE, THRESHOLD
from tests.crashes.judging import survived, told
from tests.crashes.killing import Stage, starts
from tests.crashes.processes import Child, cold
from tests.crashes.scenario import Scenario

pytestmark = pytest.mark.slow


def test_branches_that_ended_before_kills_count_for_the_quorum(stage: Stage) -> None:
    story = survived(stage, THRESHOLD)
    # One more branch ended in each of three processes; in the fourth the quorum was there from the start.
    assert starts(story) == {"a": 1, "b": 2, "c": 3, "slow": 4}
    assert story.outcome["branches"]["slow"]["status"] == "cut"
    assert [decision["reason"] for decision in story.outcome["sync"]] == ["grace_expired"]


def test_results_from_before_kills_reach_what_depends_on_them(stage: Stage) -> None:
    story = survived(stage, DAG)
    result = story.outcome["branches"]["d"]["result"]
    assert result["inputs"]["b"]["inputs"] == result["inputs"]["c"]["inputs"]
    assert starts(story)["a"] == 1


def test_a_point_that_released_before_a_kill_has_released(stage: Stage) -> None:
    story = survived(stage, POINTS)
    assert set(story.outcome["branches"]["d"]["result"]["inputs"]["early"]) == {"a", "b"}
    reasons = {decision["point"]: decision["reason"] for decision in story.outcome["sync"]}
    assert reasons == {"early": "grace_expired", "main": "all_done"}


@pytest.mark.parametrize("scenario", [SEQUENCE, APART], ids=lambda one: one.name)
def test_limits_hold_within_each_process(stage: Stage, scenario: Scenario) -> None:
    story = survived(stage, scenario)
    assert Counter(record["status"] for record in story.outcome["branches"].values()) == {"succeeded": 4}


def test_a_process_that_shares_nothing_with_the_killed_one_takes_the_run_up(stage: Stage) -> None:
    calm = stage.undisturbed(DAG)
    ways = iter([stage.start, cold])

    def start(arguments: Sequence[str], output: Path) -> Child:
        return next(ways)(arguments, output)

    story = Stage(stage.dsn, start, stage.folder).killed_once(DAG)
    assert len(story.killed[0].kept) == 1
    assert starts(story)["a"] == 1
    assert told(story.outcome) == told(calm.outcome)
