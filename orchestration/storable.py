"""What is given to a run and cannot be stored, named by its path in what was given, before anything is started."""

from __future__ import annotations

import reprlib
from collections.abc import Iterator, Mapping
from functools import partial
from typing import Any

from langgraph.checkpoint.base import BaseCheckpointSaver

from langgraph_quorum.nodes.branching.threads import in_thread
from langgraph_quorum.state.errors import AnswerError, ConfigurationError

_MEND = "give JSON, a message, a dataclass or a pydantic model"
_DEEPEST = 100


async def check_input_kept(values: Mapping[str, Any], saver: Any) -> None:
    """Refuse an input that the saver could not write.

    Raises:
        ConfigurationError: naming the path, such as `work[0].payload.o`.
    """
    for name, value in values.items():
        if found := await _unstorable(value, str(name), saver):
            path, part, why = found
            raise ConfigurationError(path, part, f"it cannot be stored ({why}): {_MEND}")


async def check_answers_kept(answers: Mapping[str, Any], saver: Any) -> None:
    """Refuse answers that the saver could not write.

    Raises:
        AnswerError: naming the question, and the path in its answer.
    """
    for name, value in answers.items():
        if found := await _unstorable(value, "answer", saver):
            path, part, why = found
            raise AnswerError(
                f"the answer to question {name!r} cannot be stored: {path}={reprlib.repr(part)} ({why}): {_MEND}"
            )


async def _unstorable(value: Any, path: str, saver: Any) -> tuple[str, Any, str] | None:
    """Where in the value the first part stands that cannot be stored, the part, and why not."""
    if not isinstance(saver, BaseCheckpointSaver):
        return None
    return await in_thread(partial(_first, saver, value, path), name="storable")


def _first(saver: BaseCheckpointSaver[Any], value: Any, path: str, depth: int = 0) -> tuple[str, Any, str] | None:
    try:
        saver.serde.dumps_typed(value)
    except (TypeError, ValueError, OverflowError, RecursionError) as error:
        why = str(error) or type(error).__name__
    else:
        return None
    for where, part in _parts(value) if depth < _DEEPEST else ():
        if found := _first(saver, part, f"{path}{where}", depth + 1):
            return found
    return path, value, why


def _parts(value: Any) -> Iterator[tuple[str, Any]]:
    if isinstance(value, Mapping):
        yield from ((f".{name}", part) for name, part in value.items())
    elif isinstance(value, (list, tuple)):
        yield from ((f"[{position}]", part) for position, part in enumerate(value))
