"""`quorum demo straggler`: the same five specialists on plain LangGraph and on the quorum join, with the times."""

from __future__ import annotations

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass

from rich.table import Table

from langgraph_quorum.graphs.straggler import CREW, FAILS, HANGS, plain_crew, quorum_crew
from langgraph_quorum.orchestration.cli.exits import APPROVED
from langgraph_quorum.orchestration.cli.rendering.console import stdout_console
from langgraph_quorum.state.errors import ConfigurationError

SHORTEST_S, LONGEST_S = 0.5, 60.0


@dataclass(frozen=True, slots=True)
class Showing:
    """What one way of running the crew gave.

    Attributes:
        way: How it was run.
        seconds: Until the caller could go on, with or without results.
        gave: By specialist, what came of it.
        ending: How the run ended.
    """

    way: str
    seconds: float
    gave: Mapping[str, str]
    ending: str


async def compare(hang_s: float) -> list[Showing]:
    """Run the crew in all three ways, one after the other."""
    return [await _plain(hang_s, catching=False), await _plain(hang_s, catching=True), await _quorum(hang_s)]


async def show_straggler(hang_s: float) -> int:
    """Compare, and print the comparison side by side.

    Raises:
        ConfigurationError: the hang is too short to be one, or longer than anybody would watch.
    """
    if not SHORTEST_S <= hang_s <= LONGEST_S:
        raise ConfigurationError("--hang", hang_s, f"give seconds from {SHORTEST_S:g} to {LONGEST_S:g}")
    console = stdout_console()
    console.print(f"five specialists: three answer after 0.1 s, {FAILS} raises, {HANGS} hangs for {hang_s:g} s\n")
    showings = await compare(hang_s)
    table = Table(box=None, padding=(0, 2, 0, 0), pad_edge=False, header_style="bold")
    table.add_column("")
    for showing in showings:
        table.add_column(showing.way)
    table.add_row("back after", *(f"{showing.seconds:.2f} s" for showing in showings))
    for name in CREW:
        table.add_row(name, *(showing.gave.get(name, "-") for showing in showings))
    table.add_row("the run", *(showing.ending for showing in showings))
    console.print(table)
    return APPROVED


async def _plain(hang_s: float, *, catching: bool) -> Showing:
    way = "plain, errors caught" if catching else "plain LangGraph"
    graph = plain_crew(hang_s, catching=catching)
    clock = asyncio.get_running_loop().time
    began = clock()
    try:
        answers = (await graph.ainvoke({"answers": {}}))["answers"]
    except ValueError as error:
        return Showing(way, clock() - began, {}, f"raised {type(error).__name__}, nothing is left")
    gave = {name: "answered" if name in answers else "lost, no trace" for name in CREW}
    return Showing(way, clock() - began, gave, "waited for the slowest")


async def _quorum(hang_s: float) -> Showing:
    graph = quorum_crew(hang_s).compile()
    clock = asyncio.get_running_loop().time
    began = clock()
    out = await graph.ainvoke({"task": "Look at it"})
    seconds = clock() - began
    gave = {name: record["status"] for name, record in out["branches"].items()}
    return Showing("langgraph-quorum", seconds, gave, f"{out['status']}, quality {out['quality']:.2f}")
