"""A run may name the strategy that merges it; from the step before the merger on, it may name another one."""

from __future__ import annotations

from typing import Any, get_args

import pytest
from langgraph.checkpoint.memory import InMemorySaver

from langgraph_quorum import Branch, QuorumContext, Specialist, build_workflow
from langgraph_quorum.nodes.merging.strategies import STRATEGIES
from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.form import MergeName

THREAD: Any = {"configurable": {"thread_id": "1"}}
ANSWERS = {"a": "ready", "b": "ready", "c": "not ready"}


async def answer(branch: Branch) -> dict[str, Any]:
    return {"verdict": ANSWERS[branch.branch_id], "confidence": 0.9}


def workflow() -> Any:
    return build_workflow([Specialist(name, answer) for name in ANSWERS], merge="merge_all").compile(InMemorySaver())


def test_the_form_offers_every_strategy_that_goes_by_its_name() -> None:
    assert set(get_args(MergeName)) == set(STRATEGIES)


async def test_a_run_is_merged_by_the_strategy_that_its_context_names() -> None:
    out = await workflow().ainvoke({"task": "x"}, THREAD, context={"merge": "consensus"})
    assert out["result"]["verdict"] == "ready"
    (merged,) = [line for line in out["timeline"] if line["event"] == "merged"]
    assert merged["why"].startswith("consensus: quality")


async def test_without_a_name_the_workflows_own_strategy_merges() -> None:
    out = await workflow().ainvoke({"task": "x"}, THREAD, context={})
    assert set(out["result"]) == {"a", "b", "c"}


async def test_from_before_the_merger_a_run_is_merged_again_by_another_strategy() -> None:
    graph = workflow()
    first = await graph.ainvoke({"task": "x"}, THREAD)
    (before,) = [one async for one in graph.aget_state_history(THREAD) if one.next == ("merger",)]
    second = await graph.ainvoke(None, before.config, context=QuorumContext(merge="consensus"))
    assert (first["status"], second["status"]) == ("approved", "approved")
    assert second["result"]["verdict"] == "ready"
    assert second["branches"] == first["branches"]  # nothing was done again


async def test_a_strategy_that_there_is_not_is_refused_before_anything_runs() -> None:
    with pytest.raises(ConfigurationError, match=r"context\.merge='median': give one of merge_all, best"):
        await workflow().ainvoke({"task": "x"}, THREAD, context={"merge": "median"})
