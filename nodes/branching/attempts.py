"""Trying a specialist until it answers, its attempts are used up, or its error will not pass; then its fallback."""

from __future__ import annotations

import asyncio
import logging
import math
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
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

from langgraph_quorum.nodes.branching.calling import Caller, Pace, caller_of, pace_of
from langgraph_quorum.nodes.branching.failure import is_transient, retry_after_s
from langgraph_quorum.nodes.branching.hedging import first_success
from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.nodes.branching.metering import CpuMeter
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch

_log = logging.getLogger(__name__)

Notify = Callable[[str, Mapping[str, Any]], None]
"""Told of each attempt: an event's name and its data."""


class AttemptTimeoutError(TimeoutError):
    """A specialist gave no answer within its own time."""


class SpecialistExitError(Exception):
    """A specialist tried to end the process, or was cancelled from within."""


@dataclass(frozen=True, slots=True)
class Seat:
    """A registered specialist, ready to be called."""

    specialist: Specialist
    call: Caller
    meter: CpuMeter
    pace: Pace | None = None

    @classmethod
    def of(cls, specialist: Specialist, others: CpuMeter | None = None) -> Seat:
        """Seat a specialist; `others` is the meter that all specialists of its workflow share."""
        meter = CpuMeter(others)
        return cls(specialist, caller_of(specialist, meter), meter, pace_of(specialist))

    def cpu(self) -> float:
        """Cores that one running branch takes: as declared, else as measured so far."""
        declared = self.specialist.resources.cpu is not None
        return self.specialist.cpu * (1.0 if declared else self.meter.share)

    def passes(self, error: BaseException) -> bool:
        """Whether trying again may help."""
        if not isinstance(error, Exception) or isinstance(error, GraphBubbleUp):
            return False
        if self.specialist.retry_on is not None:
            try:
                return bool(self.specialist.retry_on(error))
            except Exception:  # noqa: BLE001  it is logged, and a branch never raises
                _log.exception("retry_on of specialist %r failed; the shipped rule decides", self.specialist.name)
        return is_transient(error)


@dataclass(slots=True)
class Effort:
    """What a branch has cost so far. Times are of the event loop's clock."""

    answered_by: str
    attempts: int = 0
    began: float | None = None
    started_at: str | None = None
    stopped: float | None = None

    def start(self) -> None:
        """Count one more attempt."""
        self.attempts += 1
        if self.began is None:
            self.began = asyncio.get_running_loop().time()
            self.started_at = datetime.now(UTC).isoformat(timespec="milliseconds")

    def stop(self) -> None:
        """Note that the answer is there."""
        self.stopped = asyncio.get_running_loop().time()

    @property
    def seconds(self) -> float:
        """From the first attempt to the answer, else to now; 0 when there was no attempt."""
        if self.began is None:
            return 0.0
        return (self.stopped if self.stopped is not None else asyncio.get_running_loop().time()) - self.began


async def answer(
    seats: Mapping[str, Seat], name: str, branch: Branch, effort: Effort, *, timeout_s: float | None, notify: Notify
) -> Any:
    """The specialist's answer in JSON primitives, or its fallback's when all its attempts failed.

    Raises:
        AttemptTimeoutError: the last attempt ran out of its own time.
        Exception: whatever the last attempt raised.
    """
    seat, tried = seats[name], {name}
    while True:
        effort.answered_by = seat.specialist.name
        try:
            return await _persist(seat, branch, effort, timeout_s or seat.specialist.timeout_s, notify)
        except GraphBubbleUp:
            raise
        except Exception as error:
            fallback = seat.specialist.fallback
            if fallback is None or fallback in tried:
                raise
            notify("fallback", {"error": type(error).__name__, "to": fallback})
            tried.add(fallback)
            seat = seats[fallback]


async def _persist(seat: Seat, branch: Branch, effort: Effort, timeout_s: float, notify: Notify) -> Any:
    specialist = seat.specialist

    def before_sleep(state: RetryCallState) -> None:
        error = state.outcome.exception() if state.outcome is not None else None
        notify("retrying", {"error": type(error).__name__, "in_s": round(state.upcoming_sleep, 3)})

    retrying = AsyncRetrying(
        stop=stop_after_attempt(int(specialist.attempts)),
        wait=_pause(specialist),
        retry=retry_if_exception(lambda error: not asked_to_stop() and seat.passes(error)),
        sleep=asyncio.sleep,
        before_sleep=before_sleep,
        reraise=True,
    )

    async def once() -> Any:
        effort.start()
        notify("running", {"attempt": effort.attempts})
        numbered = branch if effort.attempts == 1 else replace(branch, attempt=effort.attempts)
        return await _guarded(seat.call(numbered))

    async def attempt() -> Any:
        if seat.pace is not None:
            await seat.pace()
        hedge_s = specialist.hedge_s
        return jsonable(await _within(timeout_s, once() if hedge_s is None else first_success(once, hedge_s)))

    return await retrying(attempt)


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
