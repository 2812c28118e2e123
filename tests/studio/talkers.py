"""Graphs for Studio's server.

`graph`: a scripted chat model speaks word by word in two specialists, which tell how far they are; a third one waits
for a minute when the task is to hold. `blocking`: a node that blocks the event loop.
"""

import asyncio
import time
from typing import Any

from langchain_core.language_models.fake_chat_models import GenericFakeChatModel
from langchain_core.messages import AIMessage
from langgraph.config import get_stream_writer
from langgraph.graph import START, StateGraph
from typing_extensions import TypedDict

from langgraph_quorum import Branch, Specialist, SyncPolicy, build_workflow

HELD_S = 60.0
BETWEEN_WORDS_S = 0.05


async def speak(branch: Branch) -> dict[str, Any]:
    tell = get_stream_writer()
    tell({"read": 0.5, "of": branch.branch_id})
    model = GenericFakeChatModel(messages=iter([AIMessage(f"{branch.branch_id} finds {branch.task} good")]))
    said = []
    async for chunk in model.astream(branch.task):
        said.append(str(chunk.content))
        await asyncio.sleep(BETWEEN_WORDS_S)  # gives way to the others, as a model does that is far away
    tell({"read": 1.0, "of": branch.branch_id})
    return {"said": "".join(said), "verdict": "good", "confidence": 0.9}


async def wait(branch: Branch) -> dict[str, Any]:
    if branch.task == "hold":
        await asyncio.sleep(HELD_S)
    return {"said": "", "verdict": "bad", "confidence": 0.9}


graph = build_workflow(
    [Specialist("poet", speak), Specialist("critic", speak), Specialist("held", wait)],
    sync=SyncPolicy(threshold=1.0, deadline_s=HELD_S),
    merge="merge_all",
).compile()


class Nap(TypedDict):
    seconds: float


async def nap(state: Nap) -> dict[str, Any]:
    time.sleep(state["seconds"])  # noqa: ASYNC251  what the server is to find
    return {}


napping = StateGraph(Nap)
napping.add_node("nap", nap)
napping.add_edge(START, "nap")
blocking = napping.compile()
