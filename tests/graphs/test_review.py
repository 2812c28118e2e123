"""Asking a human about the result: what each answer does to the run, and questions that expire."""

from __future__ import annotations

import dataclasses
import math
from datetime import datetime, timedelta
from typing import Any

import pytest
from langgraph.types import Command

from langgraph_quorum import Branch, Specialist
from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.nodes.checking.schema import schema
from langgraph_quorum.state.artifacts import is_reference
from langgraph_quorum.state.policies import ReviewPolicy, ValidationPolicy
from tests.graphs.reviewing import Review, pausing, two
from tests.graphs.running import FIXED, Crew
from tests.nested import nested


def form(**args: Any) -> dict[str, Any]:
    """LangChain's edit of the arguments."""
    return {"decisions": [{"type": "edit", "edited_action": {"name": "approve_result", "args": args}}]}


async def test_the_question_tells_quality_interval_findings_weights_and_who_failed_and_why() -> None:
    crew = Crew()
    asks = await Review(*two(crew), crew.fails("c", ValueError("no net"))).begin()
    assert asks.review["quality"] == pytest.approx((await asks.state())["merged"]["quality"])
    assert asks.review["missing"] == {"c": "failed, no net"}
    assert [row["branch_id"] for row in asks.review["attribution"]] == ["a", "b"]
    assert "error: quality" in asks.description
    assert "- c: failed, no net" in asks.description
    assert "95 % interval" in asks.description


async def test_an_approved_result_stays_as_it_is() -> None:
    asks = await Review(*two(Crew()), validation=ValidationPolicy(quality=0.5, review="always")).begin()
    assert "All targets are met." in asks.description
    assert asks.question["review_configs"][0]["allowed_decisions"] == ["approve", "edit", "reject"]
    before = (await asks.state())["merged"]["value"]
    out = await asks.answer({"decisions": [{"type": "approve", "message": "fine"}]})
    assert (out["status"], out["verdict"], out["result"]) == ("approved", "approved", before)


async def test_an_edited_result_is_the_result_and_the_timeline_says_who_made_it() -> None:
    asks = await Review(*two(Crew())).begin()
    out = await asks.answer(form(result={"by": "me"}, pick="", retry=[], message="clearer"))
    assert (out["status"], out["result"]) == ("approved", {"by": "me"})
    assert [row["branch_id"] for row in out["attribution"]] == ["a", "b"]
    line = next(event for event in out["timeline"] if event["event"] == "edited")
    assert line["why"] == "a human edited the result: clearer"


async def test_an_edit_that_changes_nothing_is_an_approval() -> None:
    asks = await Review(*two(Crew())).begin()
    out = await asks.answer({"type": "edit", "value": (await asks.state())["merged"]["value"]})
    assert not [event for event in out["timeline"] if event["event"] == "edited"]
    assert out["status"] == "approved"


async def test_an_edit_has_to_pass_the_schema_and_is_asked_again_with_what_was_found() -> None:
    needs_by = schema({"type": "object", "required": ["by"], "properties": {"by": {"type": "string"}}})
    asks = await Review(*two(Crew()), checks=(needs_by,)).begin()
    await asks.answer({"type": "edit", "value": {"by": 7}})
    assert "the edited value does not fit: by: 7 is not of type 'string'" in asks.review["complaint"]
    out = await asks.answer({"type": "edit", "value": {"by": "me"}})
    assert (out["status"], out["result"]) == ("approved", {"by": "me"})


@pytest.mark.parametrize("answer", ["reject: too dry", {"decisions": [{"type": "reject", "message": "too dry"}]}])
async def test_a_rejected_run_has_failed_for_the_reason_given(answer: Any) -> None:
    asks = await Review(*two(Crew())).begin()
    out = await asks.answer(answer)
    assert (out["status"], out["verdict"]) == ("failed", "critical_failure")
    assert out["error"] == {"type": "Rejected", "message": "too dry", "transient": False}


