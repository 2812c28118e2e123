"""A user's strategy that hangs: it is not waited for without end, and its run goes on without it."""

from __future__ import annotations

import asyncio
import threading
from collections.abc import Iterator, Mapping, Sequence
from concurrent.futures import Future, wait
from contextvars import ContextVar
from typing import Any

import pytest

from langgraph_quorum.nodes.merging import limit
from langgraph_quorum.nodes.merging.grouped import by_group
from langgraph_quorum.nodes.merging.limit import LIMIT_S, limit_of
from langgraph_quorum.nodes.merging.merge import amerge, merge
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.nodes.merging.strategies import STRATEGIES, Hierarchical
from langgraph_quorum.state.errors import ConfigurationError, StrategyTimeoutError
from tests.nodes.merging.scored import results
from tests.nodes.merging.test_merger import run

BOUND_S = 30.0
"""Seconds after which a hanging thread of a failed test gives up."""


class Hanging:
    """Waits until it is let go."""

    name = "hanging"
    limit_s = 0.05

    def __init__(self) -> None:
        self.let_go = threading.Event()

    def __call__(self, results: Sequence[Scored], weights: Mapping[str, float]) -> str:
        self.let_go.wait(BOUND_S)
        return "too late"


@pytest.fixture
def hanging() -> Iterator[Hanging]:
    strategy = Hanging()
    yield strategy
    strategy.let_go.set()


@pytest.mark.parametrize("around", [lambda one: one, by_group, lambda one: Hierarchical(otherwise=one)])
def test_a_strategy_that_hangs_is_given_up_wherever_it_is_used(hanging: Hanging, around: Any) -> None:
    with pytest.raises(StrategyTimeoutError, match=r"'hanging' has made nothing within 0.05 s: make it faster, or"):
        merge(results(1, 2), around(hanging))


async def test_a_run_whose_strategy_hangs_goes_on_with_weighted_and_says_why(hanging: Hanging) -> None:
    merged = (await run(hanging))["merged"]
    assert (merged["strategy"], merged["value"]["answer"]) == ("weighted", "yes")
    assert merged["review"][0].startswith("the strategy 'hanging' failed (StrategyTimeoutError: 'hanging' has made")


@pytest.mark.looptime
async def test_an_async_strategy_that_hangs_is_cancelled() -> None:
    cancelled = []

    class Asked(Hanging):
        limit_s = 90.0

        async def amake(self, *_: Any, task: str) -> None:
            try:
                await asyncio.Event().wait()
            finally:
                cancelled.append(asyncio.get_running_loop().time())

    with pytest.raises(StrategyTimeoutError, match="within 90 s"):
        await amerge(results(1, 2), Asked())
    assert cancelled == [90.0]


def test_a_timeout_of_its_own_and_any_other_error_are_the_strategys() -> None:
    def raising(results: Sequence[Scored], weights: Mapping[str, float]) -> None:
        raise TimeoutError("the service did not answer")

    with pytest.raises(TimeoutError, match="the service did not answer"):
        merge(results(1), raising)


def test_a_strategy_sees_the_context_of_its_caller() -> None:
    tenant = ContextVar("tenant", default="nobody")
    tenant.set("acme")
    assert merge(results(1), lambda ordered, weights: tenant.get())["value"] == "acme"


def test_what_a_strategy_gives_at_the_last_moment_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    class EndsAfterTheWait(Future[Any]):
        def result(self, timeout: float | None = None) -> Any:
            if timeout is None:
                return super().result()
            wait([self])
            raise TimeoutError

    monkeypatch.setattr(limit, "Future", EndsAfterTheWait)
    assert merge(results(0.5, 0.9), lambda results, weights: 7)["value"] == 7


def test_shipped_strategies_have_no_limit_and_others_five_minutes() -> None:
    assert {limit_of(strategy) for strategy in [*STRATEGIES.values(), by_group("best")]} == {None}
    assert limit_of(lambda results, weights: 1) == LIMIT_S


@pytest.mark.parametrize("limit_s", [0, -1, float("inf"), float("nan"), "long"])
def test_a_limit_that_is_no_time_is_refused(limit_s: Any) -> None:
    strategy = Hanging()
    strategy.limit_s = limit_s
    with pytest.raises(ConfigurationError, match=r"limit_s=.*: give seconds above 0"):
        merge(results(1), strategy)
