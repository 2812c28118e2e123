"""A write of a saver is met before it is sent, when it is sent, and once it is answered."""

from __future__ import annotations

from typing import Any

import psycopg
import pytest

from langgraph_quorum.orchestration.persistence.pool import open_pool
from langgraph_quorum.orchestration.persistence.saving import aside
from langgraph_quorum.orchestration.persistence.saving.exchange import exchange
from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.orchestration.persistence.saving.line import Line
from langgraph_quorum.orchestration.persistence.saving.transaction import ASIDE_BYTES
from tests.storm.interception import Fate, watch_connections
from tests.storm.moments import WHENS, Counted, When

AT: Any = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}


class Noting(Fate):
    """Ends nothing; notes when it could have, and how many writes were stored then."""

    def __init__(self, dsn: str) -> None:
        super().__init__(None)
        self._dsn = dsn
        self.met: list[tuple[Counted, int, When, int]] = []

    def comes(self, counted: Counted, number: int, when: When) -> None:
        with psycopg.connect(self._dsn) as looking:
            stored = looking.execute("SELECT FROM checkpoint_writes").rowcount
        self.met.append((counted, number, when, stored))


@pytest.fixture
def unwatched(monkeypatch: pytest.MonkeyPatch) -> None:
    """What is watched in a test is not watched after it."""
    monkeypatch.setattr(psycopg.AsyncConnection, "wait", psycopg.AsyncConnection.wait)
    monkeypatch.setattr(Line, "begin", Line.begin)
    monkeypatch.setattr(Line, "answers", Line.answers)
    monkeypatch.setattr(aside, "exchange", exchange)


@pytest.mark.usefixtures("unwatched")
@pytest.mark.parametrize("value", ["a", "a" * ASIDE_BYTES], ids=["on the line", "aside"])
async def test_each_write_is_a_trip_and_a_commit(migrated_database: str, value: str) -> None:
    async with open_pool(migrated_database) as pool:
        async with pool.connection():
            pass
        saver = GroupCommitSaver(pool)
        fate = Noting(migrated_database)
        watch_connections(fate)
        for number in (1, 2):
            await saver.aput_writes(AT, [("c", value)], f"task-{number}")
        met = list(fate.met)
    commits = [at for at, one in enumerate(met) if one[0] == "commit"]
    assert [met[at][1:3] for at in commits] == [(number, when) for number in (1, 2) for when in WHENS]
    assert [(met[at - 1][0], met[at - 1][2]) for at in commits] == [("trip", when) for when in WHENS] * 2
    assert [met[at][3] for at in commits if met[at][2] != "sent"] == [0, 1, 1, 2]  # what is sent may be stored already
