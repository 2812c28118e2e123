"""Questions about the result that expire, on Postgres: by the database's clock, whoever is running."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from langgraph_quorum import Branch, Orchestrator, Specialist, SyncPolicy, build_workflow
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.graphs.workflow import Tuning
from langgraph_quorum.orchestration import driving, expiry
from langgraph_quorum.orchestration.expiry import expire, expires_at
from langgraph_quorum.orchestration.persistence.pool import Pool
from langgraph_quorum.state.errors import AnswerError
from langgraph_quorum.state.policies import Policies, ReviewPolicy, ValidationPolicy

ALL = SyncPolicy(threshold=1.0, deadline_s=30)
HOUR = timedelta(hours=1)


async def answers(branch: Branch) -> dict[str, Any]:
    return {"by": branch.branch_id, "confidence": 0.9}


def workflow(review: ReviewPolicy) -> Any:
    policies = Policies(validation=ValidationPolicy(review="always"), review=review)
    return build_workflow([Specialist("one", answers)], ALL, tuning=Tuning(policies=policies))


@pytest.fixture
def pass_time(monkeypatch: pytest.MonkeyPatch) -> Callable[[timedelta], None]:
    """Puts the database's clock forward, for this process."""
    real: Callable[[Pool], Awaitable[datetime]] = expiry.database_time
    ahead = timedelta()

    async def shifted(pool: Pool) -> datetime:
        return await real(pool) + ahead

    def put_forward(by: timedelta) -> None:
        nonlocal ahead
        ahead += by

    monkeypatch.setattr(expiry, "database_time", shifted)
    monkeypatch.setattr(driving, "database_time", shifted)
    return put_forward


async def ask(pool: Pool, review: ReviewPolicy) -> dict[str, Any]:
    """The outcome of a run that waits, and whose orchestrator is gone."""
    async with Orchestrator.on(workflow(review), pool) as quorum:
        outcome = await (await quorum.start({"task": "x"}, "t")).result()
    assert outcome["status"] == "waiting"
    return outcome


def the_question(outcome: dict[str, Any]) -> tuple[str, Any]:
    ((name, question),) = outcome["interrupts"].items()
    return name, question


async def test_a_question_says_when_it_was_asked_and_until_when_by_the_databases_clock(
    pool: Pool, pass_time: Callable[[timedelta], None]
) -> None:
    pass_time(timedelta(days=400))  # so far from this host's clock that the two cannot be mixed up
    _, question = the_question(await ask(pool, ReviewPolicy(expires_s=3600)))
    asked_at = datetime.fromisoformat(question["review"]["asked_at"])
    assert expires_at(question) == asked_at + HOUR
    assert asked_at - datetime.now(UTC) > timedelta(days=399)


async def test_an_answer_in_time_is_taken(pool: Pool, pass_time: Callable[[timedelta], None]) -> None:
    review = ReviewPolicy(expires_s=3600)
    name, _ = the_question(await ask(pool, review))
    pass_time(HOUR / 2)
    async with Orchestrator.on(workflow(review), pool) as quorum:
        outcome = await (await quorum.resume("t", {name: "approve"})).result()
    assert outcome["status"] == "approved"


@pytest.mark.parametrize(("on_expiry", "status"), [("approve", "approved"), ("reject", "failed")])
async def test_a_late_answer_is_refused_naming_when_and_the_default_is_carried_out(
    pool: Pool, pass_time: Callable[[timedelta], None], on_expiry: Any, status: str
) -> None:
    review = ReviewPolicy(expires_s=3600, on_expiry=on_expiry)
    name, question = the_question(await ask(pool, review))
    until = datetime.fromisoformat(question["review"]["expires_at"]).isoformat(timespec="seconds")
    pass_time(HOUR)
    other = "reject" if on_expiry == "approve" else "approve"
    async with Orchestrator.on(workflow(review), pool) as quorum:
        with pytest.raises(AnswerError, match="has expired") as refused:
            await quorum.resume("t", {name: other})
        outcome = await quorum.get("t")
    assert until in str(refused.value)
    assert (outcome["status"], outcome["interrupts"]) == (status, {})
    assert f"nobody answered until {until}" in [event["why"] for event in outcome["timeline"]] or status == "failed"


async def test_a_resume_without_an_answer_carries_the_default_out_only_once_the_time_is_up(
    pool: Pool, pass_time: Callable[[timedelta], None]
) -> None:
    review = ReviewPolicy(expires_s=3600)
    await ask(pool, review)
    async with Orchestrator.on(workflow(review), pool) as quorum:
        assert (await (await quorum.resume("t")).result())["status"] == "waiting"
        pass_time(HOUR)
        outcome = await (await quorum.resume("t")).result()
    assert (outcome["status"], outcome["error"]["type"]) == ("failed", "Rejected")
    assert "nobody answered until" in outcome["error"]["message"]


