"""The server goes away in the middle of runs and comes back: they wait for it, and do nothing twice."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.outages.course import Course
from tests.outages.servers import Stop, down, killed, serving

pytestmark = pytest.mark.slow


@pytest.mark.parametrize("how", ["fast", "immediate"])
async def test_runs_outlive_a_restart(server_folder: Path, tmp_path: Path, how: Stop) -> None:
    async with serving(server_folder) as server:
        assert await Course(server.dsn, tmp_path).survived(server.dsn, down(server, 0, how)) == []


async def test_runs_wait_for_a_server_that_is_down_for_ten_seconds(server_folder: Path, tmp_path: Path) -> None:
    async with serving(server_folder) as server:
        assert await Course(server.dsn, tmp_path).survived(server.dsn, down(server, 10.0)) == []


@pytest.mark.parametrize("after", [1, 14, 40])
async def test_what_a_killed_server_had_committed_is_there(server_folder: Path, tmp_path: Path, after: int) -> None:
    async with serving(server_folder, fsync=True) as server:
        assert await Course(server.dsn, tmp_path).survived(server.dsn, killed(server), after=after) == []
