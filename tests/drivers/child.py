"""One driver: a process that starts the run, or takes it up, and says what became of it.

Its one argument is an `Order` as JSON. The last line that it prints is `{"outcome": ...}` or `{"error": its type}`.
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
from langgraph_quorum.orchestration.persistence.acquiring import OnBusy
from langgraph_quorum.state.errors import QuorumError
from tests.crashes.ledger import Ledger
from tests.drivers import trouble
from tests.drivers.scene import LOOK_S, WORK, Crew
from tests.graphs.running import FIXED

WITHIN_S = 40.0


@dataclass(frozen=True)
class Order:
    """What a driver is to do.

    Attributes:
        dsn: The database.
        thread: The thread to drive.
        folder: Where its ledger is, and the files `go` and `gate`.
        ttl_s: Seconds its lease lasts.
        on_busy: What it does about another driver.
        waits_for_go: Whether it starts only when there is the file `go`.
        trouble: What is wrong in this process, one of `trouble.KINDS`; "" for nothing.
    """

    dsn: str
    thread: str
    folder: str
    ttl_s: float
    on_busy: OnBusy = "reject"
    waits_for_go: bool = False
    trouble: str = ""


def main(arguments: Sequence[str]) -> None:
    order = Order(**json.loads(arguments[0]))
    if order.trouble:
        trouble.KINDS[order.trouble]()
    sys.stdout.write(json.dumps(asyncio.run(_driven(order)), default=str) + "\n")  # messages are objects


async def _driven(order: Order) -> dict[str, Any]:
    folder = Path(order.folder)
    crew = Crew(Ledger(folder / "ledger"), folder / "gate")
    async with asyncio.timeout(WITHIN_S), Orchestrator.open(crew.graph(), order.dsn, lease_ttl_s=order.ttl_s) as quorum:
        (folder / f"ready-{order.on_busy}").touch()
        while order.waits_for_go and not (folder / "go").exists():  # noqa: ASYNC110 - another process makes it
            await asyncio.sleep(LOOK_S / 5)
        try:
            run = await quorum.start(
                {"task": "drive", "work": WORK},
                order.thread,
                context=FIXED,
                on_busy=order.on_busy,
                wait_s=WITHIN_S / 2,
            )
            return {"outcome": await run.result()}
        except QuorumError as error:
            return {"error": type(error).__name__, "said": str(error)}


if __name__ == "__main__":
    main(sys.argv[1:])
