"""Specialists that do what their branch's payload says, write it down, and end only when they may.

A test that kills *between two branches* must not race against the second. So a process is told which branches may end
in it; the others go on for ever, as slow work would, until the process is killed.
"""

from __future__ import annotations

import asyncio
from collections.abc import Collection, Sequence
from typing import Any

from langgraph.types import interrupt

from langgraph_quorum import Answer, Branch, Specialist
from tests.crashes.ledger import Ledger, key_of

ENDLESS_S = 3600.0
REST_S = 1


class BusyError(Exception):
    """A service that wants to be left alone for a while."""

    status_code, headers = 429, {"Retry-After": f"{REST_S}"}


class Crew:
    """Makes the specialists of one process.

    Payloads say: `seconds` of work and the `confidence` of its result, by round, the last one stays; `slow` and
    `failing`, the attempts that never answer or raise; `resting`, the rounds in which the service is busy and says so;
    `asks`, a question to a human; `grows`, work items that the result asks for.
    """

    def __init__(self, ledger: Ledger, lets: Collection[str] | None = None) -> None:
        self._ledger, self._lets = ledger, lets

    def worker(self, name: str, **settings: Any) -> Specialist:
        """A specialist that does as it is told."""

        async def work(branch: Branch) -> Answer:
            key = key_of(branch.branch_id, branch.round)
            self._ledger.note("start", key, branch.attempt)
            try:
                answer = await self._done(key, branch)
            except asyncio.CancelledError:
                self._ledger.note("stopped", key, branch.attempt)
                raise
            except Exception:  # a question, too
                self._ledger.note("fail", key, branch.attempt)
                raise
            self._ledger.note("end", key, branch.attempt)
            return answer

        return Specialist(name, work, **{"backoff_s": 0.01, **settings})

    def broken(self, name: str, **settings: Any) -> Specialist:
        """A specialist that never answers anybody."""

        async def work(branch: Branch) -> None:
            key = key_of(branch.branch_id, branch.round)
            self._ledger.note("start", key, branch.attempt)
            self._ledger.note("fail", key, branch.attempt)
            raise ConnectionError("nobody there")

        return Specialist(name, work, backoff_s=0.01, **settings)

    async def _done(self, key: str, branch: Branch) -> Answer:
        told = branch.payload
        said = None
        if "asks" in told:
            said = interrupt(told["asks"])
            self._ledger.note("told", key, branch.attempt)
        slow = branch.attempt in told.get("slow", ())
        await asyncio.sleep(ENDLESS_S if slow else _by_round(told.get("seconds", [0.02]), branch))
        if branch.attempt in told.get("failing", ()):
            raise ConnectionError("try again")
        if branch.round in told.get("resting", ()):
            raise BusyError
        if self._lets is not None and key not in self._lets:
            await asyncio.sleep(ENDLESS_S)
        confidence = _by_round(told.get("confidence", [0.9]), branch)
        value = {"by": branch.branch_id, "inputs": branch.inputs, "said": said, "confidence": confidence}
        return Answer(value, work=told.get("grows", ()))


def _by_round(figures: Sequence[float], branch: Branch) -> float:
    return figures[min(branch.round, len(figures) - 1)]
