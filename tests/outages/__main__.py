"""All that may befall a database, many times over, each time with other dice.

python -m tests.outages --rounds 20
python -m tests.outages --seed 7 --only cut_in_commits     one of them again
"""

from __future__ import annotations

import argparse
import asyncio
import random
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable
from pathlib import Path

from tests.conftest import private_folder
from tests.outages.course import CROWD, Course
from tests.outages.mishaps import MISHAPS
from tests.outages.proxy import proxied
from tests.outages.servers import Server, down, killed, serving
from tests.storm.trial import database_on

DOWN_S = 10.0
ON_SERVERS: dict[str, Callable[[Server, random.Random], Callable[[], Awaitable[None]]]] = {
    "restarted": lambda server, _: down(server, 0, "fast"),
    "restarted_at_once": lambda server, _: down(server, 0, "immediate"),
    "down_for_long": lambda server, _: down(server, DOWN_S),
    "killed": lambda server, _: killed(server),
}
SMALL_POOLS = {"one_connection": 1, "two_connections": 2}
LINES = 40
"""Of the ledgers; at some of them it happens."""


async def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.outages", description="Outages of the database, judged.")
    names = [*MISHAPS, *ON_SERVERS, *SMALL_POOLS]
    parser.add_argument("--rounds", type=int, default=1, help="how often each")
    parser.add_argument("--seed", type=int, default=0, help="the first")
    parser.add_argument("--only", choices=names, help="one of them")
    asked = parser.parse_args()
    failures = 0
    with private_folder() as folder:
        async with serving(folder / "pg", fsync=True) as server:
            for seed in range(asked.seed, asked.seed + asked.rounds):
                for name in [asked.only] if asked.only else names:
                    failures += not await _passes(server, name, seed)
    return 1 if failures else 0


async def _passes(server: Server, name: str, seed: int) -> bool:
    began = time.monotonic()
    try:
        with database_on(server.dsn) as dsn, tempfile.TemporaryDirectory() as folder:
            errors = await _tried(server, name, dsn, Path(folder), random.Random(seed))
    except (AssertionError, TimeoutError) as error:
        _say(f"{name}, seed {seed}: FAILED: {type(error).__name__} {error}")
        _say(f"  replay: python -m tests.outages --only {name} --seed {seed}")
        return False
    _say(f"{name}, seed {seed}: {time.monotonic() - began:.1f} s, {len(errors)} runs were resumed")
    for one in errors:
        _say(f"  {one}")
    return True


async def _tried(server: Server, name: str, dsn: str, folder: Path, dice: random.Random) -> list[Exception]:
    async def nothing() -> None: ...

    after = dice.randrange(1, LINES)
    if name in SMALL_POOLS:
        course = Course(dsn, folder, runs=10, scene=CROWD, max_size=SMALL_POOLS[name])
        return [*await course.survived(dsn, nothing)]
    course = Course(dsn, folder)
    if name in ON_SERVERS:
        return [*await course.survived(dsn, ON_SERVERS[name](server, dice), after=after)]
    async with proxied(dsn, dice.randrange(2**32)) as proxy:
        return [*await course.survived(proxy.dsn, lambda: MISHAPS[name](proxy, dsn, dice), after=after)]


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
