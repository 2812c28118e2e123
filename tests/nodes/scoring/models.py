"""Chat models that follow a script."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from typing import Any

from langchain_core.callbacks import AsyncCallbackManagerForLLMRun, CallbackManagerForLLMRun
from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage
from langchain_core.outputs import ChatGeneration, ChatResult
from langchain_core.runnables import Runnable
from langchain_core.tools import BaseTool
from pydantic import Field

TOKENS = {"input_tokens": 100, "output_tokens": 20, "total_tokens": 120}


class Scripted(BaseChatModel):
    """Gives its answers one after the other: a text, a message, an error to raise, or seconds to hang."""

    answers: list[Any]
    heard: list[list[BaseMessage]] = Field(default_factory=list)

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def _next(self, messages: list[BaseMessage]) -> Any:
        self.heard.append(messages)
        answer = self.answers[len(self.heard) - 1]
        if isinstance(answer, Exception):
            raise answer
        return answer

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


def calls(name: str, args: dict[str, Any]) -> AIMessage:
    """A message that calls a tool."""
    return AIMessage("", tool_calls=[{"name": name, "args": args, "id": "1"}], usage_metadata=TOKENS)


def says(text: str) -> AIMessage:
    """A message that tells its tokens."""
    return AIMessage(text, usage_metadata=TOKENS)


def _result(answer: Any) -> ChatResult:
    message = answer if isinstance(answer, AIMessage) else AIMessage(str(answer))
    return ChatResult(generations=[ChatGeneration(message=message)])
