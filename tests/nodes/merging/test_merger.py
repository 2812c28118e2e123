"""The merger of a workflow: a strategy that fails costs its value and not the run."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from typing import Any

import pytest

from langgraph_quorum.graphs.workflow import build_workflow
from langgraph_quorum.nodes.merging.combine import Combiner
from langgraph_quorum.nodes.merging.made import Made, Strategy
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import Consensus, Hierarchical, Resolve, strategy_named
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from langgraph_quorum.state.errors import ConfigurationError


async def yes(branch: Branch) -> dict[str, Any]:
    return {"answer": "yes", "confidence": 0.9}


async def no(branch: Branch) -> dict[str, Any]:
    return {"answer": "no", "confidence": 0.6}


CREW = [Specialist("one", yes, type="law"), Specialist("two", yes), Specialist("three", no)]


async def run(merge: Any) -> dict[str, Any]:
    states = build_workflow(CREW, merge=merge).compile().astream({"task": "Is it so?"}, stream_mode="values")
    return [dict(state) async for state in states][-1]


def raising(results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
    raise ZeroDivisionError("no denominator")


def not_a_number(results: Sequence[Scored], weights: Mapping[str, float]) -> float:
    return math.nan


@pytest.mark.parametrize(
    ("strategy", "error"),
    [
        (raising, "the strategy 'raising' failed (ZeroDivisionError: no denominator), 'weighted' took its place"),
        (
            not_a_number,
            "the strategy 'not_a_number' failed (ResultError: merged is nan: return a number, or None where",
        ),
    ],
)
async def test_where_a_strategy_fails_weighted_takes_its_place_and_says_why(strategy: Strategy, error: str) -> None:
    state = await run(strategy)
    merged = state["merged"]
    assert (merged["strategy"], merged["value"]["answer"]) == ("weighted", "yes")
    assert merged["review"][0].startswith(error)
    assert merged["metadata"]["fallback"]["strategy"] == strategy_named(strategy)[0]
    (line,) = [line for line in state["timeline"] if line["node"] == "merger"]
    assert line["why"].startswith(error)


def failing(*_: Any) -> None:
    raise OverflowError("too large")


async def test_where_weighted_fails_as_well_every_result_is_kept_by_its_branch(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(Combiner, "combined", failing)
    state = await run("weighted")
    assert set(state["merged"]["value"]) == {"one", "two", "three"}
    why = "the strategy 'weighted' failed (OverflowError: too large), 'merge_all' took its place"
    assert state["merged"]["metadata"]["fallback"] == {"strategy": "weighted", "why": why}
    assert state["merged"]["review"][0] == why
    why = f"the strategy 'raising' failed (ZeroDivisionError: no denominator) and {why}"
    assert (await run(raising))["merged"]["metadata"]["fallback"] == {"strategy": "raising", "why": why}


async def test_where_nothing_can_merge_them_the_run_fails_with_the_reason_and_keeps_its_results(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    monkeypatch.setattr("langgraph_quorum.nodes.merging.merge.attributions", failing)
    state = await run("best")
    assert (state["status"], state["merged"]["status"], state["merged"]["value"]) == ("failed", "no data", None)
    assert "'merge_all' failed (OverflowError: too large): nothing is merged" in state["error"]["message"]
    assert state["branches"]["one"]["result"] == {"answer": "yes", "confidence": 0.9}


async def test_numbers_near_the_largest_do_not_end_a_run() -> None:
    crew = [
        Specialist(name, value_of(size), type="t") for name, size in (("a", 1e308), ("b", 1.7e308), ("c", -1.7e308))
    ]
    out = await build_workflow(crew).compile().ainvoke({"task": "How much?"})
    assert out["status"] == "partial"  # they do not agree
    assert -1.7e308 < out["result"]["p"] < 1.7e308


def value_of(size: float) -> Any:
    async def work(branch: Branch) -> dict[str, Any]:
        return {"p": size, "confidence": 0.9}

    return work


@pytest.mark.parametrize(
    ("strategy", "name", "answer"),
    [
        ("consensus", "consensus", "yes"),
        (Consensus("majority", agreement=0.9), "consensus", "yes"),
        (Resolve("human"), "resolve", None),
        (Hierarchical({"law": "best"}), "hierarchical", "yes"),
    ],
)
async def test_a_workflow_takes_strategies_by_name_or_tuned(strategy: Any, name: str, answer: str | None) -> None:
    merged = (await run(strategy))["merged"]
    assert (merged["strategy"], merged["value"]["answer"]) == (name, answer)


async def test_a_workflow_gathers_patterns_across_its_results() -> None:
    rows = (await run("patterns"))["merged"]["value"]["recurring"]
    assert ("answer", "yes", 2) in [(row["field"], row["item"], row["count"]) for row in rows]


async def test_an_async_strategy_is_awaited_and_told_the_task() -> None:
    class Asked:
        name = "asked"

        def __call__(self, results: Sequence[Scored], weights: Mapping[str, float]) -> Made:
            raise AssertionError("the async way is there")

        async def amake(self, results: Sequence[Scored], weights: Mapping[str, float], *, task: str) -> Made:
            return Made(f"{task} {len(results)}")

    merged = (await run(Asked()))["merged"]
    assert (merged["strategy"], merged["value"], merged["review"]) == ("asked", "Is it so? 3", [])


def test_an_unknown_strategy_is_refused_when_the_workflow_is_built() -> None:
    with pytest.raises(ConfigurationError, match="merge='consensos': did you mean 'consensus'"):
        build_workflow(CREW, merge="consensos")  # type: ignore[arg-type]
