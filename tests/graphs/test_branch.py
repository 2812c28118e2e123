"""The wrapper around a specialist: whatever it does, its outcome is a record and the run goes on."""

from __future__ import annotations

import asyncio
import sys
import threading
from typing import Any

import httpx
import pytest

from langgraph_quorum import Branch, Resources, Specialist, SyncPolicy
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.running import Crew, run, statuses

SURE: dict[str, Any] = {"attempts": 3, "backoff_s": 1.0}


async def record_of(run_it: Any, **settings: Any) -> Any:
    """The record of the one branch of a workflow with this specialist."""
    return (await run(Specialist("only", run_it, **settings)))["branches"]["only"]


@pytest.mark.looptime
async def test_a_transient_error_is_tried_again_with_growing_waits() -> None:
    crew = Crew()
    result = await run(crew.fails("only", httpx.ConnectError("down"), times=2, **SURE))
    record = result["branches"]["only"]
    assert (record["status"], record["attempts"], crew.calls["only"]) == ("succeeded", 3, 3)
    assert [branch.attempt for branch in crew.branches] == [1, 2, 3]
    # waits of 1 and 2 s, each with up to 1 s of jitter
    assert 3 <= record["seconds"] <= 5


@pytest.mark.looptime
@pytest.mark.parametrize("bundle", [None, 2])
async def test_what_failed_attempts_have_cost_counts_where_their_errors_say_so(bundle: int | None) -> None:
    class DearError(httpx.ConnectError):
        cost = 0.5

    crowd = [Crew().fails("a", DearError("down"), times=2, **SURE), Crew().fails("b", ValueError("no"), **SURE)]
    work = [{"branch_id": name, "specialist": name[0]} for name in ("a1", "a2", "b1")]
    result = await run(*crowd, work=work, bundle=bundle)
    assert {name: record["cost"] for name, record in result["branches"].items()} == {"a1": 1.0, "a2": 1.0, "b1": None}


@pytest.mark.looptime
async def test_an_error_that_stays_is_tried_once() -> None:
    crew = Crew()
    record = (await run(crew.fails("only", ValueError("bad input"), **SURE)))["branches"]["only"]
    assert (record["status"], record["attempts"], record["reason"]) == ("failed", 1, "bad input")
    assert record["error"] == {"type": "ValueError", "message": "bad input", "transient": False}


@pytest.mark.looptime
async def test_a_rule_of_the_users_own_says_what_is_tried_again() -> None:
    crew = Crew()
    stubborn = crew.fails("only", ValueError(), times=1, retry_on=lambda error: isinstance(error, ValueError), **SURE)
    assert (await run(stubborn))["branches"]["only"]["status"] == "succeeded"


@pytest.mark.looptime
async def test_a_rule_that_fails_itself_leaves_the_decision_to_the_shipped_one(caplog: Any) -> None:
    def broken(error: BaseException) -> bool:
        raise KeyError("rule")

    crew = Crew()
    record = (await run(crew.fails("only", ValueError("cause"), retry_on=broken)))["branches"]["only"]
    assert record["error"]["message"] == "cause"
    assert "retry_on of specialist 'only' failed" in caplog.text


@pytest.mark.looptime
async def test_a_specialist_that_takes_longer_than_its_own_time_timed_out() -> None:
    result = await run(Crew().sleeps("only", 100, timeout_s=2, attempts=1), recovery=RecoveryPolicy(rounds=0))
    record = result["branches"]["only"]
    assert (record["status"], record["reason"], record["release"]) == ("timed_out", "no answer within 2 s", None)
    assert record["seconds"] == pytest.approx(2, abs=0.01)


@pytest.mark.looptime
async def test_a_work_item_may_set_its_own_time() -> None:
    work = [{"specialist": "only", "timeout_s": 5}]
    only = Crew().sleeps("only", 100, timeout_s=2, attempts=1)
    result = await run(only, work=work, recovery=RecoveryPolicy(rounds=0))
    assert result["branches"]["only"]["reason"] == "no answer within 5 s"


@pytest.mark.looptime
async def test_the_fallback_answers_when_all_attempts_failed() -> None:
    crew = Crew()
    first = crew.fails("first", TimeoutError(), fallback="second", attempts=2, backoff_s=1)
    work = [{"specialist": "first", "branch_id": "b"}]
    record = (await run(first, crew.sleeps("second", 1), work=work))["branches"]["b"]
    assert (record["status"], record["specialist"], record["attempts"]) == ("succeeded", "second", 3)


@pytest.mark.looptime
async def test_fallbacks_in_a_ring_end_after_each_had_its_turn() -> None:
    crew = Crew()
    ring = [crew.fails("a", ValueError("a"), fallback="b"), crew.fails("b", ValueError("b"), fallback="a")]
    record = (await run(*ring, work=[{"specialist": "a"}]))["branches"]["a"]
    assert (record["status"], record["attempts"], record["reason"]) == ("failed", 2, "b")


