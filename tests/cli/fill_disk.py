"""Run a command with `--dsn` of an embedded server whose disk is full: the server starts, then the disk is filled.

Usage: python fill_disk.py COMMAND...   with QUORUM_DATA on a small disk of its own.
"""

from __future__ import annotations

import asyncio
import os
import subprocess
import sys
from pathlib import Path

from langgraph_quorum.orchestration.database import open_database
from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres


def fill(folder: Path) -> None:
    """Write until nothing more goes in."""
    with (folder / "ballast").open("wb", buffering=0) as ballast:
        for size in (1 << 20, 1 << 12, 1):
            try:
                while True:
                    ballast.write(bytes(size))
            except OSError:
                continue


async def main() -> int:
    """Start, fill, run."""
    async with embedded_postgres() as dsn:
        async with open_database(dsn):
            pass
        fill(Path(os.environ["QUORUM_DATA"]))
        return subprocess.run([*sys.argv[1:], "--dsn", dsn], check=False).returncode


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