async def test_a_complaint_does_not_give_more_time(pool: Pool, pass_time: Callable[[timedelta], None]) -> None:
    review = ReviewPolicy(expires_s=3600)
    name, first = the_question(await ask(pool, review))
    pass_time(HOUR / 2)
    async with Orchestrator.on(workflow(review), pool) as quorum:
        again, second = the_question(await (await quorum.resume("t", {name: "perhaps"})).result())
        assert "'perhaps' is no decision" in second["review"]["complaint"]
        assert expires_at(second) == expires_at(first)
        pass_time(HOUR / 2)
        with pytest.raises(AnswerError, match="has expired"):
            await quorum.resume("t", {again: "approve"})


async def test_nobody_can_say_himself_that_the_time_is_up(pool: Pool, pass_time: Callable[[timedelta], None]) -> None:
    review = ReviewPolicy(expires_s=3600)
    name, _ = the_question(await ask(pool, review))
    async with Orchestrator.on(workflow(review), pool) as quorum:
        _, question = the_question(await (await quorum.resume("t", {name: {"type": "expire"}})).result())
    assert "the time to answer is not up" in question["review"]["complaint"]


async def test_an_answer_given_in_time_counts_though_a_crash_keeps_it_from_being_carried_out_before(
    pool: Pool, pass_time: Callable[[timedelta], None], monkeypatch: pytest.MonkeyPatch
) -> None:
    review = ReviewPolicy(expires_s=3600)
    name, _ = the_question(await ask(pool, review))

    class KilledError(Exception):
        """As if the driver had been killed between entering the answer and carrying it out."""

    async def killed(*_: object) -> None:
        raise KilledError

    with monkeypatch.context() as patch:
        patch.setattr(driving, "stream", killed)
        async with Orchestrator.on(workflow(review), pool) as quorum:
            with pytest.raises(KilledError):
                await (await quorum.resume("t", {name: "approve"})).result()
    pass_time(HOUR)
    async with Orchestrator.on(workflow(review), pool) as quorum:
        assert (await (await quorum.resume("t")).result())["status"] == "approved"


async def test_a_workflow_that_is_a_branch_asks_by_the_same_clock(
    pool: Pool, pass_time: Callable[[timedelta], None]
) -> None:
    pass_time(timedelta(days=400))
    inner = workflow(ReviewPolicy(expires_s=3600, on_expiry="approve"))
    outer = build_workflow([workflow_specialist("w", inner)], ALL)
    async with Orchestrator.on(outer, pool) as quorum:
        _, question = the_question(await (await quorum.start({"task": "x"}, "t")).result())
        assert datetime.fromisoformat(question["review"]["asked_at"]) - datetime.now(UTC) > timedelta(days=399)
        pass_time(HOUR)
        outcome = await (await quorum.resume("t")).result()
    assert (outcome["status"], outcome["branches"]["w"]["status"]) == ("approved", "succeeded")


async def test_answers_that_are_no_dict_are_refused_and_nothing_is_done_though_the_time_is_up(
    pool: Pool, pass_time: Callable[[timedelta], None]
) -> None:
    review = ReviewPolicy(expires_s=3600)
    await ask(pool, review)
    pass_time(HOUR)
    wrong: Any = 5
    async with Orchestrator.on(workflow(review), pool) as quorum:
        with pytest.raises(AnswerError, match="give a dict of answers by interrupt id"):
            await quorum.resume("t", wrong)
        assert (await quorum.get("t"))["status"] == "waiting"


async def test_all_expired_questions_are_found_and_the_others_left_alone(
    pool: Pool, pass_time: Callable[[timedelta], None]
) -> None:
    for_ever, hour, day = ReviewPolicy(), ReviewPolicy(expires_s=3600), ReviewPolicy(expires_s=86_400)
    for thread_id, review in (("for-ever", for_ever), ("hour", hour), ("day", day)):
        async with Orchestrator.on(workflow(review), pool) as quorum:
            await (await quorum.start({"task": "x"}, thread_id)).result()
    pass_time(HOUR)
    async with Orchestrator.on(workflow(hour), pool) as quorum:
        found = await expire(quorum)
        statuses = {name: (await quorum.get(name))["status"] for name in ("for-ever", "hour", "day")}
    assert {name: outcome["status"] for name, outcome in found.items()} == {"hour": "failed"}
    assert statuses == {"for-ever": "waiting", "hour": "failed", "day": "waiting"}


@pytest.mark.parametrize(
    "question", ["May I?", None, {}, {"review": 1}, {"review": {"expires_at": "soon"}}, {"review": {"expires_at": 3}}]
)
def test_questions_of_others_do_not_expire(question: Any) -> None:
    assert expires_at(question) is None
