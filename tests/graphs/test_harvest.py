"""Stragglers that are harvested: they run on, their late result is taken in or kept, and nothing is left behind."""

from __future__ import annotations

import asyncio
import threading
from typing import Any

import pytest
from langgraph.types import Command, interrupt

from langgraph_quorum import Answer, Branch, Specialist, SyncPolicy
from langgraph_quorum.nodes.branching import harvest
from langgraph_quorum.nodes.branching.harvest import KEPT_S, listed
from langgraph_quorum.state.policies import RecoveryPolicy, ValidationPolicy
from tests.graphs.harvesting import QUORUM, Run, lines, nothing_is_left_behind  # noqa: F401  a fixture
from tests.graphs.running import FIXED, Crew, run, statuses, thread

pytestmark = pytest.mark.looptime
ONCE: dict[str, Any] = {"attempts": 1}


async def test_a_late_result_is_taken_in_when_the_next_fan_out_ends() -> None:
    crew = Crew()
    work = [
        {"branch_id": "late", "specialist": "slow"},
        {"branch_id": "fine", "specialist": "quick"},
        {"branch_id": "weak", "specialist": "scored"},
    ]
    policy = SyncPolicy(threshold=0.6, grace_s=1, deadline_s=60, on_straggler="harvest")

    async def scored(branch: Branch) -> dict[str, Any]:
        crew.calls[branch.branch_id] += 1
        await asyncio.sleep(10 * branch.round)
        return {"confidence": 0.5 if branch.round == 0 else 0.95}

    crowd = [crew.sleeps("slow", 8), crew.sleeps("quick", 1), Specialist("scored", scored)]
    result = await run(*crowd, work=work, sync=policy)
    # Cut at 2 s; the weak branch is redone from then on and takes 10 s; the late one answers meanwhile, at 8 s.
    assert [line["data"]["branches"] for line in lines(result, "redistributed")] == [["weak"]]
    assert statuses(result) == {"fine": "succeeded", "late": "succeeded", "weak": "succeeded"}
    late = result["branches"]["late"]
    assert (late["late"], late["attempts"], late["round"]) == (True, 1, 0)
    assert (late["seconds"], late["settled_s"]) == (pytest.approx(8, abs=0.01), pytest.approx(8, abs=0.01))
    assert set(result["result"]) == {"late", "fine", "weak"}
    assert [line["why"] for line in lines(result, "branch_harvested")] == ["it answered 8.00 s after its fan-out"]
    assert (result["pending"], result["partial"]) == ([], False)
    assert crew.calls == {"late": 1, "fine": 1, "weak": 2}


async def test_what_a_late_result_costs_is_counted() -> None:
    crew = Crew()

    async def dear(branch: Branch) -> Answer:
        await asyncio.sleep(4)
        return Answer("done", cost=2.5)

    async def weak(branch: Branch) -> dict[str, Any]:
        await asyncio.sleep(1 + 5 * branch.round)
        return {"confidence": 0.5 if not branch.round else 0.9}

    crowd = [Specialist("dear", dear), Specialist("weak", weak), crew.sleeps("quick", 1)]
    one = Run(*crowd, sync=SyncPolicy(threshold=0.6, grace_s=1, deadline_s=60, on_straggler="harvest"))
    result = await one.result()
    assert (result["branches"]["dear"]["late"], result["branches"]["dear"]["cost"]) == (True, 2.5)
    load = (await one.values())["load"]
    assert (load["cost"], load["attempts"]) == (2.5, 4)  # three, and weak once more


async def test_what_comes_after_the_end_is_pending_and_can_be_had() -> None:
    crew = Crew()
    one = Run(crew.sleeps("slow", 30), crew.sleeps("quick", 1), sync=QUORUM)
    result = await one.result()
    assert (result["status"], result["pending"], statuses(result)["slow"]) == ("approved", ["slow"], "cut")
    assert await one.late(within_s=0) == {}
    assert await one.late(within_s=10) == {}
    late = await one.late(within_s=100)
    assert (late["slow"]["status"], late["slow"]["late"], late["slow"]["result"]["by"]) == ("succeeded", True, "slow")
    assert await one.late(within_s=100) == {}  # given once
    assert (await one.values())["branches"]["slow"]["status"] == "cut"  # the outcome stays as it was


async def test_what_has_come_between_the_last_decision_and_the_end_is_pending_too() -> None:
    crew = Crew()

    validation = ValidationPolicy(review="always")
    one = Run(crew.sleeps("slow", 30), crew.sleeps("quick", 1), sync=QUORUM, validation=validation)
    await one.result()  # asks whether the result is approved; meanwhile the straggler answers
    await asyncio.sleep(60)
    result = await one.graph.ainvoke(Command(resume="approve"), thread(), context=FIXED)
    assert (result["status"], result["pending"]) == ("approved", ["slow"])
    assert list(await one.late(within_s=0)) == ["slow"]


async def test_a_straggler_that_fails_after_all_says_so() -> None:
    async def breaks(branch: Branch) -> None:
        await asyncio.sleep(10)
        raise ValueError("too late and wrong")

    one = Run(Specialist("breaks", breaks), Crew().sleeps("quick", 1), sync=QUORUM)
    result = await one.result()
    assert result["pending"] == ["breaks"]
    record = (await one.late(within_s=20))["breaks"]
    assert (record["status"], record["reason"], record["late"]) == ("failed", "too late and wrong", True)


