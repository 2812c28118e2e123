"""The agent: LangChain's `create_agent` on any chat model, with the review as its tool."""

import os
from typing import Any

from langchain.agents import create_agent
from langchain.chat_models import init_chat_model
from langgraph.checkpoint.base import BaseCheckpointSaver
from langgraph.graph.state import CompiledStateGraph

from graphs.review import review_tool
from offline import OfflineModel

OFFLINE = "offline"
PROMPT = (
    "You help a small company with its contracts. Have a contract reviewed before you say anything about it, and rest "
    "on what the review found. Where a review was rejected, say so and ask what to do."
)


class NoModelError(Exception):
    """No chat model can be made of DESK_MODEL."""


def chosen_model() -> str:
    """The name in DESK_MODEL.

    Raises:
        NoModelError: there is none.
    """
    if name := os.environ.get("DESK_MODEL"):
        return name
    raise NoModelError(f"set DESK_MODEL to a chat model, such as anthropic:claude-sonnet-4-5, or to {OFFLINE}")


def build_agent(model: str, saver: BaseCheckpointSaver[Any]) -> CompiledStateGraph[Any, Any, Any, Any]:
    """The agent on this model, its conversations kept by this saver.

    Raises:
        NoModelError: the model's name is wrong, or its package is not installed.
    """
    if model == OFFLINE:
        return create_agent(OfflineModel(), [review_tool(None)], system_prompt=PROMPT, checkpointer=saver)
    try:
        chat = init_chat_model(model)
    except (ImportError, ValueError) as error:
        raise NoModelError(f"DESK_MODEL={model}: {str(error).splitlines()[0]}") from error
    return create_agent(chat, [review_tool(chat)], system_prompt=PROMPT, checkpointer=saver)
