"""`python -m tests.drivers --trials 100`: two drivers on one thread, so many trials of each scenario.

Prints a line for each scenario, then whatever was wrong; ends with 1 when anything was.
"""

from __future__ import annotations

import argparse
import asyncio
import sys
import time
from contextlib import AsyncExitStack
from pathlib import Path

from langgraph_quorum.orchestration.persistence.embedded import embedded_postgres
from tests.conftest import private_folder
from tests.drivers.campaign import campaign
from tests.drivers.scenarios import SCENARIOS


def main() -> int:
    parser = argparse.ArgumentParser(prog="python -m tests.drivers", description=__doc__)
    parser.add_argument("--trials", type=int, default=100, help="of each scenario (100)")
    parser.add_argument("--seed", type=int, default=0, help="picks the moments (0)")
    parser.add_argument("--only", default="", help="scenarios whose name holds this")
    given = parser.parse_args()
    faults: list[str] = []
    with private_folder() as folder, asyncio.Runner() as runner:
        stack = AsyncExitStack()
        dsn = runner.run(stack.enter_async_context(embedded_postgres(folder / "pg")))
        try:
            faults = _played(dsn, folder, given)
        finally:
            runner.run(stack.aclose())
    sys.stdout.write("".join(f"  {fault}\n" for fault in faults))
    return 1 if faults else 0


def _played(dsn: str, folder: Path, given: argparse.Namespace) -> list[str]:
    faults: list[str] = []
    trials = folder / "trials"
    trials.mkdir()
    with campaign(dsn, trials, given.seed) as one:
        for scenario in SCENARIOS:
            if given.only in scenario.name:
                began = time.monotonic()
                tally = one.tally(scenario, given.trials)
                sys.stdout.write(f"{tally}  ({time.monotonic() - began:.0f} s)\n")
                sys.stdout.flush()
                faults += tally.faults
    return faults


if __name__ == "__main__":
    sys.exit(main())
