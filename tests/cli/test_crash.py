"""kill -9 in the middle of a run: the next command completes it, and no finished branch runs again."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from contextlib import AsyncExitStack
from pathlib import Path

import pytest

from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from tests.cli.conftest import SAMPLES, Quorum, branches_kept, finished, wait_until

BRANCHES = 6 * 7  # documents · specialists
ENOUGH = 5
"""So many branches are finished when the process is killed."""


@pytest.fixture
def data(tmp_path: Path) -> Iterator[tuple[Path, str]]:
    """A data folder, and the DSN of its embedded server, which we hold too so that we can look at it."""
    with asyncio.Runner() as runner:
        stack = AsyncExitStack()
        folder = tmp_path / "data"
        yield folder, runner.run(stack.enter_async_context(embedded_postgres(folder / "postgres")))
        runner.run(stack.aclose())


def test_a_killed_run_is_completed_and_nothing_finished_runs_again(
    quorum: Quorum, data: tuple[Path, str], tmp_path: Path
) -> None:
    folder, dsn = data
    shutil.copytree(SAMPLES, tmp_path / "documents")
    here = Quorum(tmp_path, {**quorum.environ, "QUORUM_DATA": str(folder)}, quorum.warm)
    elsewhere = Quorum(folder, here.environ, here.warm)

    with here.going("run", "analyse", "documents", "--thread", "crash", "--quiet") as process:
        wait_until(lambda: branches_kept(dsn, "crash") >= ENOUGH, process)
        process.kill()  # -9: nothing of it can tidy up
        process.wait()
    killed = here.json("show", "crash", "--json")
    before = finished(killed)
    resumed = elsewhere("resume", "crash", "--json", "out.json")
    after = elsewhere.json("show", "crash", "--json")

    assert killed["status"] == "interrupted"
    assert ENOUGH <= len(before) < BRANCHES
    assert resumed.returncode == 0, resumed.stderr
    assert after["status"] == "approved"
    assert len(finished(after)) == BRANCHES
    assert {name: after["branches"][name] for name in before} == before  # started_at, attempts, seconds: as they were
    last_start = max(record["started_at"] for record in before.values())
    rest = [record for name, record in after["branches"].items() if name not in before]
    assert all(record["started_at"] > last_start for record in rest)
    assert f"{len(before)} finished branches kept" in resumed.stderr
    ran = {line.split()[2] for line in resumed.stderr.splitlines() if line.endswith("running")}
    assert ran == {record["branch_id"] for record in rest}  # what the log says of it
