"""Runs on a server whose disk fills up under them, and has room again later.

`python -m tests.outages.full_disk FOLDER`: FOLDER is a small disk of its own. What is wrong is raised; the errors that
runs failed with are printed.
"""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from tests.cli.fill_disk import fill
from tests.crashes.joining import item, workers
from tests.crashes.scenario import Scenario
from tests.outages.course import Course

FULL_S = 1.0
HEAVY = Scenario("heavy", workers, [item(f"b{n}", seconds=[0.04 * n], pad="x" * 100_000) for n in range(12)], ())
"""Its checkpoints do not fit into what a server has set aside."""


async def main(folder: Path, ledgers: Path) -> list[str]:
    """Start a server in `folder`, fill the disk in the middle of runs, make room again, and judge."""
    async with embedded_postgres(folder / "pg") as dsn:

        async def befalls() -> None:
            fill(folder)
            await asyncio.sleep(FULL_S)
            (folder / "ballast").unlink()

        return [str(error) for error in await Course(dsn, ledgers, scene=HEAVY).survived(dsn, befalls, after=4)]


if __name__ == "__main__":
    with tempfile.TemporaryDirectory() as aside:
        for line in asyncio.run(main(Path(sys.argv[1]), Path(aside))):
            sys.stdout.write(line + "\n")
