"""What failed is done again within bounds, what is done is never done again, and a run always ends in a state."""

from __future__ import annotations

from typing import Any

import pytest

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.running import PATIENT, Crew, run, statuses

pytestmark = pytest.mark.looptime

ONCE: dict[str, Any] = {"attempts": 1}


def reasons(result: dict[str, Any], node: str) -> list[str]:
    return [line["event"] for line in result["timeline"] if line["node"] == node]


async def test_a_run_in_which_everything_fails_ends_in_an_error_state_and_raises_nothing() -> None:
    crew = Crew()
    result = await run(crew.fails("a", ValueError("no")), crew.fails("b", KeyError("no")))
    assert (result["status"], result["verdict"]) == ("failed", "critical_failure")
    assert result["error"]["type"] == "CriticalFailure"
    assert result["error"]["message"].startswith("0 of 2 branches succeeded, at least 1 must (a: no; b: 'no')")
    assert [decision["status"] for decision in result["sync"]] == ["timeout_recovery"]
    assert reasons(result, "load_balancer") == ["gave_up"]
    assert (result["result"], result["quality"]) == (None, 0.0)
    assert crew.calls == {"a": 1, "b": 1}


async def test_transient_failures_are_redone_in_at_most_three_rounds_and_successes_never() -> None:
    crew = Crew()
    result = await run(crew.sleeps("fine", 1), crew.fails("down", ConnectionError("down"), **ONCE))
    assert crew.calls == {"fine": 1, "down": 4}  # the first fan-out and three rounds
    assert [decision["round"] for decision in result["sync"]] == [0, 1, 2, 3]
    assert (
        reasons(result, "load_balancer") == ["redistributed"] * 3 + ["gave_up"] * 2
    )  # the second: the validator asked
    assert [branch.round for branch in crew.branches if branch.branch_id == "down"] == [0, 1, 2, 3]
    assert (result["status"], result["failed"]) == ("partial", ["down"])  # 1 of 2 is below the threshold of 75 %
    assert [finding["check"] for finding in result["findings"] if finding["severity"] == "error"] == ["quorum"]


async def test_a_failure_that_passes_is_mended_in_the_next_round() -> None:
    crew = Crew()
    result = await run(crew.sleeps("fine", 1), crew.fails("shaky", ConnectionError(), times=1, **ONCE))
    assert statuses(result) == {"fine": "succeeded", "shaky": "succeeded"}
    assert [decision["status"] for decision in result["sync"]] == ["timeout_recovery", "proceed"]
    assert result["partial"] is False


async def test_above_the_threshold_a_failure_is_not_redone() -> None:
    crew = Crew()
    down = crew.fails("down", ConnectionError(), **ONCE)
    result = await run(*[crew.sleeps(name, 1) for name in "abc"], down, sync=SyncPolicy(threshold=0.75))
    assert crew.calls["down"] == 1
    assert result["sync"][0]["status"] == "proceed"  # every branch has ended, three of four well


async def test_the_number_of_rounds_is_a_parameter() -> None:
    crew = Crew()
    await run(crew.fails("down", ConnectionError(), **ONCE), recovery=RecoveryPolicy(rounds=0))
    assert crew.calls["down"] == 1


async def test_a_weak_result_is_redone_and_the_better_one_kept() -> None:
    crew = Crew()
    result = await run(crew.scores("s", 0.5, 0.95))
    assert crew.calls["s"] == 2
    assert (result["result"]["s"]["turn"], result["verdict"]) == (2, "approved")


async def test_a_weak_result_stays_when_doing_it_again_gives_a_weaker_one() -> None:
    crew = Crew()
    result = await run(crew.scores("s", 0.5, 0.3))
    assert crew.calls["s"] == 2  # it did not improve, so it is left alone
    assert result["result"]["s"]["turn"] == 1
    assert result["status"] == "partial"
    kept = [line for line in result["timeline"] if line["event"] == "revision_dropped"]
    assert [line["data"]["branches"]["s"]["why"] for line in kept] == [
        "1 finding and score 0.30, before 1 finding and score 0.50"
    ]


async def test_a_weak_result_is_redone_as_long_as_it_improves() -> None:
    crew = Crew()
    await run(crew.scores("s", 0.1, 0.2, 0.3, 0.4, 0.5))
    assert crew.calls["s"] == 4  # one and three rounds


async def test_a_weak_result_of_a_deterministic_specialist_is_not_redone() -> None:
    crew = Crew()
    result = await run(crew.scores("s", 0.5, deterministic=True))
    assert (crew.calls["s"], result["status"]) == (1, "partial")


