"""Two results, an answer that cites both, and the synthesis that asks a model for it."""

from __future__ import annotations

from typing import Any

from langchain_core.messages import BaseMessage

from langgraph_quorum import Made, Scored, merge
from langgraph_quorum.nodes.merging.synthesis import Synthesis
from langgraph_quorum.state.merged import Merged

RESULTS = [
    Scored("speed", "s", {"finding": "one slow loop", "risk": 2}, quality=0.9, seconds=0.0),
    Scored("safety", "s", {"finding": "no secrets", "risk": 4}, quality=0.5, seconds=0.0),
]
WEIGHTS = {"speed": 0.6, "safety": 0.4}
GOOD = "One loop is slow [speed]. There are no secrets [safety]."


def merged(model: Any, **more: Any) -> Merged:
    return merge(RESULTS, Synthesis(model, **more))


def told(messages: list[BaseMessage]) -> str:
    return "\n".join(str(message.content) for message in messages)


async def made(model: Any, task: str = "", **more: Any) -> Made:
    return await Synthesis(model, **more).amake(RESULTS, WEIGHTS, task=task)
