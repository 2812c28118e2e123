"""Trying a specialist until it answers, its attempts are used up, or its error will not pass; then its fallback."""

from __future__ import annotations

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import replace
from functools import partial
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

from langgraph_quorum.nodes.branching.calling import name_calls_of, unname_calls
from langgraph_quorum.nodes.branching.effort import Effort, Persistence
from langgraph_quorum.nodes.branching.gate import Gate
from langgraph_quorum.nodes.branching.hedging import first_success
from langgraph_quorum.nodes.branching.jsonable import NotFiniteError
from langgraph_quorum.nodes.branching.loads import Load
from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.specialists.specialist import Specialist
from langgraph_quorum.state.branch import Answer, Branch
from langgraph_quorum.state.records import WorkItem

_log = logging.getLogger(__name__)

Notify = Callable[[str, Mapping[str, Any]], None]
"""Told of each attempt: an event's name and its data."""


class SpecialistExitError(Exception):
    """A specialist tried to end the process, or was cancelled from within."""


SAYS = frozenset({"timeout_s", "attempts", "hedge_s", "fallback"})
"""What a work item may say about how long its specialist is tried."""


class Attempts:
    """One branch's attempts, until there is an answer or nobody is left to ask.

    Attributes:
        seats: All specialists, by name.
        effort: Takes down what the attempts cost.
        gate: Ends those that take too long, and has them wait for cores.
        notify: Told of each.
    """

    __slots__ = ("effort", "gate", "notify", "seats")

    def __init__(self, seats: Mapping[str, Seat], effort: Effort, gate: Gate, notify: Notify) -> None:
        self.seats, self.effort, self.gate, self.notify = seats, effort, gate, notify

    async def answer(self, name: str, branch: Branch, item: WorkItem) -> Answer:
        """The specialist's answer in JSON primitives, or its fallback's when all its attempts failed.

        Raises:
            AttemptTimeoutError: the last attempt ran out of its own time.
            Exception: whatever the last attempt raised.
        """
        seat = self.seats[name]
        persistence = seat.persistence if SAYS.isdisjoint(item) else Persistence.of(seat.specialist, item)
        try:
            if seat.pace is None and persistence.hedge_s is None and not seat.cpu_bound:
                return await self.gate.deadlines.within(persistence.timeout_s, self._call(seat, branch))
            return await self._attempt(seat, branch, persistence)
        except GraphBubbleUp:
            raise
        except Exception as error:  # noqa: BLE001  it is raised again where nobody mends it
            failed = error
        return await self.after(failed, seat, branch, item, persistence)

    async def after(
        self, error: Exception, seat: Seat, branch: Branch, item: WorkItem, persistence: Persistence
    ) -> Answer:
        """What the first attempt did not give. Most branches never come here, and are spared what it costs."""
        if isinstance(error, NotFiniteError):
            return Answer(self._noted(error))
        try:
            return await self._retried(seat, branch, persistence, error)
        except GraphBubbleUp:
            raise
        except Exception as failed:
            had = [*item.get("tried", ()), seat.specialist.name]
            if persistence.fallback is None or persistence.fallback in had or asked_to_stop():
                raise
            error = failed
        return await self._by_fallback([*had, persistence.fallback], branch, item, error)

    async def _by_fallback(self, tried: list[str], branch: Branch, item: WorkItem, error: Exception) -> Answer:
        timed: WorkItem = {"timeout_s": item["timeout_s"]} if "timeout_s" in item else {}
        while True:
            seat = self.seats[tried[-1]]
            self.notify("fallback", {"error": type(error).__name__, "to": tried[-1]})
            self.effort.answered_by = tried[-1]
            try:
                return await self._persist(seat, branch, Persistence.of(seat.specialist, timed))
            except GraphBubbleUp:
                raise
            except Exception as failed:
                fallback = seat.specialist.fallback
                if fallback is None or fallback in tried or asked_to_stop():
                    raise
                error = failed
            tried.append(fallback)

    async def _persist(self, seat: Seat, branch: Branch, persistence: Persistence) -> Answer:
        try:
            return await self._attempt(seat, branch, persistence)
        except GraphBubbleUp:
            raise
        except Exception as error:  # noqa: BLE001  it is raised again where nobody mends it
            failed = error
        return await self._retried(seat, branch, persistence, failed)

    async def _attempt(self, seat: Seat, branch: Branch, persistence: Persistence) -> Answer:
        load = await self._readied(seat, branch)
        first, second = partial(self._call, seat, branch, load), partial(self._second, seat, branch, load)
        hedge_s = persistence.hedge_s
        answer = first() if hedge_s is None else first_success(first, second, hedge_s, self.effort.lose)
        return await self.gate.deadlines.within(persistence.timeout_s, answer)

    async def _second(self, seat: Seat, branch: Branch, beside: Load | None) -> Answer:
        load = await self._readied(seat, branch, beside)
        if self.effort.rest_s:  # the first one was told so meanwhile; its error is the one that is raised
            self._called(load)
            raise ConnectionError("the service wants to be left alone")
        return await self._call(seat, branch, load)

    async def _readied(self, seat: Seat, branch: Branch, beside: Load | None = None) -> Load | None:
        """Wait until the specialist may be called: for cores, then for its rate."""
        load = await self.gate.turns.call(branch.branch_id, seat.load(beside)) if seat.cpu_bound else None
        if seat.pace is None:
            return load
        try:
            await seat.pace()
        except BaseException:
            self._called(load)
            raise
        return load

    def _called(self, load: Load | None) -> None:
        if load is not None:
            self.gate.turns.call_ended(load)

    async def _call(self, seat: Seat, branch: Branch, load: Load | None = None) -> Answer:
        """One call that may begin, with an attempt to end the process or its own task as an ordinary error."""
        attempt = self.effort.start()
        self.notify("running", {"attempt": attempt})
        named = name_calls_of(branch)
        try:
            given = await seat.call(branch if attempt == 1 else replace(branch, attempt=attempt))
        except (SystemExit, asyncio.CancelledError) as error:
            own = exit_of(error)
            if own is None:
                raise
            raise own from error
        except Exception as error:
            self.effort.failed(error)
            raise
        finally:
            unname_calls(named)
            self._called(load)
        return self.kept(seat, given)

    def kept(self, seat: Seat, given: Any) -> Answer:
        """The answer in JSON primitives, its cost taken down, and noted what of it was not taken as it is.

        Raises:
            ResultError: it cannot be kept.
        """
        if isinstance(given, Answer):
            self.effort.spend(given.cost)
            return replace(given, value=self._kept(seat, given.value))
        return Answer(self._kept(seat, given))

    def _kept(self, seat: Seat, value: Any) -> Any:
        try:
            return seat.kept(value)
        except NotFiniteError as error:
            return self._noted(error)

    def _noted(self, error: NotFiniteError) -> Any:
        self.effort.note(str(error))
        return error.kept

    async def _retried(self, seat: Seat, branch: Branch, persistence: Persistence, first: Exception) -> Answer:
        """The answer of a further attempt, where there is to be one; else what the first one raised is raised."""
        if persistence.attempts == 1 or asked_to_stop() or not seat.passes(first):
            raise first
        failed: list[Exception] = [first]

        async def next_attempt() -> Answer:
            if failed:
                raise failed.pop()
            return await self._attempt(seat, branch, persistence)

        def before_sleep(state: RetryCallState) -> None:
            error = state.outcome.exception() if state.outcome is not None else None
            self.notify("retrying", {"error": type(error).__name__, "in_s": round(state.upcoming_sleep, 3)})

        retrying = AsyncRetrying(
            stop=stop_after_attempt(persistence.attempts),
            wait=_pause(seat.specialist, self.effort),
            retry=retry_if_exception(lambda error: not asked_to_stop() and seat.passes(error)),
            sleep=asyncio.sleep,
            before_sleep=before_sleep,
            reraise=True,
        )
        answered: Answer = await retrying(next_attempt)
        return answered


def _pause(specialist: Specialist, effort: Effort) -> Callable[[RetryCallState], float]:
    """Seconds before the next attempt: doubling with jitter, or as long as the service asked for, if that is longer.

    Of two calls side by side either may have been told, also the one whose error is not the one that is raised.
    """
    backoff = wait_exponential(specialist.backoff_s, specialist.backoff_max_s) + wait_random(0, specialist.backoff_s)
    return lambda state: max(backoff(state), effort.rest_s)


def exit_of(error: BaseException) -> SpecialistExitError | None:
    """An attempt to end the process or its own task, as an ordinary error; None for anything else."""
    if isinstance(error, SystemExit):
        return SpecialistExitError(f"the specialist called sys.exit({error.code!r})")
    if isinstance(error, asyncio.CancelledError) and not asked_to_stop():
        return SpecialistExitError("the specialist cancelled itself")
    return None


def asked_to_stop() -> bool:
    """Whether somebody outside has cancelled this task."""
    task = asyncio.current_task()
    return task is not None and task.cancelling() > 0
