"""How long Studio's local server takes from its start until it answers: with our graphs, and with an empty one."""

from __future__ import annotations

import tempfile
import time
from collections.abc import Mapping
from pathlib import Path
from statistics import median

from benchmarks.measuring import Row
from tests.studio.server import shipped, studio_server

REPEATS = 3
MOST_S = 5.0

_EMPTY = """
from langgraph.graph import StateGraph
from typing_extensions import TypedDict


class State(TypedDict):
    text: str


async def nothing(state: State):
    return {}


builder = StateGraph(State)
builder.add_node("nothing", nothing)
builder.set_entry_point("nothing")
graph = builder.compile()
"""


def rows() -> list[Row]:
    """Until `/ok` answers, in memory; both kinds of server take turns."""
    empty: dict[str, object] = {"dependencies": ["."], "graphs": {"empty": "./empty.py:graph"}, "env": {}}
    taken: dict[str, list[float]] = {"ours": [], "empty": []}
    for _ in range(REPEATS):
        taken["empty"].append(_until_ready(empty))
        taken["ours"].append(_until_ready(shipped()))
    ours, bare = median(taken["ours"]), median(taken["empty"])
    measured, against = f"{ours:.2f} s", f"an empty graph: {bare:.2f} s"
    met = ours < MOST_S
    return [Row("cold start, shipped graphs", measured, against, f"+{ours - bare:.2f} s", f"below {MOST_S:g} s", met)]


def _until_ready(settings: Mapping[str, object]) -> float:
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        (folder / "empty.py").write_text(_EMPTY)
        began = time.perf_counter()
        with studio_server(folder, settings):
            return time.perf_counter() - began
