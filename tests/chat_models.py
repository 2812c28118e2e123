"""Chat models that follow a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import Field

TOKENS = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}


class Scripted(BaseChatModel):
    """Gives its answers one after the other.

    Each is a text, a message, an error to raise, seconds to hang, or a function of the conversation that makes one.
    """

    answers: Sequence[Any]
    heard: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _turn(self, messages: list[BaseMessage]) -> int:
        """Which answer it is at; what it has just heard is in `heard`."""
        return len(self.heard) - 1

    def _next(self, messages: list[BaseMessage]) -> Any:
        self.heard.append(messages)
        answer = self.answers[self._turn(messages)]
        if isinstance(answer, Exception):
            raise answer
        return answer(messages) if callable(answer) else answer

    def _generate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: CallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        return _result(self._next(messages))

    async def _agenerate(
        self,
        messages: list[BaseMessage],
        stop: list[str] | None = None,
        run_manager: AsyncCallbackManagerForLLMRun | None = None,
        **kwargs: Any,
    ) -> ChatResult:
        answer = self._next(messages)
        if isinstance(answer, float):
            await asyncio.sleep(answer)
        return _result(answer)


class Structured(Scripted):
    """A model with structured output, as a call of a tool."""

    def bind_tools(
        self, tools: Sequence[dict[str, Any] | type | Callable[..., Any] | BaseTool], **kwargs: Any
    ) -> Runnable[Any, AIMessage]:
        return self.bind(tools=tools)


class AgentModel(Scripted):
    """An agent's model: how often it has spoken in the conversation says what comes next, so it can be asked again."""

    def _turn(self, messages: list[BaseMessage]) -> int:
        return sum(isinstance(message, AIMessage) for message in messages)

    def bind_tools(self, tools: Sequence[Any], **kwargs: Any) -> Runnable[Any, AIMessage]:
        return self


def calls(tool: BaseTool | str, *arguments: dict[str, Any]) -> AIMessage:
    """A message that calls a tool, once for each dict of arguments, and tells its tokens."""
    name = tool if isinstance(tool, str) else tool.name
    asked = [{"name": name, "args": given, "id": f"call-{number}"} for number, given in enumerate(arguments)]
    return AIMessage("", tool_calls=asked, usage_metadata=TOKENS)


def says(text: str) -> AIMessage:
    """A message that calls no tool, which ends an agent, and tells its tokens."""
    return AIMessage(text, usage_metadata=TOKENS)


def answers_of(state: dict[str, Any]) -> list[ToolMessage]:
    """What the tools have told the model."""
    return [message for message in state["messages"] if isinstance(message, ToolMessage)]


def _result(answer: Any) -> ChatResult:
    message = answer.model_copy(deep=True) if isinstance(answer, AIMessage) else AIMessage(str(answer))
    return ChatResult(generations=[ChatGeneration(message=message)])