async def test_a_late_failure_that_will_not_pass_is_not_tried_again() -> None:
    crew = Crew()

    async def breaks(branch: Branch) -> None:
        crew.calls[branch.branch_id] += 1
        await asyncio.sleep(4)
        raise ValueError("wrong")

    async def weak(branch: Branch) -> dict[str, Any]:
        await asyncio.sleep(1 + 5 * branch.round)
        return {"confidence": 0.5 if not branch.round else 0.9}

    policy = SyncPolicy(threshold=0.6, grace_s=1, deadline_s=60, on_straggler="harvest")
    crowd = [Specialist("breaks", breaks), Specialist("weak", weak), crew.sleeps("quick", 1)]
    result = await run(*crowd, sync=policy)
    assert (statuses(result)["breaks"], result["branches"]["breaks"]["late"]) == ("failed", True)
    assert crew.calls["breaks"] == 1


async def test_a_hedged_straggler_keeps_both_its_calls() -> None:
    calls: list[int] = []

    async def uneven(branch: Branch) -> int:
        calls.append(len(calls))
        await asyncio.sleep(100 if len(calls) == 1 else 6)
        return len(calls)

    one = Run(Specialist("hedged", uneven, hedge_s=1), Crew().sleeps("quick", 1), sync=QUORUM)
    result = await one.result()
    assert result["branches"]["hedged"]["attempts"] == 2
    record = (await one.late(within_s=100))["hedged"]
    assert (record["attempts"], record["seconds"]) == (2, pytest.approx(7, abs=0.01))  # the second, begun at 1 s
    assert calls == [0, 1]


async def test_a_straggler_in_a_bundle_runs_on_too() -> None:
    crew = Crew()
    names = ["a", "b", "c", "z"]

    async def work_on(branch: Branch) -> str:
        crew.calls[branch.branch_id] += 1
        if branch.branch_id == "z":
            await asyncio.sleep(30)
        return branch.branch_id

    work = [{"branch_id": name, "specialist": "s"} for name in names]
    one = Run(Specialist("s", work_on), sync=QUORUM, bundle=10)
    result = await one.result(work)
    assert (statuses(result)["z"], result["pending"]) == ("cut", ["z"])
    assert (await one.late(within_s=60))["z"]["result"] == "z"
    assert crew.calls == dict.fromkeys(names, 1)


async def test_a_straggler_that_has_not_begun_is_stopped() -> None:
    crew = Crew()
    work = [{"branch_id": name, "specialist": "s"} for name in "abcd"]
    one = Run(
        crew.sleeps("s", 10), sync=SyncPolicy(threshold=0.25, grace_s=0, on_straggler="harvest"), mode="sequential"
    )
    result = await one.result(work)
    assert result["pending"] == []
    assert sum(crew.calls.values()) == 1


async def test_a_straggler_that_asks_a_human_asks_nobody() -> None:
    async def asks(branch: Branch) -> Any:
        await asyncio.sleep(10)
        return interrupt("may I?")

    one = Run(Specialist("asks", asks), Crew().sleeps("quick", 1), sync=QUORUM)
    result = await one.result()
    assert result["pending"] == ["asks"]
    assert await one.late(within_s=20) == {}


async def test_many_runs_leave_nothing_listed_and_what_nobody_takes_is_forgotten() -> None:
    before = listed()
    for _ in range(30):
        await run(Crew().sleeps("slow", 30), Crew().sleeps("quick", 1), sync=QUORUM)
    assert listed() == before + 30  # each run took 2 s: about half have answered meanwhile, and are kept
    await asyncio.sleep(30 + KEPT_S)
    assert listed() == before


async def test_of_very_many_outcomes_that_nobody_takes_the_first_are_forgotten(monkeypatch: Any) -> None:
    monkeypatch.setattr(harvest, "MOST", 5)
    one = Run(
        *[Crew().sleeps(f"s{number}", 10 + number) for number in range(9)],
        Crew().sleeps("quick", 1),
        sync=SyncPolicy(threshold=0.1, grace_s=0, on_straggler="harvest"),
    )
    result = await one.result()
    assert len(result["pending"]) == 9
    await asyncio.sleep(60)
    assert sorted(await one.late(within_s=0)) == ["s4", "s5", "s6", "s7", "s8"]


async def test_a_run_that_fails_says_what_is_pending() -> None:
    policy = SyncPolicy(threshold=1.0, deadline_s=5, must=("broken",), on_straggler="harvest")
    crowd = [Crew().sleeps("slow", 60), Crew().fails("broken", ValueError("no"))]
    one = Run(*crowd, sync=policy, recovery=RecoveryPolicy(rounds=0))
    result = await one.result()
    assert (result["status"], result["pending"]) == ("failed", ["slow"])
    assert list(await one.late(within_s=100)) == ["slow"]


def test_a_thread_is_harvested() -> None:
    go = threading.Event()

    def blocks(branch: Branch) -> str:
        assert go.wait(30)
        return "from a thread"

    async def seen() -> tuple[dict[str, Any], dict[str, Any]]:
        policy = SyncPolicy(threshold=0.5, grace_s=0.05, on_straggler="harvest")
        one = Run(Specialist("thread", blocks), Crew().sleeps("quick", 0), sync=policy)
        result = await one.result()
        go.set()
        return result, await one.late(within_s=30)

    result, late = asyncio.run(seen())
    assert result["pending"] == ["thread"]
    assert (late["thread"]["result"], late["thread"]["late"]) == ("from a thread", True)


def test_what_goes_on_when_the_event_loop_ends_is_lost_and_not_listed_any_more() -> None:
    before = listed()
    result = asyncio.run(
        run(
            Crew().sleeps("slow", 30),
            Crew().sleeps("quick", 0),
            sync=SyncPolicy(threshold=0.5, grace_s=0, on_straggler="harvest"),
        )
    )
    assert result["pending"] == ["slow"]
    assert listed() == before
