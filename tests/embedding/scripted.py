"""A chat model that says what a test has written down, and agents that have it."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool

Turn = AIMessage | Callable[[list[BaseMessage]], AIMessage]
"""A message, or a function of the conversation that makes one."""


class ScriptedModel(BaseChatModel):
    """Says one message after the other: which one depends on how often it has spoken in the conversation."""

    turns: Sequence[Turn]

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        turn = self.turns[sum(isinstance(message, AIMessage) for message in messages)]
        message = turn if isinstance(turn, AIMessage) else turn(messages)
        return ChatResult(generations=[ChatGeneration(message=message.model_copy(deep=True))])

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return self._generate(messages)


def calls(tool: BaseTool | str, *arguments: dict[str, Any]) -> AIMessage:
    """A message that calls a tool, once for each dict of arguments."""
    name = tool if isinstance(tool, str) else tool.name
    asked = [{"name": name, "args": given, "id": f"call-{number}"} for number, given in enumerate(arguments)]
    return AIMessage("", tool_calls=asked)


def says(text: str) -> AIMessage:
    """A message without a tool call: the agent ends."""
    return AIMessage(text)


def answers_of(state: dict[str, Any]) -> list[ToolMessage]:
    """What the tools have told the model."""
    return [message for message in state["messages"] if isinstance(message, ToolMessage)]
