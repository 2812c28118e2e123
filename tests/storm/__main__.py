"""A storm of any length against an embedded server of its own, or one seed of it again.

python -m tests.storm --kills 10000          until so many processes were killed
python -m tests.storm --seed 123 --kills 1   that seed: its plan is the same, delays are as exact as the machine

What failed is printed as it happens, with the command that replays it.
"""

from __future__ import annotations

import argparse
import asyncio
import itertools
import os
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import AsyncExitStack, ExitStack, contextmanager
from pathlib import Path

import psycopg

from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from tests.conftest import private_folder
from tests.crashes.processes import zygote
from tests.storm.campaign import Report, Storm, complaint, stormed
from tests.storm.trial import Weather, database_on

EVERY_S = 10.0


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.storm", description="kill -9 at random moments, judged.")
    parser.add_argument("--kills", type=int, default=1000, help="how many")
    parser.add_argument("--seed", type=int, default=0, help="the first of them")
    parser.add_argument("--jobs", type=int, default=os.cpu_count() or 1, help="trials at a time")
    asked = parser.parse_args()
    began, last, report = time.monotonic(), time.monotonic(), Report()
    with _server() as storms:
        jobs = list(itertools.islice(storms, asked.jobs))
        for done in stormed(jobs, itertools.count(asked.seed), lambda: report.kills < asked.kills):
            report.add(done)
            for seed, found in done.failures.items():
                _say(complaint(seed, found))
            if time.monotonic() - last > EVERY_S:
                last = time.monotonic()
                _say(f"{report.kills}/{asked.kills} kills in {last - began:.0f} s, {len(report.failures)} failures")
    for name, count in sorted(report.hit.items()):
        _say(f"{count:8}  {name}")
    seconds = time.monotonic() - began
    _say(f"{report.kills} kills in {report.trials} trials, {seconds:.0f} s, {len(report.failures)} failures")
    return 1 if report.failures else 0


def _say(text: str) -> None:
    sys.stdout.write(text + "\n")
    sys.stdout.flush()


@contextmanager
def _server() -> Iterator[Iterator[Storm]]:
    """Storms on a server that lives as long as the context, each with a database and a zygote of its own."""
    with private_folder() as folder, asyncio.Runner() as runner, tempfile.TemporaryDirectory() as files:
        stack = AsyncExitStack()
        dsn = runner.run(stack.enter_async_context(embedded_postgres(folder / "pg")))
        with psycopg.connect(dsn, autocommit=True) as admin:
            admin.execute("ALTER SYSTEM SET fsync = off")
            admin.execute("SELECT pg_reload_conf()")
        with ExitStack() as zygotes:
            yield (
                Storm(Weather(one, zygotes.enter_context(zygote("tests.storm.child")), _folder(Path(files), number)))
                for number in itertools.count()
                for one in [zygotes.enter_context(database_on(dsn))]
            )
        runner.run(stack.aclose())


def _folder(files: Path, number: int) -> Path:
    folder = files / str(number)
    folder.mkdir()
    return folder


if __name__ == "__main__":
    sys.exit(main())
