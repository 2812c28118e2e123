"""Trying a specialist until it answers, its attempts are used up, or its error will not pass; then its fallback."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime
from typing import Any

from langgraph.errors import GraphBubbleUp
from langgraph_quorum.nodes.branching.calling import Caller, caller_of
from langgraph_quorum.nodes.branching.failure import is_transient
from langgraph_quorum.nodes.branching.jsonable import jsonable
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Branch
from tenacity import AsyncRetrying, RetryCallState, retry_if_exception, stop_after_attempt, wait_exponential, wait_random

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

    @classmethod
    def of(cls, specialist: Specialist) -> Seat:
        """Seat a specialist."""
        return cls(specialist, caller_of(specialist))

    def passes(self, error: BaseException) -> bool:
        """Whether trying again may help."""
        if isinstance(error, (GraphBubbleUp, asyncio.CancelledError)):
            return False
        return (self.specialist.retry_on or is_transient)(error)


@dataclass(slots=True)
class Effort:
    """What a branch has cost so far. Times are of the event loop's clock."""

    answered_by: str
    attempts: int = 0
    began: float | None = None
    started_at: str | None = None

    def start(self) -> None:
        """Count one more attempt."""
        self.attempts += 1
        if self.began is None:
            self.began = asyncio.get_running_loop().time()
            self.started_at = datetime.now(UTC).isoformat(timespec="milliseconds")

    @property
    def seconds(self) -> float:
        """Since the first attempt; 0 when there was none."""
        return 0.0 if self.began is None else asyncio.get_running_loop().time() - self.began


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
        wait=wait_exponential(specialist.backoff_s, specialist.backoff_max_s) + wait_random(0, specialist.backoff_s),
        retry=retry_if_exception(seat.passes),
        sleep=asyncio.sleep,
        before_sleep=before_sleep,
        reraise=True,
    )

    async def once() -> Any:
        effort.start()
        notify("running", {"attempt": effort.attempts})
        numbered = replace(branch, attempt=effort.attempts)
        return jsonable(await _within(timeout_s, seat.call(numbered)))

    return await retrying(once)


async def _within(timeout_s: float, call: Awaitable[Any]) -> Any:
    try:
        async with asyncio.timeout(timeout_s) as scope:
            try:
                return await call
            except SystemExit as error:
                raise SpecialistExitError(f"the specialist called sys.exit({error.code!r})") from error
            except asyncio.CancelledError:
                task = asyncio.current_task()
                if task is not None and task.cancelling() > 0:  # somebody outside asked it to stop
                    raise
                raise SpecialistExitError("the specialist cancelled itself") from None
    except TimeoutError as error:
        if scope.expired():
            raise AttemptTimeoutError(f"no answer within {timeout_s:g} s") from error
        raise
