"""Trying a specialist until it answers, its attempts are used up, or its error will not pass; then its fallback."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

from langgraph.errors import GraphBubbleUp
from tenacity import (
    AsyncRetrying,
    RetryCallState,
    retry_if_exception,
    stop_after_attempt,
    wait_exponential,
    wait_random,
)

from langgraph_quorum.nodes.branching.effort import Effort, Persistence
from langgraph_quorum.nodes.branching.failure import retry_after_s
from langgraph_quorum.nodes.branching.hedging import first_success
from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Answer, Branch
from langgraph_quorum.state.records import WorkItem

_log = logging.getLogger(__name__)

Notify = Callable[[str, Mapping[str, Any]], None]
"""Told of each attempt: an event's name and its data."""


class AttemptTimeoutError(TimeoutError):
    """A specialist gave no answer within its own time."""


class SpecialistExitError(Exception):
    """A specialist tried to end the process, or was cancelled from within."""


async def answer(
    seats: Mapping[str, Seat], name: str, branch: Branch, effort: Effort, *, item: WorkItem, notify: Notify
) -> Answer:
    """The specialist's answer in JSON primitives, or its fallback's when all its attempts failed.

    Raises:
        AttemptTimeoutError: the last attempt ran out of its own time.
        Exception: whatever the last attempt raised.
    """
    seat, tried = seats[name], {name}
    persistence = Persistence.of(seat.specialist, item)
    timed: WorkItem = {"timeout_s": item["timeout_s"]} if "timeout_s" in item else {}
    while True:
        effort.answered_by = seat.specialist.name
        try:
            return await _persist(seat, branch, effort, persistence, notify)
        except GraphBubbleUp:
            raise
        except Exception as error:
            fallback = persistence.fallback
            if fallback is None or fallback in tried:
                raise
            notify("fallback", {"error": type(error).__name__, "to": fallback})
            tried.add(fallback)
            seat = seats[fallback]
            persistence = Persistence.of(seat.specialist, timed)


async def _persist(seat: Seat, branch: Branch, effort: Effort, persistence: Persistence, notify: Notify) -> Answer:
    async def once() -> Answer:
        effort.start()
        notify("running", {"attempt": effort.attempts})
        numbered = branch if effort.attempts == 1 else replace(branch, attempt=effort.attempts)
        given = await _guarded(seat.call(numbered))
        if not isinstance(given, Answer):
            return Answer(seat.kept(given))
        effort.spend(given.cost)
        return replace(given, value=seat.kept(given.value))

    async def attempt() -> Answer:
        if seat.pace is not None:
            await seat.pace()
        hedge_s = persistence.hedge_s
        call = once() if hedge_s is None else first_success(once, hedge_s)
        answered: Answer = await _within(persistence.timeout_s, call)
        return answered

    try:
        return await attempt()
    except Exception as error:
        if persistence.attempts == 1 or asked_to_stop() or not seat.passes(error):
            raise
        return await _again(attempt, error, seat, persistence.attempts, notify)


async def _again(
    attempt: Callable[[], Awaitable[Answer]], first: Exception, seat: Seat, attempts: int, notify: Notify
) -> Answer:
    """Try on after the first attempt has failed. Most branches never come here, and are spared what it costs."""
    failed: list[Exception] = [first]

    async def next_attempt() -> Answer:
        if failed:
            raise failed.pop()
        return await attempt()

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        notify("retrying", {"error": type(error).__name__, "in_s": round(state.upcoming_sleep, 3)})

    retrying = AsyncRetrying(
        stop=stop_after_attempt(attempts),
        wait=_pause(seat.specialist),
        retry=retry_if_exception(lambda error: not asked_to_stop() and seat.passes(error)),
        sleep=asyncio.sleep,
        before_sleep=before_sleep,
        reraise=True,
    )
    answered: Answer = await retrying(next_attempt)
    return answered


def _pause(specialist: Specialist) -> Callable[[RetryCallState], float]:
    """Seconds before the next attempt: doubling with jitter, or as long as the service asked for, if that is longer."""
    backoff = wait_exponential(specialist.backoff_s, specialist.backoff_max_s) + wait_random(0, specialist.backoff_s)

    def pause(state: RetryCallState) -> float:
        error = state.outcome.exception() if state.outcome is not None else None
        asked_for = retry_after_s(error, datetime.now(UTC)) if error is not None else None
        return max(backoff(state), asked_for or 0.0)

    return pause


def asked_to_stop() -> bool:
    """Whether somebody outside has cancelled this task."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0


async def _guarded(call: Awaitable[Any]) -> Any:
    """The call, with an attempt to end the process or its own task as an ordinary error."""
    try:
        return await call
    except SystemExit as error:
        raise SpecialistExitError(f"the specialist called sys.exit({error.code!r})") from error
    except asyncio.CancelledError:
        if asked_to_stop():
            raise
        raise SpecialistExitError("the specialist cancelled itself") from None


async def _within(timeout_s: float, call: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(timeout_s if math.isfinite(timeout_s) else None) as scope:
            return await call
    except TimeoutError as error:
        if scope.expired():
            raise AttemptTimeoutError(f"no answer within {timeout_s:g} s") from error
        raise
