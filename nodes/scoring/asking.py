"""Asking a chat model for an answer of a given form: as structured output where it has it, else as JSON; one retry."""

from __future__ import annotations

import json
import re
from collections.abc import Callable, Sequence
from typing import Any, Generic, TypeVar

from langchain_core.language_models import LanguageModelInput
from langchain_core.messages import BaseMessage, HumanMessage
from langchain_core.runnables import Runnable, RunnableConfig
from langgraph.constants import TAG_NOSTREAM
from langgraph.errors import GraphBubbleUp
from pydantic import BaseModel, ValidationError

from langgraph_quorum.nodes.scoring.quality import shortened
from langgraph_quorum.nodes.scoring.usage import Usage
from langgraph_quorum.state.errors import ConfigurationError, QuorumError

Form = TypeVar("Form", bound=BaseModel)

_FENCED = re.compile(r"```(?:json)?\s*\n(.*?)```", re.DOTALL)
_SILENT: RunnableConfig = {"tags": [TAG_NOSTREAM], "run_name": "quorum_judge"}
"""Keeps the tokens of the model out of the stream of the graph that it is asked in."""


class ModelAnswerError(QuorumError):
    """A model's answer cannot be used. The message says why, in words that the model can be told."""


def check_model(model: Any) -> None:
    """Refuse what cannot be asked.

    Raises:
        ConfigurationError: naming the mend.
    """
    if not isinstance(model, Runnable):
        raise ConfigurationError("model", model, "give a LangChain chat model, for instance init_chat_model('...')")


class Questioner(Generic[Form]):
    """Asks one model for answers of one form.

    Args:
        model: A chat model.
        form: The form of an answer.
        check: Raises `ModelAnswerError` for an answer of the right form that cannot be right.
    """

    def __init__(
        self, model: Runnable[LanguageModelInput, Any], form: type[Form], check: Callable[[Form], None]
    ) -> None:
        self._model, self._form, self._check = model, form, check
        self._structured = _structured(model, form)

    async def ask(self, messages: Sequence[BaseMessage], usage: Usage) -> Form:
        """The answer, checked. Where the first cannot be used, or its call fails, the second is asked for as JSON.

        Args:
            messages: What is asked.
            usage: Takes down what the calls have taken.

        Raises:
            ModelAnswerError: the second answer cannot be used either.
            Exception: what the second call of the model raised.
        """
        try:
            if self._structured is None:
                return await self._in_json(messages, usage)
            return await self._in_structure(messages, usage, self._structured)
        except GraphBubbleUp:
            raise
        except ModelAnswerError as error:
            problem = f"An earlier answer could not be used: {error}. "
        except Exception:  # noqa: BLE001  a model may refuse structured output and still answer
            problem = ""
        return await self._in_json(messages, usage, problem)

    async def _in_structure(
        self, messages: Sequence[BaseMessage], usage: Usage, structured: Runnable[LanguageModelInput, Any]
    ) -> Form:
        usage.begin()
        answer = await structured.ainvoke(list(messages), _SILENT)
        if isinstance(answer, dict) and "parsed" in answer:
            usage.told(answer.get("raw"))
            answer = answer["parsed"]
        return self._formed(answer)

    async def _in_json(self, messages: Sequence[BaseMessage], usage: Usage, problem: str = "") -> Form:
        schema = json.dumps(self._form.model_json_schema())
        wanted = f"{problem}Answer with one JSON object and nothing else. Its JSON schema: {schema}"
        usage.begin()
        answer = await self._model.ainvoke([*messages, HumanMessage(wanted)], _SILENT)
        usage.told(answer)
        return self._formed(_json_in(str(answer.text) if isinstance(answer, BaseMessage) else str(answer)))

    def _formed(self, value: Any) -> Form:
        try:
            found = self._form.model_validate(value)
        except ValidationError as error:
            first = error.errors(include_url=False, include_input=False)[0]
            where = ".".join(map(str, first["loc"])) or "the answer"
            raise ModelAnswerError(f"{where}: {shortened(first['msg'], 100)}") from error
        self._check(found)
        return found


def _json_in(text: str) -> Any:
    """The JSON in a text: all of it, what is fenced, or what is in braces."""
    fenced = _FENCED.search(text)
    for part in (text, fenced.group(1) if fenced else "", text[text.find("{") : text.rfind("}") + 1]):
        try:
            return json.loads(part)
        except (ValueError, RecursionError):
            continue
    raise ModelAnswerError("it is not JSON" if text.strip() else "it is empty")


def _structured(model: Any, form: type[BaseModel]) -> Runnable[LanguageModelInput, Any] | None:
    """The model with structured output, None when it has none."""
    offer = getattr(model, "with_structured_output", None)
    if offer is None:
        return None
    try:
        found = offer(form, include_raw=True)
    except (NotImplementedError, TypeError, ValueError):
        return None
    return found if isinstance(found, Runnable) else None
