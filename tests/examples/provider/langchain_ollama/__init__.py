"""Stands where `init_chat_model("ollama:...")` looks for a provider's package: a chat model that is scripted.

It notes every call in the file CALLS. As an adviser it hangs when the file HOLD is there.
"""

from __future__ import annotations

import asyncio
import os
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolCall, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

FINDING = {"severity": "high", "clause": "4.1", "problem": "negligence is left out"}


class ChatOllama(BaseChatModel):
    """Asks for a review of hosting.md, advises when it is asked for an opinion, and says what the review came to."""

    model: str
    tools: tuple[str, ...] = ()

    @property
    def _llm_type(self) -> str:
        return "scripted"

    def bind_tools(self, tools: Sequence[Any], **_: Any) -> Any:
        names = tuple(tool.__name__ if isinstance(tool, type) else tool.name for tool in tools)
        return self.model_copy(update={"tools": names})

    def _generate(self, *_: Any, **__: Any) -> ChatResult:
        raise NotImplementedError

    async def _agenerate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        reply = await self._reply(messages)
        return ChatResult(generations=[ChatGeneration(message=reply)])

    async def _reply(self, messages: list[BaseMessage]) -> AIMessage:
        if "Opinion" in self.tools:
            self._note(f"advises on {messages[-1].text.splitlines()[0]}")
            if Path(os.environ["HOLD"]).exists():
                await asyncio.Event().wait()
            return self._calling("Opinion", {"findings": [FINDING], "confidence": 0.9})
        if isinstance(messages[-1], ToolMessage):
            self._note("reads the review")
            return AIMessage(f"It came to: {messages[-1].text}")
        self._note(f"hears {messages[-1].text}")
        return self._calling("review_contract", {"contract": "hosting.md", "concern": "Are we liable?"})

    def _calling(self, tool: str, args: dict[str, Any]) -> AIMessage:
        return AIMessage("", tool_calls=[ToolCall(name=tool, args=args, id=f"call-{tool}")])

    def _note(self, what: str) -> None:
        with Path(os.environ["CALLS"]).open("a") as calls:
            calls.write(f"{what}\n")
