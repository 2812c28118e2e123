"""A run cut off after each single commit: from whatever a kill may leave in Postgres, it is taken up to its end."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import psycopg
import pytest

from langgraph_quorum import Orchestrator
from tests.crashes.continuing import BUNDLES, GROWTH, NESTED, ROUNDS
from tests.crashes.crew import Crew
from tests.crashes.joining import DAG
from tests.crashes.judging import told
from tests.crashes.kept import Kept
from tests.crashes.ledger import Ledger, read
from tests.crashes.scenario import Scenario
from tests.graphs.running import FIXED

pytestmark = pytest.mark.slow

WHOLE = "whole"
"""The thread of the undisturbed run."""
TABLES = ("checkpoints", "checkpoint_blobs", "checkpoint_writes")


@dataclass(frozen=True)
class Copies:
    """Copies of a thread as it stood after each commit, told by Postgres' own numbers of transactions."""

    connection: psycopg.Connection

    def made(self) -> Iterator[str]:
        """The threads of the copies, the oldest first; nothing was committed to the first one but its entry."""
        rows = " UNION ".join(
            f"SELECT xmin::text::bigint AS number FROM {table} WHERE thread_id = %s" for table in TABLES
        )
        numbers = self.connection.execute(f"{rows} ORDER BY number".encode(), (WHOLE,) * len(TABLES)).fetchall()
        for position, number in enumerate([0, *(number for (number,) in numbers)]):
            for table in TABLES:
                self._copy(table, f"cut-{position}", "xmin::text::bigint <= %s", number)
            self._copy("quorum.runs", f"cut-{position}", "%s >= 0", number)
            self.connection.execute(
                "UPDATE quorum.runs SET status = 'running' WHERE thread_id = %s", (f"cut-{position}",)
            )
            yield f"cut-{position}"

    def _copy(self, table: str, thread: str, which: str, number: int) -> None:
        given = self.connection.execute(f"SELECT * FROM {table} LIMIT 0".encode()).description
        names = ", ".join(column.name for column in given or () if column.name != "thread_id")
        self.connection.execute(
            f"INSERT INTO {table} (thread_id, {names})"
            f" SELECT %s, {names} FROM {table} WHERE thread_id = %s AND {which}".encode(),
            (thread, WHOLE, number),
        )


@pytest.mark.parametrize("scenario", [DAG, GROWTH, ROUNDS, BUNDLES, NESTED], ids=lambda one: one.name)
async def test_a_run_is_taken_up_after_whichever_commit_it_was_cut_off(
    scenario: Scenario, database: str, tmp_path: Path
) -> None:
    path = tmp_path / "ledger"
    async with Orchestrator.open(scenario.build(Crew(Ledger(path))), database) as quorum:
        run = await quorum.start({"task": "survive", "work": scenario.work}, WHOLE, context=FIXED)
        calm = await run.result()
        everything = {line.key for line in read(path)}
        with psycopg.connect(database, autocommit=True) as connection:
            cut = 0
            for thread in Copies(connection).made():
                kept, before = Kept(connection, thread).records().keys(), len(read(path))
                outcome = await (await quorum.resume(thread, context=FIXED)).result()
                assert told(outcome) == told(calm), thread
                assert {line.key for line in read(path)[before:]} == everything - kept, thread
                cut += 1
        assert cut > len(everything)
        stored = await quorum.list(limit=1000)
    assert {one.status for one in stored} == {calm["status"]}  # also where only the last entry had been missing
