"""A process that starts or takes up the run of one scenario.

`python -m tests.crashes.child <scenario> <dsn> <thread> <ledger>` prints the outcome as JSON. SIGTERM drains the run.
"""

from __future__ import annotations

import argparse
import asyncio
import json
import signal
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langgraph_quorum import Orchestrator, Run
from langgraph_quorum.state.errors import ThreadNotFoundError
from tests.crashes import continuing, enduring, joining, waiting
from tests.crashes.crew import Crew
from tests.crashes.ledger import Ledger
from tests.crashes.scenario import Scenario
from tests.graphs.running import FIXED

WITHIN_S = 60.0
SCENARIOS = {
    one.name: one
    for module in (joining, enduring, continuing, waiting)
    for one in vars(module).values()
    if isinstance(one, Scenario)
}


def main(arguments: Sequence[str]) -> None:
    parser = argparse.ArgumentParser()
    for name in ("scenario", "dsn", "thread"):
        parser.add_argument(name)
    parser.add_argument("ledger", type=Path)
    parser.add_argument("--lets", nargs="*", help="branches that may end in this process; all when left out")
    parser.add_argument("--answer", help="what a human says to every question that is open")
    given = parser.parse_args(arguments)
    crew = Crew(Ledger(given.ledger), given.lets)
    outcome = asyncio.run(_driven(SCENARIOS[given.scenario], crew, given))
    sys.stdout.write(json.dumps(outcome, default=str) + "\n")  # messages are objects


async def _driven(scenario: Scenario, crew: Crew, given: argparse.Namespace) -> dict[str, Any]:
    async with asyncio.timeout(WITHIN_S), Orchestrator.open(scenario.build(crew), given.dsn) as quorum:
        run = await taken_up(quorum, scenario, given.thread, given.answer)
        asyncio.get_running_loop().add_signal_handler(signal.SIGTERM, run.drain)
        return await run.result()


async def taken_up(quorum: Orchestrator, scenario: Scenario, thread: str, answer: str | None) -> Run:
    """The scenario's run on this thread, begun or taken up; open questions are answered when there is an answer."""
    try:
        asked = (await quorum.get(thread))["interrupts"]
    except ThreadNotFoundError:
        return await quorum.start({"task": "survive", "work": scenario.work}, thread, context=FIXED)
    answers = dict.fromkeys(asked, answer) if answer is not None else None
    return await quorum.resume(thread, answers, context=FIXED)


if __name__ == "__main__":
    main(sys.argv[1:])
