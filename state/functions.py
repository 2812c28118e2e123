"""What a function that is given must be like, where the package calls it and does not await what it gives."""

from __future__ import annotations

import inspect
from collections.abc import Iterable

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.words import kind_of


def is_async(function: object) -> bool:
    """Whether calling it gives something to be awaited. A function that only returns what another gives is not seen."""
    called = getattr(function, "func", function)
    return any(inspect.iscoroutinefunction(one) for one in (called, getattr(called, "__call__", None)))  # noqa: B004


def takes_one(function: object, filled_in: Iterable[str] = ()) -> bool:
    """Whether it can be called with one argument and these by name. A function in C that does not say is believed.

    Args:
        function: Anything.
        filled_in: Names of parameters that whoever calls it gives besides.
    """
    if not callable(function):
        return False
    try:
        parameters = inspect.signature(function)
    except (TypeError, ValueError):
        return True
    try:
        parameters.bind(None, **dict.fromkeys(filled_in))
    except TypeError:
        return False
    return True


def yes(answer: object) -> bool:
    """What a plain function that was asked has said.

    Raises:
        TypeError: it gave something to be awaited, as one does that only returns what an async one gives.
    """
    if inspect.isawaitable(answer):
        if inspect.iscoroutine(answer):
            answer.close()
        raise TypeError(f"it gave {kind_of(answer)}, which is not awaited: give a function that says yes or no")
    return bool(answer)


def require_plain(
    field: str, function: object, what: str = "a plain function", error: type[ConfigurationError] = ConfigurationError
) -> None:
    """Refuse what cannot be called, and what would have to be awaited: a coroutine counts as true, and as a value.

    Raises:
        ConfigurationError: of the kind given, naming the field; the mend asks for `what`.
    """
    if not callable(function) or is_async(function):
        raise error(field, function, f"give {what}, not an async one: it is not awaited")