async def test_only_what_is_weak_is_redone() -> None:
    crew = Crew()
    await run(crew.scores("weak", 0.1, 0.99), crew.scores("strong", 0.9))
    assert crew.calls == {"weak": 2, "strong": 1}


async def test_before_the_verdict_only_what_is_missing_is_redone() -> None:
    crew = Crew()
    result = await run(crew.scores("weak", 0.5), crew.fails("down", ConnectionError(), times=1, **ONCE))
    redone = [line["data"]["branches"] for line in result["timeline"] if line["event"] == "redistributed"]
    assert redone == [["down"], ["weak"]]  # the second one on the validator's word


async def test_a_group_without_any_result_makes_the_run_partial() -> None:
    crew = Crew()
    work: list[dict[str, Any]] = [
        {"branch_id": "one", "specialist": "fine", "group": "a.md"},
        {"branch_id": "two", "specialist": "broken", "group": "b.md"},
    ]
    result = await run(crew.sleeps("fine", 1), crew.fails("broken", ValueError("no")), work=work)
    assert result["status"] == "partial"
    assert [finding["message"] for finding in result["findings"] if finding["check"] == "coverage"] == [
        "b.md has no result"
    ]
    # before the merge for the quorum, after it for the coverage: both visits are told
    assert reasons(result, "load_balancer") == ["gave_up", "gave_up"]


async def test_what_a_missing_branch_waits_for_is_redone_with_it() -> None:
    crew = Crew()
    work: list[dict[str, Any]] = [
        {"branch_id": "other", "specialist": "fine", "group": "a.md"},
        {"branch_id": "base", "specialist": "shaky"},
        {"branch_id": "top", "specialist": "fine", "group": "b.md", "depends_on": ["base"]},
    ]
    shaky = crew.fails("shaky", ConnectionError(), times=1, **ONCE)
    result = await run(crew.sleeps("fine", 1), shaky, work=work, sync=SyncPolicy(threshold=0.3))
    # one of three is the 30 %: the first round proceeds, and the validator misses b.md
    assert [decision["status"] for decision in result["sync"]] == ["proceed", "proceed"]
    assert set(statuses(result).values()) == {"succeeded"}
    assert crew.calls == {"other": 1, "base": 2, "top": 1}
    assert result["branches"]["top"]["result"]["inputs"] == {"base": {"by": "shaky"}}


async def test_a_branch_out_of_time_goes_to_its_fallback() -> None:
    crew = Crew()
    slow = crew.sleeps("slow", 100, fallback="quick")
    work = [{"branch_id": "b", "specialist": "slow"}]
    result = await run(slow, crew.sleeps("quick", 1), work=work, sync=SyncPolicy(deadline_s=5))
    assert result["branches"]["b"]["specialist"] == "quick"
    assert [decision["seconds"] for decision in result["sync"]] == pytest.approx([5, 1], abs=0.01)


async def test_a_minimum_below_which_the_run_fails_is_held() -> None:
    crew = Crew()
    policy = SyncPolicy(threshold=0.1, minimum=2)
    result = await run(crew.sleeps("fine", 1), crew.fails("broken", ValueError("no")), sync=policy)
    assert (result["status"], result["error"]["type"]) == ("failed", "CriticalFailure")
    assert result["result"] == {"fine": {"by": "fine", "inputs": {}}}  # what there is, is not thrown away


async def test_weak_answers_do_not_make_a_quorum() -> None:
    crew = Crew()
    policy = SyncPolicy(threshold=1.0, min_quality=0.6, deadline_s=PATIENT.deadline_s)
    result = await run(crew.scores("s", 0.5, 0.9), sync=policy)
    assert [decision["status"] for decision in result["sync"]] == ["timeout_recovery", "proceed"]


async def test_specialists_that_return_nothing_make_a_quorum_only_where_no_quality_is_asked_for() -> None:
    async def forgets_to_return(branch: Branch) -> None:
        return None

    silent = Specialist("silent", forgets_to_return)
    assert (await run(silent))["status"] == "approved"
    picky = await run(silent, sync=SyncPolicy(threshold=1.0, min_quality=0.6, deadline_s=PATIENT.deadline_s))
    assert picky["status"] == "partial"
    assert [(found["check"], found["branches"]) for found in picky["findings"] if found["severity"] == "error"] == [
        ("quorum", ["silent"])
    ]
    assert "returned nothing" in picky["branches"]["silent"]["quality"]["evidence"][0]
