"""A process that begins or takes up some runs of one scenario, all at once, and is killed when its moment has come.

Its one argument is an `Order` as JSON. It prints what became of the runs and how much it has done.
"""

from __future__ import annotations

import asyncio
import json
import sys
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from langgraph_quorum import Orchestrator
from tests.crashes.child import WITHIN_S, taken_up
from tests.crashes.crew import Crew
from tests.crashes.scenario import Scenario
from tests.storm.interception import Fate, Ledgers, watch_connections, watch_savers
from tests.storm.moments import Moment
from tests.storm.scenes import SCENES

MOST_QUESTIONS = 5


@dataclass(frozen=True)
class Order:
    """What a child is to do.

    Attributes:
        scene: Name of the scenario.
        dsn: The database.
        threads: Of its runs.
        folder: Where its ledgers are.
        moment: When it dies, as `vars` gives it; None for never, or when its parent kills it.
    """

    scene: str
    dsn: str
    threads: list[str]
    folder: str
    moment: dict[str, Any] | None = None


def main(arguments: Sequence[str]) -> None:
    order = Order(**json.loads(arguments[0]))
    fate = Fate(None if order.moment is None else Moment.of(order.moment))
    watch_connections(fate)
    watch_savers(Path(order.folder))
    outcomes = asyncio.run(_driven(order, fate))
    sys.stdout.write(json.dumps({"outcomes": outcomes, "counts": fate.counts}, default=str) + "\n")


async def _driven(order: Order, fate: Fate) -> dict[str, Any]:
    scene = SCENES[order.scene]
    crew = Crew(Ledgers(Path(order.folder), fate))
    async with asyncio.timeout(WITHIN_S), Orchestrator.open(scene.build(crew), order.dsn) as quorum:
        ended = await asyncio.gather(*(_ended(quorum, scene, thread) for thread in order.threads))
    return dict(zip(order.threads, ended, strict=True))


async def _ended(quorum: Orchestrator, scene: Scenario, thread: str) -> dict[str, Any]:
    for _ in range(MOST_QUESTIONS):
        outcome = await (await taken_up(quorum, scene, thread, scene.answer)).result()
        if outcome["status"] != "waiting":
            break
    return outcome


if __name__ == "__main__":
    main(sys.argv[1:])
