"""A straggler's work that a later fan-out adopts: it is not begun anew, and counted once."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langgraph.types import Command, interrupt

from langgraph_quorum import Answer, Branch, Specialist
from langgraph_quorum.nodes.branching.stopping import abandoned
from langgraph_quorum.state.policies import RecoveryPolicy
from tests.graphs.harvesting import ALL, Run, nothing_is_left_behind  # noqa: F401  a fixture
from tests.graphs.running import FIXED, Crew, run, statuses, thread

pytestmark = pytest.mark.looptime


async def test_work_under_way_is_adopted_by_the_fan_out_that_sends_its_branch_again() -> None:
    crew = Crew()
    one = Run(crew.sleeps("slow", 8), crew.sleeps("quick", 1), sync=ALL)
    result = await one.result()
    slow = result["branches"]["slow"]
    assert crew.calls == {"slow": 1, "quick": 1}
    assert (slow["status"], slow["attempts"], slow["round"], slow["late"]) == ("succeeded", 1, 1, False)
    assert slow["seconds"] == pytest.approx(8, abs=0.01)  # since its first call
    assert slow["settled_s"] == pytest.approx(3, abs=0.01)  # the second fan-out began at 5 s
    assert slow["waited_s"] == pytest.approx(-5, abs=0.01)  # it had begun before
    load = (await one.values())["load"]
    assert (load["rounds"], load["attempts"]) == (1, 2)
    assert load["seconds"] == pytest.approx(8, abs=0.01)


async def test_what_adopted_work_costs_is_counted_once() -> None:
    async def dear(branch: Branch) -> Answer:
        await asyncio.sleep(8)
        return Answer("done", cost=2.5)

    one = Run(Specialist("dear", dear), sync=ALL)
    result = await one.result()
    assert (result["branches"]["dear"]["cost"], (await one.values())["load"]["cost"]) == (2.5, 2.5)


async def test_adoption_goes_on_over_several_rounds_within_their_bound() -> None:
    crew = Crew()
    one = Run(crew.sleeps("slow", 100), crew.sleeps("quick", 1), sync=ALL, recovery=RecoveryPolicy(rounds=2))
    result = await one.result()
    assert [decision["seconds"] for decision in result["sync"]] == pytest.approx([5, 5, 5], abs=0.01)
    assert (crew.calls["slow"], (await one.values())["load"]["attempts"]) == (1, 2)
    assert (result["status"], result["pending"], statuses(result)["slow"]) == ("partial", ["slow"], "timed_out")
    late = await one.late(within_s=100)
    assert late["slow"]["seconds"] == pytest.approx(100, abs=0.01)
    assert late["slow"]["attempts"] == 1


async def test_with_somebody_else_to_ask_work_is_adopted_once_and_then_given_up() -> None:
    crew = Crew()
    slow = crew.sleeps("slow", 100, fallback="quick")
    result = await run(slow, crew.sleeps("quick", 1), work=[{"branch_id": "b", "specialist": "slow"}], sync=ALL)
    assert [branch.round for branch in crew.branches] == [0, 2]
    assert (result["branches"]["b"]["specialist"], statuses(result)) == ("quick", {"b": "succeeded"})
    assert [decision["seconds"] for decision in result["sync"]] == pytest.approx([5, 5, 1], abs=0.01)
    assert (result["pending"], abandoned()) == ([], 0)  # its first work was stopped


async def test_a_straggler_in_a_bundle_is_adopted() -> None:
    crew = Crew()

    async def work_on(branch: Branch) -> str:
        crew.calls[branch.branch_id] += 1
        await asyncio.sleep({"y": 7, "z": 8}.get(branch.branch_id, 0))
        return branch.branch_id

    work = [{"branch_id": name, "specialist": "s"} for name in "abyz"]
    result = await run(Specialist("s", work_on), work=work, sync=ALL, bundle=10)
    assert set(statuses(result).values()) == {"succeeded"}
    assert crew.calls == dict.fromkeys("abyz", 1)


async def test_adopted_work_that_asks_a_human_asks_anew_where_its_answer_reaches_it() -> None:
    calls: list[int] = []

    async def asks(branch: Branch) -> Any:
        calls.append(branch.round)
        if branch.round == 0:
            await asyncio.sleep(8)
        return interrupt("may I?")

    one = Run(Specialist("asks", asks), Crew().sleeps("quick", 1), sync=ALL)
    paused = await one.result()
    (question,) = paused["__interrupt__"]
    result = await one.graph.ainvoke(Command(resume={question.id: "yes"}), thread(), context=FIXED)
    assert (statuses(result)["asks"], result["branches"]["asks"]["result"]) == ("succeeded", "yes")
    assert calls == [0, 2, 2]  # adopted in round 1; asked, and answered, in round 2
