"""A stand-in for a chat model, to try the desk without a key. It knows one thing: to have contracts reviewed."""

import re
from itertools import takewhile
from typing import Any

from langchain_core.language_models import BaseChatModel
from langchain_core.messages import AIMessage, BaseMessage, ToolMessage
from langchain_core.outputs import ChatGeneration, ChatResult

FILE = re.compile(r"[\w-]+\.md")


class OfflineModel(BaseChatModel):
    """Asks for a review of each file that the user names, and repeats what comes of it."""

    @property
    def _llm_type(self) -> str:
        return "offline"

    def bind_tools(self, *_: Any, **__: Any) -> "OfflineModel":
        """It calls `review_contract`, whatever there is."""
        return self

    def _generate(self, messages: list[BaseMessage], *_: Any, **__: Any) -> ChatResult:
        answers = [*takewhile(lambda message: isinstance(message, ToolMessage), reversed(messages))]
        reply = AIMessage("\n\n".join(one.text for one in reversed(answers))) if answers else _asking(messages[-1].text)
        return ChatResult(generations=[ChatGeneration(message=reply)])


def _asking(text: str) -> AIMessage:
    names = dict.fromkeys(FILE.findall(text))
    if not names:
        return AIMessage("I am not a real model. Name a contract, such as hosting.md, and I have it reviewed.")
    calls = [{"name": "review_contract", "args": {"contract": name}, "id": f"review-{name}"} for name in names]
    return AIMessage("", tool_calls=calls)
