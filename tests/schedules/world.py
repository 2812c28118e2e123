"""The outside of a run: specialists that follow their script, a scorer, and a human who answers."""

from __future__ import annotations

import asyncio
import math
from collections import Counter
from email.utils import format_datetime
from functools import partial
from typing import Any

from langgraph.errors import GraphInterrupt
from langgraph.types import Interrupt

from langgraph_quorum.nodes.branching.crew import Crew
from langgraph_quorum.nodes.branching.seat import Seat
from langgraph_quorum.nodes.planning.checks import Terms
from langgraph_quorum.nodes.planning.routing import created
from langgraph_quorum.nodes.scoring.scorer import scored_by
from langgraph_quorum.state.branch import Answer, Branch
from tests.schedules.clock import VirtualLoop
from tests.schedules.journal import Call, Journal
from tests.schedules.scenario import CONDITIONS, Act, Scenario, specialist_of
from tests.schedules.wall import moment

TICK_S = 1e-9


class RefusedError(Exception):
    """An error that stays."""


class RestingError(Exception):
    """An error of a service that says when it wants to be asked again: at `until`, by the loop's clock."""

    def __init__(self, act: Act, now: float) -> None:
        super().__init__("later")
        self.status_code = 429 if act.kind == "transient" else 403
        self.until = math.floor(now + act.rest_s) if act.dated else now + act.rest_s
        said = format_datetime(moment(self.until), usegmt=True) if act.dated else f"{act.rest_s:g}"
        self.headers = {"Retry-After": said}


class World:
    """Outlives every process of the run: counts calls, and remembers what a human has said."""

    def __init__(self, scenario: Scenario, journal: Journal) -> None:
        self.scenario, self.journal = scenario, journal
        self.calls: Counter[str] = Counter()
        self.asked: set[str] = set()
        self.answered: set[str] = set()
        self.loop: VirtualLoop
        self.terms: Terms
        self.dead = False

    def crew(self) -> Crew:
        """Specialists as a new process makes them."""
        specialists = {
            name: specialist_of(one, self._run(name), partial(self._join, name))
            for one in self.scenario.specialists
            for name in [one["name"]]
        }
        self.terms = Terms(specialists, self.scenario.points, CONDITIONS, self.scenario.resources)
        return Crew(
            seats={name: Seat.of(one) for name, one in specialists.items()},
            points=self.scenario.points,
            score=scored_by(self._score),
            conditions=CONDITIONS,
            resources=self.scenario.resources,
            created=lambda parent, asked: created(parent, asked, self.terms),
        )

    def _run(self, name: str) -> Any:
        async def run(branch: Branch) -> Any:
            return await self._call(name, branch)

        return run

    async def _call(self, name: str, branch: Branch) -> Any:
        number = self.calls[branch.branch_id]
        self.calls[branch.branch_id] += 1
        act = self.scenario.act(branch.branch_id, number)
        call = Call(number, name, branch.attempt, branch.inputs, act.cost)
        self._note("start", branch.branch_id, call)
        try:
            stopped = await self._act(act, branch, call)
        except BaseException as error:
            until = error.until if isinstance(error, RestingError) else 0.0
            self._note("end", branch.branch_id, call._replace(result=type(error).__name__, rests_until=until))
            raise
        value = {"by": branch.branch_id, "call": number}
        if act.kind in {"unkeepable", "quits"}:
            self._note("end", branch.branch_id, call._replace(result=act.kind))
            return object() if act.kind == "unkeepable" else value
        self._note("answer", branch.branch_id, call._replace(result=value, stopped=stopped))
        return value if act.cost is None and not act.grows else Answer(value, cost=act.cost, work=act.grows)

    def _join(self, name: str, pieces: list[Any]) -> Any:
        """One result of those of the pieces: it counts as a call, too."""
        branch_id = pieces[0]["by"].rpartition("/")[0]
        call = Call(self.calls[branch_id], name, 1, {piece["by"]: piece for piece in pieces}, joins=True)
        self.calls[branch_id] += 1
        self._note("start", branch_id, call)
        value = {"by": branch_id, "call": call.number, "pieces": list(call.inputs)}
        self._note("answer", branch_id, call._replace(result=value))
        return value

    def _note(self, kind: str, branch_id: str, call: Call) -> None:
        self.journal.note(self.loop.time(), kind, branch_id, call)

    async def _act(self, act: Act, branch: Branch, call: Call) -> bool:
        """Says whether it was cancelled meanwhile."""
        match act.kind:
            case "instant":
                pass
            case "busy":
                self.loop.advance(act.seconds)
            case "quits":
                await self._quit(act)
            case "asks":
                await self._pause(act)
                self._ask(branch.branch_id)
            case "stubborn" | "swallow" | "bitter" | "hang":
                return await self._unruly(act, branch, call)
            case "exits":
                await self._pause(act)
                raise SystemExit(3)
            case _:
                await self._pause(act)
                if act.rest_s and act.kind != "answer":
                    raise RestingError(act, self.loop.time())
                if act.kind == "transient":
                    raise ConnectionError("try later")
                if act.kind == "permanent":
                    raise RefusedError("never")
        return False

    async def _pause(self, act: Act) -> None:
        for _ in range(act.breaths):
            await asyncio.sleep(0)
        if act.seconds:
            await asyncio.sleep(act.seconds)

    async def _unruly(self, act: Act, branch: Branch, call: Call) -> bool:
        try:
            if act.kind == "hang":
                await self.loop.create_future()
            await asyncio.sleep(act.seconds)
        except asyncio.CancelledError:
            if act.kind == "bitter":
                raise RuntimeError("how dare you") from None
            if act.kind != "hang":
                self._note("refuse", branch.branch_id, call)
                await self._refuse(act.refuses_s)
            if act.kind != "swallow" or self.dead:
                raise
            return True
        return False

    async def _refuse(self, seconds: float) -> None:
        until = self.loop.time() + seconds
        while until - self.loop.time() > TICK_S and not self.dead:
            try:
                await asyncio.sleep(until - self.loop.time())
            except asyncio.CancelledError:
                continue

    async def _quit(self, act: Act) -> None:
        task = asyncio.current_task()
        assert task is not None
        if act.breaths == 2:
            raise asyncio.CancelledError
        task.cancel()
        if act.breaths:
            await asyncio.sleep(0)

    def _ask(self, branch_id: str) -> None:
        if branch_id in self.answered:
            return
        if not self.dead:
            self.asked.add(branch_id)
        self.journal.note(self.loop.time(), "ask", branch_id)
        raise GraphInterrupt((Interrupt(value=f"may {branch_id}?", id=branch_id),))

    async def _score(self, branch: Branch, result: Any) -> float:
        act = self.scenario.act(branch.branch_id, result["call"])
        if act.scoring_s:
            await asyncio.sleep(act.scoring_s)
        if act.score is None or act.score < 0:
            raise LookupError("cannot tell")
        return act.score
