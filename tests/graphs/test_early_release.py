"""What the whole workflow makes of a decisive answer, of too many failures, and of a branch that must be there."""

from __future__ import annotations

import pytest

from langgraph_quorum import SyncPolicy
from langgraph_quorum.state.errors import PlanError
from tests.graphs.running import Crew, run, statuses

pytestmark = pytest.mark.looptime


async def test_a_decisive_answer_below_the_threshold_is_approved() -> None:
    crew = Crew()
    sync = SyncPolicy(threshold=1.0, until=lambda results: "a" in results)
    result = await run(crew.sleeps("a", 1), crew.sleeps("b", 30), sync=sync)
    assert statuses(result) == {"a": "succeeded", "b": "cut"}
    assert [(d["status"], d["reason"]) for d in result["sync"]] == [("conditional_proceed", "decisive")]
    assert (result["status"], result["partial"]) == ("approved", True)


async def test_too_many_failures_go_to_the_load_balancer_at_once() -> None:
    crew = Crew()
    sync = SyncPolicy(threshold=1.0, tolerate=0)
    shaky = crew.fails("shaky", ConnectionError(), times=1, attempts=1)
    result = await run(shaky, crew.sleeps("steady", 5), sync=sync)
    assert [d["reason"] for d in result["sync"]] == ["too_many_failed", "all_done"]
    cut = next(line for line in result["timeline"] if line["event"] == "branch_cut")
    assert cut["why"] == "still running when more had failed than is tolerated"
    assert statuses(result) == {"shaky": "succeeded", "steady": "succeeded"}


async def test_a_run_without_a_branch_that_must_be_there_has_failed() -> None:
    crew = Crew()
    sync = SyncPolicy(threshold=0.5, must=("key",))
    result = await run(crew.sleeps("a", 1), crew.fails("key", ValueError("no")), sync=sync)
    assert (result["status"], result["verdict"]) == ("failed", "critical_failure")
    assert "key must succeed and did not" in result["error"]["message"]


async def test_a_branch_that_must_be_there_has_to_be_in_the_work() -> None:
    with pytest.raises(PlanError, match="must names 'ghost'"):
        await run(Crew().sleeps("a", 1), sync=SyncPolicy(must=("ghost",)))
