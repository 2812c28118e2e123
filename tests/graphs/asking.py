"""Specialists that ask, and runs that are asked and answered."""

from __future__ import annotations

import asyncio
from typing import Any

from langgraph.checkpoint.memory import InMemorySaver
from langgraph.types import Command, interrupt

from langgraph_quorum import Branch, Specialist, SyncPolicy
from langgraph_quorum.nodes.branching.rendezvous import open_meetings
from tests.graphs.running import FIXED, Crew, compiled, thread

PARK = SyncPolicy(threshold=1.0, deadline_s=100, on_question="park")
ONCE: dict[str, Any] = {"attempts": 1}


class Asking(Crew):
    """Specialists of which some ask a human."""

    def asks(
        self, name: str, error: Exception | None = None, seconds_after: float = 0.0, **settings: Any
    ) -> Specialist:
        """Asks, then answers what it was told, at once or later; with an error, raises that after the first answer."""

        async def run(branch: Branch) -> dict[str, Any]:
            answer = interrupt({"question": f"may {branch.branch_id}?"})
            self._note(branch)
            if error is not None and self.calls[branch.branch_id] == 1:
                raise error
            await asyncio.sleep(seconds_after)
            return {"by": name, "answer": answer}

        return Specialist(name, run, **settings)


class Dialogue:
    """A run that is asked and answered, each time by a new graph object."""

    def __init__(self, *specialists: Specialist, **settings: Any) -> None:
        self._specialists, self._settings, self._saver = specialists, settings, InMemorySaver()

    async def begin(self, work: Any = None) -> dict[str, Any]:
        given = {"task": "x"} if work is None else {"task": "x", "work": work}
        return await self._go(given)

    async def answer(self, answers: Any) -> dict[str, Any]:
        return await self._go(Command(resume=answers))

    def _make(self) -> Any:
        return compiled(*self._specialists, saver=self._saver, **self._settings)

    async def values(self) -> dict[str, Any]:
        values: dict[str, Any] = (await self._make().aget_state(thread())).values
        return values

    async def _go(self, given: Any) -> dict[str, Any]:
        result: dict[str, Any] = await self._make().ainvoke(given, thread(), context=FIXED)
        assert open_meetings() == 0
        return result


def questions(result: dict[str, Any]) -> dict[str, str]:
    """Ids of the open questions, by branch."""
    asked = {question.value["question"]: question.id for question in result.get("__interrupt__", [])}
    return {question.removeprefix("may ").removesuffix("?"): name for question, name in asked.items()}