async def test_missed_targets_are_taken_to_a_human_when_nothing_is_left_to_redo_and_met_ones_are_not() -> None:
    unmet = ValidationPolicy(review="unmet")
    missed = await Review(Crew().scores("s", 0.4), validation=unmet).begin()
    assert "quality 0.40 is below the target 0.8" in missed.description
    assert (await missed.answer("approve"))["status"] == "approved"
    met = await Review(Crew().scores("s", 0.9), validation=unmet).begin()
    assert ("__interrupt__" in met.out, met.out["status"]) == (False, "approved")


async def test_a_picked_branchs_result_becomes_the_result_and_carries_all_the_weight() -> None:
    crew = Crew()
    asks = await Review(*two(crew), crew.fails("c", ValueError("no"))).begin()
    out = await asks.answer({"type": "pick", "branch": "b"})
    assert (out["status"], out["result"]["by"], out["quality"]) == ("approved", "b", pytest.approx(0.5))
    assert [(row["branch_id"], row["weight"]) for row in out["attribution"]] == [("b", 1.0)]
    merged = (await asks.state())["merged"]
    assert merged["success_rate"] == pytest.approx(2 / 3)
    assert merged["integration_confidence"] == pytest.approx(0.5 * 2 / 3)
    assert {(left["branch_id"], left["why"]) for left in merged["discarded"]} >= {("a", "a human picked b")}


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("retry: bb", "there is no branch 'bb'"),
        ("pick: bb", "there is no branch 'bb'"),
        ("pick: c", "branch 'c' has no result to pick (failed, no): pick one that succeeded"),
        ({"type": "pick", "branch": ["a", "b"]}, "pick names 2 branches: name one"),
        ({"type": "expire"}, "the time to answer is not up"),
        ({"type": "edit", "value": {"x": b"bytes"}}, "value.x"),
        ({"type": "edit", "value": {"x": [math.nan]}}, "value.x[0]: NaN and infinities are no JSON: give a number"),
        ({"type": "edit", "value": math.inf}, "value: NaN and infinities are no JSON"),
        *((nonsense, 'answer with one of "approve", "reject: why"') for nonsense in ("maybe", 7, [None])),
        *(({"decisions": some}, 'answer with one of "approve"') for some in ([], [{"type": "edit"}])),
        pytest.param("[" * 100_000, "the answer is nested too deep to be read; answer with one of", id="deep text"),
        pytest.param(form(result="[" * 100_000), "the edited result is nested too deep", id="deep result"),
        pytest.param(form(retry="[" * 100_000), "the answer is nested too deep", id="deep list of branches"),
        pytest.param(nested(200), "is nested too deep: give the answer itself", id="deep list"),
        pytest.param({"type": "edit", "value": nested(200)}, "nested more than 100 levels deep", id="deep value"),
    ],
)
async def test_an_answer_that_cannot_be_carried_out_is_asked_again_and_changes_nothing(
    answer: Any, complaint: str
) -> None:
    crew = Crew()
    asks = await Review(*two(crew), crew.fails("c", ValueError("no"))).begin()
    before = await asks.state()
    await asks.answer(answer)
    assert complaint in asks.review["complaint"]
    assert asks.description.startswith(f"**{asks.review['complaint']}**")
    assert await asks.state() == before
    assert (await asks.answer("approve"))["status"] == "approved"


async def test_after_ten_answers_that_do_not_fit_the_result_counts_as_rejected() -> None:
    asks = await Review(*two(Crew())).begin()
    for _ in range(9):
        await asks.answer("perhaps")
        assert "__interrupt__" in asks.out
    out = await asks.answer("perhaps")
    assert (out["status"], out["error"]["type"]) == ("failed", "Rejected")
    assert "10 answers did not fit" in out["error"]["message"]


