"""What a specialist can hand on to the outside: a key that a crash does not change, and its driver's token."""

from __future__ import annotations

import asyncio
from typing import Any

import pytest
from langchain_core.runnables import RunnableLambda
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Branch, Specialist, build_workflow
from langgraph_quorum.graphs.nested import workflow_specialist
from langgraph_quorum.orchestration.persistence.fence import fenced_config
from tests.graphs.running import FIXED, Crew, compiled, run

pytestmark = pytest.mark.looptime


async def _cut_off(graph: Any, after_s: float, token: int | None) -> None:
    running = asyncio.create_task(graph.ainvoke({"task": "x"}, fenced_config("t", token), context=FIXED))
    await asyncio.sleep(after_s)
    running.cancel()
    with pytest.raises(asyncio.CancelledError):
        await running


async def test_a_branch_that_a_crash_cut_short_is_begun_again_under_its_key_by_a_driver_with_a_greater_token() -> None:
    crew = Crew()
    graph = compiled(crew.sleeps("a", 9), saver=InMemorySaver())
    await _cut_off(graph, after_s=5, token=3)
    await graph.ainvoke(None, fenced_config("t", 4), context=FIXED)
    first, second = crew.branches
    assert first.key == second.key
    assert first.key.startswith("t/")
    assert (first.token, second.token) == (3, 4)


async def test_branches_of_a_nested_workflow_keep_their_keys_and_have_the_token_too() -> None:
    crew = Crew()
    inner = build_workflow([crew.sleeps("a", 9), crew.sleeps("b", 9)])
    graph = compiled(workflow_specialist("w", inner), workflow_specialist("v", inner), saver=InMemorySaver())
    await _cut_off(graph, after_s=5, token=3)
    await graph.ainvoke(None, fenced_config("t", 4), context=FIXED)
    before, after = crew.branches[:4], crew.branches[4:]
    assert {branch.key for branch in before} == {branch.key for branch in after}
    assert len({branch.key for branch in before}) == 4
    assert {branch.token for branch in before} == {3}
    assert {branch.token for branch in after} == {4}


async def test_each_attempt_each_round_and_each_run_of_a_thread_has_keys_of_its_own() -> None:
    crew = Crew()
    failing = crew.fails("a", ConnectionError("gone"), times=1, backoff_s=0.01)
    graph = compiled(failing, crew.scores("b", 0.1, 0.9), saver=InMemorySaver())
    for _ in range(2):
        await graph.ainvoke({"task": "x"}, fenced_config("t", 1), context=FIXED)
    keys = [branch.key for branch in crew.branches]
    assert len(keys) == len(set(keys)) >= 2 * 2 + 1


async def test_without_a_thread_and_a_lease_there_is_a_key_and_no_token() -> None:
    crew = Crew()
    for _ in range(2):
        await run(crew.sleeps("a", 1))
    first, second = crew.branches
    assert first.key != second.key
    assert first.token is second.token is None


async def test_a_runnable_is_handed_both() -> None:
    seen: list[dict[str, Any]] = []
    graph = compiled(Specialist("a", RunnableLambda(seen.append)), saver=InMemorySaver())
    await graph.ainvoke({"task": "x"}, fenced_config("t", 7), context=FIXED)
    assert seen[0]["token"] == 7
    assert seen[0]["key"].endswith("/a/0/1")


def test_a_branch_made_by_hand_has_a_key() -> None:
    branch = Branch("pages/3", "read", attempt=2, round=1, run="t/w")
    assert branch.key == "t/w/pages/3/1/2"
    assert branch.as_dict()["key"] == branch.key
