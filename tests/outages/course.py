"""Drives runs while something befalls the way to the database or the database itself, and judges what came of them."""

from __future__ import annotations

import asyncio
import os
import threading
import time
from collections import Counter
from collections.abc import AsyncIterator, Awaitable, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg

from langgraph_quorum import Orchestrator
from langgraph_quorum.orchestration.persistence.migrations import migrate
from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.state.errors import DatabaseError, LeaseLostError
from tests.crashes.child import taken_up
from tests.crashes.crew import Crew
from tests.crashes.joining import item, workers
from tests.crashes.judging import done_again, told
from tests.crashes.kept import Kept
from tests.crashes.killing import Killed, Story
from tests.crashes.ledger import read
from tests.crashes.scenario import Scenario
from tests.drivers.chain import linear_chain
from tests.outages.mishaps import DRIVERS
from tests.storm.interception import Fate, Ledgers, ledger_of

WITHIN_S = 90.0
GONE_WITHIN_S = 10.0
LASTING = ("asyncio_", "quorum-encoding", "quorum-idle")
"""Threads that end with the event loop or with a saver, which a loop holds in timers it has cancelled; and those that
wait for a call of a specialist's, which end by themselves after ten seconds: to wait for them as long were a draw."""
STEADY = Scenario("steady", workers, [item(f"b{n}", seconds=[0.04 * n]) for n in range(12)], ())
"""A branch ends every 40 ms, for half a second."""
CROWD = Scenario("crowd", workers, [item(f"b{n}", seconds=[0.002 * n]) for n in range(50)], ())

_CALM: dict[str, dict[str, Any]] = {}

Befalls = Callable[[], Awaitable[None]]
Error = DatabaseError | LeaseLostError


@dataclass(frozen=True)
class Course:
    """Some runs, side by side.

    Attributes:
        straight: The database itself, for the judge.
        folder: For the ledgers.
        runs: How many.
        scene: What they do.
        max_size: Connections of the driver at most.
    """

    straight: str
    folder: Path
    runs: int = 2
    scene: Scenario = STEADY
    max_size: int = 10

    @property
    def threads(self) -> list[str]:
        return [f"run-{number}" for number in range(self.runs)]

    async def survived(self, dsn: str, befalls: Befalls, *, after: int = 10) -> list[Error]:
        """Drive the runs over `dsn`, let it befall them after so many lines of their ledgers, and judge them.

        A run that fails is taken up afterwards. `befalls` returns when all is well again.

        Returns:
            The errors of runs that failed at first.

        Raises:
            AssertionError: Naming what is wrong.
            TimeoutError: They neither ended nor failed in time.
        """
        before = Left.now(self.straight)
        fate = Fate(None)
        async with asyncio.timeout(WITHIN_S):
            ends = await self._driven(dsn, fate, self._after(after, fate, befalls))
            errors = self._errors(ends)
            await before.again(self.straight)
            stopped = {thread: self._stands(thread) for thread in self.threads}
            if errors:
                ends = await self._driven(self.straight, fate)
                await before.again(self.straight)
            calm = await self._calm()
        for thread, outcome in zip(self.threads, ends, strict=True):
            assert isinstance(outcome, dict), f"{thread} could not be taken up: {outcome!r}"
            assert told(outcome) == calm, thread
            self._judge(thread, stopped[thread], in_one_go=not errors)
        return errors

    async def _driven(self, dsn: str, fate: Fate, meanwhile: Awaitable[None] | None = None) -> list[Any]:
        """Outcomes and errors."""
        async with self._orchestrator(dsn, fate) as quorum:
            ends = asyncio.gather(*(self._end(quorum, one) for one in self.threads), return_exceptions=True)
            if meanwhile is not None:
                await meanwhile
            return await ends

    async def _after(self, lines: int, fate: Fate, befalls: Befalls) -> None:
        while fate.counts["line"] < lines:  # noqa: ASYNC110  the ledger knows of no loop
            await asyncio.sleep(0.005)
        await befalls()

    @asynccontextmanager
    async def _orchestrator(self, dsn: str, fate: Fate, folder: Path | None = None) -> AsyncIterator[Orchestrator]:
        async with open_pool(dsn, max_size=self.max_size) as pool:
            await migrate(pool)
            graph = self.scene.build(Crew(Ledgers(folder or self.folder, fate)))
            async with Orchestrator.on(graph, pool) as quorum:
                yield quorum

    async def _end(self, quorum: Orchestrator, thread: str) -> dict[str, Any]:
        return await (await taken_up(quorum, self.scene, thread, None)).result()

    async def _calm(self) -> dict[str, Any]:
        """What a run comes to that nothing befalls; found out once in each process for each scene."""
        if self.scene.name not in _CALM:
            aside = self.folder / "calm"
            aside.mkdir(exist_ok=True)
            async with self._orchestrator(self.straight, Fate(None), aside) as quorum:
                _CALM[self.scene.name] = told(await self._end(quorum, "calm"))
        return _CALM[self.scene.name]

    def _errors(self, ends: list[Any]) -> list[Error]:
        for end in ends:
            if isinstance(end, BaseException) and not isinstance(end, (DatabaseError, LeaseLostError)):
                raise AssertionError(f"it failed with {type(end).__name__}: {end}") from end  # noqa: TRY004
        return [end for end in ends if isinstance(end, (DatabaseError, LeaseLostError))]

    def _stands(self, thread: str) -> Killed:
        with psycopg.connect(self.straight, autocommit=True) as connection:
            return Killed(os.getpid(), len(read(ledger_of(self.folder, thread))), Kept(connection, thread).records())

    def _judge(self, thread: str, stopped: Killed, *, in_one_go: bool) -> None:
        lines = read(ledger_of(self.folder, thread))
        assert list(done_again(Story(lines, [stopped], None, {}))) == []
        if in_one_go:
            starts = Counter((line.key, line.attempt) for line in lines if line.kind == "start")
            assert {key: count for key, count in starts.items() if count > 1} == {}
        linear_chain(self.straight, thread)


@dataclass(frozen=True)
class Left:
    """What a driver must not leave behind."""

    tasks: frozenset[asyncio.Task[Any]]
    threads: frozenset[threading.Thread]

    @classmethod
    def now(cls, dsn: str) -> Left:
        """What there is before a driver begins."""
        assert _connections(dsn) == 0
        return cls(frozenset(asyncio.all_tasks()), frozenset(threading.enumerate()))

    async def again(self, dsn: str) -> None:
        """Wait until there is no more than then; the proxy's own tasks are not counted.

        Raises:
            AssertionError: Naming what is left.
        """
        deadline = time.monotonic() + GONE_WITHIN_S
        while (left := self._more(dsn)) and time.monotonic() < deadline:  # noqa: ASYNC110
            await asyncio.sleep(0.02)
        assert not left, f"left behind: {left}"

    def _more(self, dsn: str) -> list[str]:
        tasks = [one for one in asyncio.all_tasks() - self.tasks if one is not asyncio.current_task()]
        threads = [one for one in threading.enumerate() if one not in self.threads]
        connections = _connections(dsn)
        return [
            *(f"task {one.get_name()}: {one.get_coro()}" for one in tasks if "Proxy" not in repr(one.get_coro())),
            *(f"thread {one.name}" for one in threads if not one.name.startswith(LASTING)),
            *([f"{connections} connections"] if connections else []),
        ]


def _connections(dsn: str) -> int:
    with psycopg.connect(dsn, autocommit=True) as judge:
        row = judge.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND datname = current_database()",
            (DRIVERS,),
        ).fetchone()
    assert row is not None
    return int(row[0])
