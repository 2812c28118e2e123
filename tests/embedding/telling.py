"""Workflows as tools, and what an agent's model is told when it calls them."""

from __future__ import annotations

from typing import Any

from langchain.agents import create_agent
from langchain_core.messages import ToolMessage
from langchain_core.tools import BaseTool
from pydantic import BaseModel, ConfigDict, Field

from langgraph_quorum import Specialist, build_workflow
from langgraph_quorum.graphs.workflow import QuorumBuilder
from tests.chat_models import AgentModel, answers_of, calls, says

GO: Any = {"messages": [("user", "go")]}


class Wanted(BaseModel):
    """Closed: what LangChain injects by name would not pass."""

    model_config = ConfigDict(extra="forbid")

    task: str
    work: list[dict[str, Any]] | None = Field(None, description="The branches.")


def workflow(*specialists: Specialist, **settings: Any) -> QuorumBuilder:
    return build_workflow(specialists, merge="merge_all", mode="parallel", **settings)


async def told(tool: BaseTool, *arguments: dict[str, Any]) -> list[ToolMessage]:
    """What an agent's model is told when it calls the tool with these arguments."""
    agent = create_agent(AgentModel(answers=[calls(tool, *arguments), says("done")]), [tool])
    return answers_of(await agent.ainvoke(GO))