@pytest.mark.looptime
async def test_a_rate_limit_spaces_the_starts_and_does_not_eat_the_branchs_own_time() -> None:
    work = [{"branch_id": f"b{number}", "specialist": "only"} for number in range(5)]
    result = await run(Crew().sleeps("only", 0.1, rate_limit=0.5, timeout_s=1, attempts=1), work=work)
    assert set(statuses(result).values()) == {"succeeded"}
    # one start each 2 s: the last waits 8 s, far more than its timeout of 1 s
    waits = sorted(round(record["waited_s"]) for record in result["branches"].values())
    assert waits == [0, 2, 4, 6, 8]


@pytest.mark.parametrize("code", [0, 3, "bye"])
async def test_a_specialist_that_calls_sys_exit_fails_and_nothing_exits(code: Any) -> None:
    async def leave(branch: Branch) -> None:
        sys.exit(code)

    def leave_from_a_thread(branch: Branch) -> None:
        sys.exit(code)

    for run_it in (leave, leave_from_a_thread):
        record = await record_of(run_it)
        assert (record["status"], record["error"]["type"]) == ("failed", "SpecialistExitError")
        assert record["reason"] == f"the specialist called sys.exit({code!r})"


async def test_a_specialist_that_cancels_itself_fails() -> None:
    async def by_exception(branch: Branch) -> None:
        raise asyncio.CancelledError

    async def by_task(branch: Branch) -> None:
        task = asyncio.current_task()
        assert task is not None
        task.cancel()
        await asyncio.sleep(1)

    for run_it in (by_exception, by_task):
        record = await record_of(run_it)
        assert (record["status"], record["error"]["type"]) == ("failed", "SpecialistExitError")
        assert "cancelled" in record["reason"]


async def test_a_result_that_cannot_be_kept_fails_naming_the_place() -> None:
    async def unkeepable(branch: Branch) -> dict[str, Any]:
        return {"rows": [{"handle": object()}]}

    record = await record_of(unkeepable)
    assert (record["status"], record["error"]["type"]) == ("failed", "ResultError")
    assert record["reason"].startswith("result.rows[0].handle: an object cannot be kept")


async def test_a_sync_function_never_blocks_the_loop() -> None:
    loop, began, go_on = asyncio.get_running_loop(), asyncio.Event(), threading.Event()

    def busy(branch: Branch) -> str:
        loop.call_soon_threadsafe(began.set)
        return "done" if go_on.wait(20) else "the loop stood still"

    run_it = asyncio.create_task(record_of(busy))
    await began.wait()
    go_on.set()  # by the loop, while the function waits for it
    assert (await run_it)["result"] == "done"


async def test_a_sync_straggler_is_abandoned() -> None:
    go_on, ended = threading.Event(), threading.Event()

    def endless(branch: Branch) -> str:
        go_on.wait(20)
        ended.set()
        return "too late"

    async def quick(branch: Branch) -> str:
        return "here"

    crew = [Specialist("quick", quick), Specialist("slow", endless, resources=Resources(cpu=0))]
    result = await run(*crew, sync=SyncPolicy(threshold=0.5, grace_s=0))
    assert not ended.is_set()
    go_on.set()
    assert statuses(result) == {"quick": "succeeded", "slow": "cut"}


@pytest.mark.looptime
async def test_an_answer_that_is_still_being_scored_when_the_gate_closes_is_kept() -> None:
    async def slow_judge(branch: Branch, result: Any) -> float:
        await asyncio.sleep(100 if branch.branch_id == "b" else 0)
        return 0.9

    crew = Crew()
    policy = SyncPolicy(threshold=0.5, grace_s=5)
    result = await run(crew.sleeps("a", 1), crew.sleeps("b", 2), sync=policy, scorer=slow_judge)
    record = result["branches"]["b"]
    assert (record["status"], record["quality"], record["reason"]) == ("succeeded", None, "its score came too late")
    assert record["seconds"] == pytest.approx(2, abs=0.01)  # the scoring is not the specialist's time


@pytest.mark.looptime
async def test_a_cancelled_straggler_that_reports_a_broken_connection_is_not_tried_again_nor_falls_back() -> None:
    calls = 0
    spare = Crew()

    async def messy(branch: Branch) -> None:
        nonlocal calls
        calls += 1
        try:
            await asyncio.sleep(100)
        except asyncio.CancelledError:
            raise ConnectionError("closed") from None

    messy_one = Specialist("messy", messy, attempts=5, backoff_s=1, fallback="spare")
    crew = [Crew().sleeps("quick", 1), messy_one, spare.sleeps("spare", 1)]
    work = [{"branch_id": name, "specialist": name} for name in ("quick", "messy")]
    result = await run(*crew, work=work, sync=SyncPolicy(threshold=0.5, grace_s=0))
    await asyncio.sleep(60)
    assert (statuses(result)["messy"], calls, spare.calls.total()) == ("cut", 1, 0)


@pytest.mark.looptime
@pytest.mark.parametrize(("retry_on", "calls"), [(KeyError, 2), ((OSError, KeyError), 2), (OSError, 1), ((), 1)])
async def test_the_errors_that_are_tried_again_can_be_named_by_their_classes(retry_on: Any, calls: int) -> None:
    crew = Crew()
    await run(crew.fails("only", KeyError("x"), attempts=2, retry_on=retry_on), recovery=RecoveryPolicy(rounds=0))
    assert crew.calls["only"] == calls
