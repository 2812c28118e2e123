"""Asking a human about the result: what each answer does to the run, pauses, and questions that expire."""

from __future__ import annotations

import dataclasses
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command

from langgraph_quorum import Branch, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.nodes.artifacts.memory import MemoryArtifacts
from langgraph_quorum.nodes.checking.schema import schema
from langgraph_quorum.nodes.reviewing import expiry
from langgraph_quorum.state.artifacts import is_reference
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.policies import Policies, RecoveryPolicy, ReviewPolicy, ValidationPolicy
from tests.graphs.running import FIXED, Crew

ALL_IN = SyncPolicy(threshold=0.5, deadline_s=1000)
ALWAYS = ValidationPolicy(review="always")


class Review:
    """A run that asks, and the person who answers."""

    def __init__(
        self,
        *specialists: Specialist,
        review: ReviewPolicy | None = None,
        validation: ValidationPolicy = ALWAYS,
        checks: tuple[Any, ...] = (),
        merge: Any = "best",
    ) -> None:
        policies = Policies(validation=validation, review=review or ReviewPolicy(), recovery=RecoveryPolicy(rounds=0))
        tuning = Tuning(policies=policies, checks=checks)
        builder = build_workflow(specialists, ALL_IN, merge, "parallel", tuning)
        self.graph = builder.compile(checkpointer=InMemorySaver())
        self.config: Any = {"configurable": {"thread_id": "t"}}
        self.out: dict[str, Any] = {}

    async def begin(self) -> Review:
        self.out = await self.graph.ainvoke({"task": "x"}, self.config, context=FIXED)
        return self

    async def answer(self, answer: Any) -> dict[str, Any]:
        self.out = await self.graph.ainvoke(Command(resume=answer), self.config, context=FIXED)
        return self.out

    @property
    def question(self) -> dict[str, Any]:
        (asked,) = self.out["__interrupt__"]
        payload: dict[str, Any] = asked.value
        return payload

    @property
    def review(self) -> dict[str, Any]:
        found: dict[str, Any] = self.question["review"]
        return found

    @property
    def description(self) -> str:
        return str(self.question["action_requests"][0]["description"])

    async def state(self) -> dict[str, Any]:
        return dict((await self.graph.aget_state(self.config)).values)


def two(crew: Crew) -> list[Specialist]:
    return [crew.scores("a", 0.9), crew.scores("b", 0.5, 0.95)]


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
    before = (await asks.state())["merged"]["value"]
    out = await asks.answer({"decisions": [{"type": "approve"}]})
    assert (out["status"], out["result"]) == ("approved", before)


async def test_an_edited_result_is_the_result_and_the_timeline_says_who_made_it() -> None:
    asks = await Review(*two(Crew())).begin()
    args = {"result": {"by": "me"}, "pick": "", "retry": [], "message": "clearer"}
    out = await asks.answer(
        {"decisions": [{"type": "edit", "edited_action": {"name": "approve_result", "args": args}}]}
    )
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


async def test_a_rejected_run_has_failed_for_the_reason_given() -> None:
    asks = await Review(*two(Crew())).begin()
    out = await asks.answer("reject: too dry")
    assert (out["status"], out["error"]["type"], out["error"]["message"]) == ("failed", "Rejected", "too dry")


async def test_a_picked_branchs_result_becomes_the_result_and_carries_all_the_weight() -> None:
    crew = Crew()
    asks = await Review(*two(crew), crew.fails("c", ValueError("no"))).begin()
    out = await asks.answer({"type": "pick", "branch": "b"})
    assert (out["status"], out["result"]["by"], out["quality"]) == ("approved", "b", pytest.approx(0.5))
    assert [(row["branch_id"], row["weight"]) for row in out["attribution"]] == [("b", 1.0)]
    merged = (await asks.state())["merged"]
    assert merged["success_rate"] == pytest.approx(2 / 3)
    assert {(left["branch_id"], left["why"]) for left in merged["discarded"]} >= {("a", "a human picked b")}


async def test_a_branch_is_done_once_more_told_what_to_do_better_then_merged_and_asked_about_again() -> None:
    crew = Crew()
    asks = await Review(*two(crew)).begin()
    assert (await asks.state())["merged"]["value"]["by"] == "a"  # 0.9 against 0.5
    await asks.answer({"type": "retry", "branches": ["b"], "message": "be brief"})
    assert crew.calls == {"a": 1, "b": 2}
    guidance = crew.branches[-1].guidance
    assert guidance is not None
    assert [finding["message"] for finding in guidance["findings"]] == ["be brief"]
    assert (await asks.state())["merged"]["value"] == {"by": "b", "turn": 2, "confidence": 0.95}
    assert (await asks.answer("approve"))["status"] == "approved"


async def test_a_failed_branch_can_be_sent_out_by_a_human_after_the_load_balancer_gave_up() -> None:
    crew = Crew()
    asks = await Review(crew.scores("a", 0.9), crew.fails("c", ValueError("no"), times=1)).begin()
    await asks.answer("retry: c")
    assert asks.review["missing"] == {}
    assert crew.calls == {"a": 1, "c": 2}


async def test_what_a_branch_lacks_goes_out_with_it() -> None:
    crew = Crew()
    graph = Review(crew.fails("first", ValueError("no"), times=1), crew.sleeps("next", 0), crew.scores("a", 0.9))
    work: list[Any] = [{"specialist": "first"}, {"specialist": "next", "depends_on": ["first"]}, {"specialist": "a"}]
    graph.out = await graph.graph.ainvoke({"task": "x", "work": work}, graph.config, context=FIXED)
    assert set(graph.review["missing"]) == {"first", "next"}
    await graph.answer("retry: next")
    assert graph.review["missing"] == {}
    assert crew.calls == {"first": 2, "next": 1, "a": 1}


@pytest.mark.parametrize(
    ("answer", "complaint"),
    [
        ("retry: bb", "there is no branch 'bb'"),
        ("pick: bb", "there is no branch 'bb'"),
        ("pick: c", "branch 'c' has no result to pick (failed, no): pick one that succeeded"),
        ({"type": "pick", "branch": ["a", "b"]}, "pick names 2 branches: name one"),
        ({"type": "expire"}, "the time to answer is not up"),
        ({"type": "edit", "value": {"x": b"bytes"}}, "value.x"),
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


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The host's clock: its last entry is the time."""
    times = [datetime(2030, 1, 1, tzinfo=UTC)]
    monkeypatch.setattr(expiry, "wall_clock", lambda: times[-1])
    return times


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


def pausing(*where: Any) -> ReviewPolicy:
    return ReviewPolicy(pause_before=where)


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
