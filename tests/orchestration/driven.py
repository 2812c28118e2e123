"""A process that drives a run of three branches, of which one never answers: `python -m ... DSN THREAD`."""

from __future__ import annotations

import asyncio
import sys

from langgraph_quorum import Orchestrator
from tests.orchestration.crews import Crew


async def main(dsn: str, thread_id: str) -> None:
    """Drive it until somebody ends the process."""
    async with Orchestrator.open(Crew().workflow(), dsn, workflow="elsewhere") as quorum:
        await (await quorum.start({"task": "look"}, thread_id)).result()


if __name__ == "__main__":
    asyncio.run(main(*sys.argv[1:]))
