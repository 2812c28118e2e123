"""The way to the database fails: runs go on when it is back, and nothing that was stored is done again."""

from __future__ import annotations

import random
from pathlib import Path

import pytest

from tests.outages.course import CROWD, Course
from tests.outages.mishaps import MISHAPS, PASSING
from tests.outages.proxy import proxied

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("name", PASSING)
async def test_runs_outlive_what_passes(database: str, tmp_path: Path, name: str) -> None:
    async with proxied(database) as proxy:
        mishap = MISHAPS[name](proxy, database, random.Random(name))
        assert await Course(database, tmp_path).survived(proxy.dsn, lambda: mishap) == []


async def test_runs_on_a_database_that_turns_read_only_end_or_fail_and_can_be_taken_up(
    database: str, tmp_path: Path
) -> None:
    async with proxied(database) as proxy:
        mishap = MISHAPS["read_only"](proxy, database, random.Random(1))
        for error in await Course(database, tmp_path).survived(proxy.dsn, lambda: mishap):
            assert "read-only" in str(error)


async def test_one_connection_is_enough_for_many_runs(database: str, tmp_path: Path) -> None:
    async def nothing() -> None: ...

    assert await Course(database, tmp_path, runs=10, scene=CROWD, max_size=1).survived(database, nothing) == []
