"""Runs that pause where their policy says, before a step, for a human to look at what there is."""

from __future__ import annotations

from datetime import datetime, timedelta
from typing import Any

import pytest

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import ReviewPolicy, ValidationPolicy
from tests.graphs.reviewing import Review, pausing, two
from tests.graphs.running import Crew

NEVER = ValidationPolicy(quality=0.5)


async def test_a_run_pauses_before_the_sync_point_and_shows_what_has_come_in() -> None:
    crew = Crew()
    failing = crew.fails("c", ValueError("no net"))
    asks = await Review(*two(crew), failing, review=pausing("sync_point"), validation=NEVER).begin()
    assert asks.review["branches"] == {"a": "succeeded", "b": "succeeded", "c": "failed"}
    assert "| c | failed | - | no net |" in asks.description
    assert not (await asks.state()).get("sync")  # nothing was decided yet
    out = await asks.answer("approve")
    assert (out["status"], out["partial"]) == ("approved", True)


async def test_a_run_pauses_before_the_validator_and_shows_the_merged_result() -> None:
    asks = await Review(*two(Crew()), review=pausing("validator"), validation=NEVER).begin()
    assert asks.review["before"] == "validator"
    assert asks.review["quality"] == pytest.approx((await asks.state())["merged"]["quality"])
    assert (await asks.answer({"decisions": [{"type": "approve"}]}))["status"] == "approved"


@pytest.mark.parametrize("where", ["sync_point", "validator"])
async def test_a_run_that_is_stopped_at_a_pause_has_failed_and_says_why(where: Any) -> None:
    asks = await Review(*two(Crew()), review=pausing(where), validation=NEVER).begin()
    out = await asks.answer("reject: wrong documents")
    assert (out["status"], out["error"]["message"]) == ("failed", "wrong documents")
    assert "__interrupt__" not in out


@pytest.mark.parametrize("where", ["sync_point", "validator"])
async def test_branches_are_done_once_more_from_a_pause_and_it_asks_again(where: Any) -> None:
    crew = Crew()
    asks = await Review(*two(crew), review=pausing(where), validation=NEVER).begin()
    await asks.answer({"type": "retry", "branches": ["b"], "message": "be brief"})
    assert crew.calls == {"a": 1, "b": 2}
    guidance = crew.branches[-1].guidance
    assert guidance is not None
    assert [finding["message"] for finding in guidance["findings"]] == ["be brief"]
    out = await asks.answer("approve")
    assert out["status"] == "approved"
    assert out["branches"]["b"]["quality"]["score"] == 0.95


async def test_costs_of_a_fan_out_count_once_though_a_pause_sent_a_branch_out_again() -> None:
    asks = await Review(*two(Crew()), review=pausing("sync_point"), validation=NEVER).begin()
    await asks.answer("retry: b")
    await asks.answer("approve")
    assert (await asks.state())["load"]["attempts"] == 3  # a once, b twice


async def test_a_pause_takes_no_answer_that_is_for_a_result() -> None:
    asks = await Review(*two(Crew()), review=pausing("sync_point"), validation=NEVER).begin()
    await asks.answer("pick: a")
    assert asks.review["complaint"].startswith("'pick' is not possible here")


async def test_an_answer_nested_too_deep_to_be_read_is_asked_again_at_a_pause() -> None:
    asks = await Review(*two(Crew()), review=pausing("sync_point"), validation=NEVER).begin()
    await asks.answer("[" * 100_000)
    assert "nested too deep" in asks.review["complaint"]
    assert (await asks.answer("approve"))["status"] == "approved"


async def test_before_the_sync_point_only_branches_of_that_fan_out_are_done_once_more() -> None:
    crew = Crew()
    asks = await Review(*two(crew), review=pausing("sync_point", "validator"), validation=NEVER).begin()
    await asks.answer("approve")
    await asks.answer("retry: b")
    assert asks.review["before"] == "sync_point"  # of a fan-out of b alone
    await asks.answer("retry: a")
    assert asks.review["complaint"].startswith("there is no branch 'a'")
    assert crew.calls == {"a": 1, "b": 2}


async def test_a_pause_nobody_answers_ends_as_its_policy_says(clock: list[datetime]) -> None:
    review = ReviewPolicy(expires_s=60, on_expiry="approve", pause_before=("sync_point",))
    asks = await Review(*two(Crew()), review=review, validation=NEVER).begin()
    clock.append(clock[0] + timedelta(seconds=60))
    assert (await asks.answer({"type": "expire"}))["status"] == "approved"


async def test_a_workflow_that_asks_for_no_pause_has_none() -> None:
    plain, both = Review(*two(Crew())), Review(*two(Crew()), review=pausing("sync_point", "validator"))
    assert not {"before_sync_point", "before_validator"} & set(plain.graph.get_graph().nodes)
    assert {"before_sync_point", "before_validator"} <= set(both.graph.get_graph().nodes)


async def test_a_specialist_with_the_name_of_a_pause_is_refused() -> None:
    with pytest.raises(ConfigurationError, match="the workflow has a node of that name: rename it"):
        Review(Crew().scores("before_validator", 0.9), review=pausing("validator"))