async def test_without_a_database_the_hosts_clock_says_whether_an_answer_is_in_time(clock: list[datetime]) -> None:
    review = ReviewPolicy(expires_s=60, on_expiry="reject")
    in_time, late = await Review(*two(Crew()), review=review).begin(), await Review(*two(Crew()), review=review).begin()
    assert in_time.review["asked_at"] == "2030-01-01T00:00:00+00:00"
    assert in_time.review["expires_at"] == "2030-01-01T00:01:00+00:00"
    assert "Unanswered until 2030-01-01 00:01:00 UTC: reject." in in_time.description
    clock.append(clock[0] + timedelta(seconds=59))
    assert (await in_time.answer("approve"))["status"] == "approved"
    clock.append(clock[0] + timedelta(seconds=60))
    out = await late.answer("approve")
    assert (out["status"], out["error"]["message"]) == ("failed", "nobody answered until 2030-01-01T00:01:00+00:00")


async def test_time_counts_from_the_first_asking_also_after_a_complaint(clock: list[datetime]) -> None:
    asks = await Review(*two(Crew()), review=ReviewPolicy(expires_s=60, on_expiry="approve")).begin()
    clock.append(clock[0] + timedelta(seconds=50))
    await asks.answer("perhaps")
    assert asks.review["expires_at"] == "2030-01-01T00:01:00+00:00"
    clock.append(clock[0] + timedelta(seconds=70))
    out = await asks.answer("reject")
    assert out["status"] == "approved"
    assert "nobody answered until 2030-01-01T00:01:00+00:00" in [event["why"] for event in out["timeline"]]


async def test_a_result_that_is_sent_back_is_asked_about_with_time_of_its_own(clock: list[datetime]) -> None:
    asks = await Review(*two(Crew()), review=ReviewPolicy(expires_s=60)).begin()
    clock.append(clock[0] + timedelta(seconds=50))
    await asks.answer("retry: b")
    assert asks.review["expires_at"] == "2030-01-01T00:01:50+00:00"


async def test_large_texts_are_edited_whole_and_kept_as_artifacts() -> None:
    async def long(branch: Branch) -> dict[str, Any]:
        return {"text": "old " * 200, "note": "x", "confidence": 0.9}

    asks = Review(Specialist("a", long))
    context = dataclasses.replace(FIXED, artifacts=MemoryArtifacts(), artifact_bytes=256)
    asks.out = await asks.graph.ainvoke({"task": "x"}, asks.config, context=context)
    shown = asks.question["action_requests"][0]["args"]["result"]
    assert is_reference(shown["text"])
    changed = {"type": "edit", "value": {**shown, "note": "new " * 200}}  # the reference stays where it was
    out = await asks.graph.ainvoke(Command(resume=changed), asks.config, context=context)
    assert out["result"]["text"] == shown["text"]
    assert is_reference(out["result"]["note"])


@pytest.mark.parametrize("where", [(), ("sync_point",)])
async def test_a_question_about_very_many_branches_stays_short(where: Any) -> None:
    asks = Review(Crew().scores("a", 0.9), review=pausing(*where))
    work: list[Any] = [{"branch_id": f"b{number}", "specialist": "a"} for number in range(300)]
    asks.out = await asks.graph.ainvoke({"task": "x", "work": work}, asks.config, context=FIXED)
    assert len(asks.review["branches" if where else "attribution"]) == 100
    assert len(asks.description) < 5000
    await asks.answer("retry: bb")
    assert asks.review["complaint"] == "there is no branch 'bb': none of 300 is called so"


async def test_a_weighted_result_shows_a_disagreement_side_by_side() -> None:
    async def says(branch: Branch) -> dict[str, Any]:
        city = "Oslo" if branch.branch_id == "c" else "Rome"
        return {"city": city, "confidence": 0.9}

    asks = await Review(*(Specialist(name, says) for name in ("a", "b", "c")), merge="weighted").begin()
    (one,) = [found for found in asks.review["disagreements"] if found["field"] == "city"]
    assert (one["taken"]["value"], one["taken"]["branches"]) == ("Rome", ["a", "b"])
    assert [(side["value"], side["branches"]) for side in one["against"]] == [("Oslo", ["c"])]
