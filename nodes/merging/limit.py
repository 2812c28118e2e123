"""How long a user's strategy is waited for."""

from __future__ import annotations

import asyncio
import math
import threading
from collections.abc import Mapping, Sequence
from concurrent.futures import Future
from contextvars import copy_context
from typing import Any

from langgraph_quorum.nodes.merging.made import Strategy
from langgraph_quorum.nodes.merging.scored import Scored
from langgraph_quorum.state.bounds import require
from langgraph_quorum.state.errors import ConfigurationError, StrategyTimeoutError

LIMIT_S = 300.0
"""For a strategy that does not say."""

_SHIPPED = __name__.partition(".")[0] + "."


def limit_of(strategy: Any) -> float | None:
    """Seconds that the strategy has, by its attribute `limit_s`; None for a shipped one, which ends by itself.

    Raises:
        ConfigurationError: for a `limit_s` that is no time.
    """
    if str(getattr(strategy, "__module__", "")).startswith(_SHIPPED):
        return None
    limit_s: float = getattr(strategy, "limit_s", LIMIT_S)
    require(ConfigurationError, "limit_s", limit_s, lambda x: 0 < x < math.inf, "give seconds above 0")
    return limit_s


def called(strategy: Strategy, results: Sequence[Scored], weights: Mapping[str, float]) -> Any:
    """What the strategy returns. One that may hang is called in a daemon thread, which is left to itself when late.

    Raises:
        StrategyTimeoutError: the strategy has not ended within its limit.
        Exception: what it raised.
    """
    limit_s = limit_of(strategy)
    if limit_s is None:
        return strategy(results, weights)
    ended: Future[Any] = Future()

    def call() -> None:
        try:
            ended.set_result(strategy(results, weights))
        except BaseException as error:  # noqa: BLE001  raised again by who waits
            ended.set_exception(error)

    threading.Thread(target=copy_context().run, args=(call,), daemon=True, name="quorum-strategy").start()
    try:
        return ended.result(min(limit_s, threading.TIMEOUT_MAX))
    except TimeoutError:
        if ended.done():  # at the last moment, or with a TimeoutError of its own
            return ended.result()
        raise StrategyTimeoutError(_name_of(strategy), limit_s) from None


async def awaited(strategy: Any, results: Sequence[Scored], weights: Mapping[str, float], task: str) -> Any:
    """What the strategy's `amake` returns. One that is late is cancelled.

    Raises:
        StrategyTimeoutError: it has not ended within its limit.
        Exception: what it raised.
    """
    limit_s = limit_of(strategy)
    try:
        async with asyncio.timeout(limit_s) as clock:
            return await strategy.amake(results, weights, task=task)
    except TimeoutError:
        if limit_s is None or not clock.expired():
            raise
        raise StrategyTimeoutError(_name_of(strategy), limit_s) from None


def _name_of(strategy: Any) -> str:
    return str(getattr(strategy, "name", "") or getattr(strategy, "__name__", "") or type(strategy).__name__)
