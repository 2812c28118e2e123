"""A misspelt keyword is refused with the one that was meant: Python's own error does not say it before 3.13."""

from __future__ import annotations

import functools
import inspect
from collections.abc import Callable
from typing import Any, TypeVar

from langgraph_quorum.state.errors import ConfigurationError
from langgraph_quorum.state.words import suggestion

C = TypeVar("C", bound=Callable[..., Any])


def suggesting(target: C) -> C:
    """The function, or the class, which raises `ConfigurationError` for a keyword that it does not know."""
    if isinstance(target, type):
        setattr(target, "__init__", _checked(target.__dict__["__init__"]))  # noqa: B010  a class is assigned to
        return target
    checked: C = _checked(target)
    return checked


def _checked(function: Any) -> Any:
    known = dict.fromkeys(inspect.signature(function).parameters)
    known.pop("self", None)

    @functools.wraps(function)
    def checked(*args: Any, **given: Any) -> Any:
        for keyword, value in given.items():
            if keyword not in known:
                raise ConfigurationError(keyword, value, suggestion(keyword, known))
        return function(*args, **given)

    return checked
