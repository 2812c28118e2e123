"""Graphs for Studio's server.

`graph`: many quick branches, one that can be held back, and a question after them. `workflow`: one of three hangs.
"""

import asyncio
import operator
import time
from pathlib import Path
from typing import Annotated, Any

from langgraph.graph import START, StateGraph
from langgraph.types import Send, interrupt
from typing_extensions import TypedDict

from langgraph_quorum import Branch, Specialist, SyncPolicy, build_workflow

HELD_S = 60.0


class State(TypedDict, total=False):
    branches: int
    folder: str
    """Each branch leaves a line in a file of its number there; the last one waits until a file `go` is there too."""
    done: Annotated[list[int], operator.add]
    answer: str


class Part(TypedDict):
    number: int
    last: bool
    folder: str


def spread(state: State) -> list[Send]:
    numbers = range(state["branches"])
    last = state["branches"] - 1
    return [Send("work", {"number": n, "last": n == last, "folder": state.get("folder", "")}) for n in numbers]


async def work(state: Part) -> dict[str, Any]:
    if state["folder"]:
        await asyncio.to_thread(note, Path(state["folder"], str(state["number"])))
        if state["last"]:
            await asyncio.to_thread(wait_for, Path(state["folder"], "go"))
    return {"done": [state["number"]]}


def note(file: Path) -> None:
    with file.open("a") as lines:
        lines.write("began\n")


def wait_for(file: Path) -> None:
    deadline = time.monotonic() + HELD_S
    while not file.exists() and time.monotonic() < deadline:
        time.sleep(0.05)


async def ask(state: State) -> dict[str, Any]:
    return {"answer": interrupt(f"{len(state['done'])} are done: enough?")}


builder = StateGraph(State)
builder.add_node("work", work)
builder.add_node("ask", ask)
builder.add_conditional_edges(START, spread, ["work"])
builder.add_edge("work", "ask")
graph = builder.compile()


async def answer(branch: Branch) -> dict[str, Any]:
    return {"findings": [branch.task], "confidence": 0.9}


async def hang(branch: Branch) -> dict[str, Any]:
    await asyncio.sleep(HELD_S)
    return {}


workflow = build_workflow(
    [Specialist("quick", answer), Specialist("swift", answer), Specialist("stuck", hang)],
    sync=SyncPolicy(threshold=0.6, grace_s=0.0, deadline_s=HELD_S),
).compile()
