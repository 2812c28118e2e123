"""One call of one specialist, whatever it is made of."""

from __future__ import annotations

import asyncio
import inspect
from collections.abc import Awaitable, Callable
from contextvars import Token
from typing import Any
from weakref import WeakKeyDictionary

from aiolimiter import AsyncLimiter
from langchain_core.runnables import Runnable
from langchain_core.runnables.config import var_child_runnable_config

from langgraph_quorum.nodes.branching.metering import CpuMeter
from langgraph_quorum.nodes.branching.thread_pool import ThreadPool
from langgraph_quorum.nodes.branching.threads import shared_pool
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch

Caller = Callable[[Branch], Awaitable[Any]]
Pace = Callable[[], Awaitable[None]]
"""Waits until the next call may start."""

BRANCH = "quorum_branch"
"""Under this key of the metadata, whoever hears of a model's tokens or of a trace finds the id of the branch."""


def caller_of(specialist: Specialist, meter: CpuMeter, pool: ThreadPool = shared_pool) -> Caller:
    """An async function of one branch that calls the specialist; a sync one in a thread of the pool, metered there."""
    run = specialist.run
    if isinstance(run, Runnable):
        prepare = specialist.prepare or runnable_input

        async def invoke(branch: Branch) -> Any:
            return await run.ainvoke(prepare(branch))

        return invoke
    if specialist.is_sync:

        async def threaded(branch: Branch) -> Any:
            answer = await pool.run(lambda: run(branch), name=branch.branch_id, meter=meter)
            # A plain function may still return a coroutine: a lambda or a decorator around an async function does.
            return await answer if inspect.isawaitable(answer) else answer

        return threaded

    return run


def name_calls_of(branch: Branch) -> Token[Any] | None:
    """From here on, models and traces hear whose call it is; what is given back is for `unname_calls`."""
    config = var_child_runnable_config.get()
    if config is None:
        return None
    metadata = {**config.get("metadata", {}), BRANCH: branch.branch_id}
    return var_child_runnable_config.set({**config, "metadata": metadata})


def unname_calls(named: Token[Any] | None) -> None:
    """As it was before."""
    if named is not None:
        var_child_runnable_config.reset(named)


def runnable_input(branch: Branch) -> dict[str, Any]:
    """What a runnable is invoked with: the branch's fields, and the task as a message for agents."""
    return {**branch.as_dict(), "messages": [("user", branch.prompt)]}


def pace_of(specialist: Specialist) -> Pace | None:
    """What keeps a specialist's calls within its rate limit, None when it has no limit."""
    if specialist.rate_limit is None:
        return None
    limit = _LoopLimiter(specialist.rate_limit)

    async def pace() -> None:
        await limit.here().acquire()

    return pace


class _LoopLimiter:
    """One limiter for each event loop: aiolimiter's must not be shared between loops."""

    def __init__(self, per_second: float) -> None:
        self._per_second = per_second
        self._limiters: WeakKeyDictionary[asyncio.AbstractEventLoop, AsyncLimiter] = WeakKeyDictionary()

    def here(self) -> AsyncLimiter:
        loop = asyncio.get_running_loop()
        if loop not in self._limiters:
            # A burst of one keeps starts evenly apart whatever the rate.
            self._limiters[loop] = AsyncLimiter(1, 1 / self._per_second)
        return self._limiters[loop]
