"""Telling errors that may pass from errors that stay, by type, status code and cause, never by their text."""

from __future__ import annotations

import errno
import sys
import traceback
from collections.abc import Iterator
from datetime import datetime
from email.utils import parsedate_to_datetime
from typing import TypeAlias

from langchain_core.exceptions import OutputParserException

from langgraph_quorum.nodes.branching.jsonable import keepable
from langgraph_quorum.state.errors import QuorumError
from langgraph_quorum.state.records import ErrorRecord

TRANSIENT_STATUS = frozenset({408, 409, 423, 425, 429, 500, 502, 503, 504, 529})
"""HTTP status codes after which trying again may help."""

_Named: TypeAlias = tuple[tuple[str, tuple[str, ...]], ...]
_TRANSPORT_ERRORS: _Named = (
    ("httpx", ("TransportError",)),
    ("requests", ("ConnectionError", "Timeout")),
    ("aiohttp", ("ClientConnectionError", "ServerTimeoutError")),
    ("psycopg", ("OperationalError",)),
    ("socket", ("gaierror",)),
    ("http.client", ("IncompleteRead",)),
    ("urllib3.exceptions", ("TimeoutError", "ProtocolError")),
    ("websockets.exceptions", ("ConnectionClosed",)),
    ("openai", ("APIConnectionError",)),
    ("anthropic", ("APIConnectionError",)),
    ("groq", ("APIConnectionError",)),
    ("langchain_core.exceptions", ("ModelConnectionError", "ModelTimeoutError", "ModelRateLimitError")),
)
_UNREACHABLE = frozenset({errno.ENETDOWN, errno.ENETUNREACH, errno.EHOSTDOWN, errno.EHOSTUNREACH})
_MISSHAPEN_ANSWERS: _Named = (("langchain.agents.structured_output", ("StructuredOutputError",)),)
_VALIDATION_ERRORS: _Named = (("pydantic", ("ValidationError",)), ("pydantic.v1", ("ValidationError",)))
_WITH_REASON: _Named = (("urllib.error", ("URLError",)), ("urllib3.exceptions", ("MaxRetryError",)))
"""Errors whose `reason` may be the error that they come from."""
_PARSERS = "langchain_core.output_parsers"
_CAUSES = 10
"""Errors that are looked at along one chain of causes."""
_LONGEST_S = 366 * 24 * 3600.0
_MESSAGE_LIMIT = 2000


def is_transient(error: BaseException, *, in_runnable: bool = False) -> bool:
    """The shipped rule: timeouts, broken connections, overloaded services and misshapen model answers pass.

    An error that itself says neither is judged by what it comes from; a group passes when all in it do. Everything
    else stays.

    Args:
        error: What was raised.
        in_runnable: Whether by a runnable. A `ValidationError` of pydantic then counts as a misshapen answer; elsewhere
            only where an output parser of LangChain raised it, since it is more likely a fault of the code.
    """
    return next((found for one in _chain(error) if (found := _verdict(one, in_runnable)) is not None), False)


def _verdict(error: BaseException, in_runnable: bool) -> bool | None:
    """Whether it may pass; None where the error itself does not say."""
    if isinstance(error, QuorumError):
        return False
    if isinstance(error, BaseExceptionGroup):
        return all(is_transient(inner, in_runnable=in_runnable) for inner in error.exceptions)
    if _is_broken_connection(error) or _is_misshapen_answer(error, in_runnable):
        return True
    code = _status_code(error)
    return None if code is None else code in TRANSIENT_STATUS


def _is_broken_connection(error: BaseException) -> bool:
    if isinstance(error, (TimeoutError, ConnectionError)) or _is_any_of(error, _TRANSPORT_ERRORS):
        return True
    return isinstance(error, OSError) and error.errno in _UNREACHABLE


def _is_misshapen_answer(error: BaseException, in_runnable: bool) -> bool:
    if isinstance(error, OutputParserException) or _is_any_of(error, _MISSHAPEN_ANSWERS):
        return True
    return _is_any_of(error, _VALIDATION_ERRORS) and (in_runnable or _is_of_parser(error))


def _chain(error: BaseException) -> Iterator[BaseException]:
    """The error, and what it says that it comes from."""
    for _ in range(_CAUSES):
        yield error
        reason = getattr(error, "reason", None) if _is_any_of(error, _WITH_REASON) else None
        below = reason if isinstance(reason, Exception) else error.__cause__
        if not isinstance(below, Exception):
            return
        error = below


def _status_code(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "status", "code"):
            code = getattr(holder, name, None)
            if isinstance(code, int) and not isinstance(code, bool) and 100 <= code < 600:  # noqa: PLR2004  HTTP's
                return code
    return None


def _is_any_of(error: BaseException, named: _Named) -> bool:
    """Whether it is of one of these types. A library that was never imported cannot have raised it."""
    for module_name, names in named:
        module = sys.modules.get(module_name)
        types = tuple(kind for name in names if isinstance(kind := getattr(module, name, None), type))
        if isinstance(error, types):
            return True
    return False


def _is_of_parser(error: BaseException) -> bool:
    """Whether an output parser of LangChain raised it, as `with_structured_output` does inside a function."""
    frames = traceback.walk_tb(error.__traceback__)
    return any(str(frame.f_globals.get("__name__")).startswith(_PARSERS) for frame, _ in frames)


def retry_after_s(error: BaseException, now: datetime) -> float | None:
    """Seconds a service asks to wait, from the `Retry-After` header of the error's response (RFC 9110, 10.2.3).

    Args:
        error: With `headers`, or a `response` that has them; or an error that comes from one, or a group of them.
        now: The present, with its zone.

    Returns:
        From 0 to a year, of a group the most; None when there is no such header, or it holds neither seconds nor a
        date.
    """
    for one in _chain(error):
        if isinstance(one, BaseExceptionGroup):
            each = [retry_after_s(inner, now) for inner in one.exceptions]
            return max((seconds for seconds in each if seconds is not None), default=None)
        said = _retry_after(one)
        if said is not None:
            return _seconds(said.strip(), now)
    return None


def _retry_after(error: BaseException) -> str | None:
    """The header as it stands. Not every library's headers are a `Mapping`: those of `urllib` are a message."""
    try:
        for holder in (getattr(error, "response", None), error):
            items = getattr(getattr(holder, "headers", None), "items", None)
            for name, value in items() if callable(items) else ():
                if str(name).lower() == "retry-after":
                    return str(value)
    except Exception:  # noqa: BLE001  headers of any shape: those that cannot be read say nothing
        return None
    return None


def _seconds(said: str, now: datetime) -> float | None:
    if said.isascii() and said.isdigit():
        return min(float(said), _LONGEST_S)
    try:
        seconds = (parsedate_to_datetime(said) - now).total_seconds()
    except (TypeError, ValueError, OverflowError):
        return None
    return min(max(0.0, seconds), _LONGEST_S)


def describe(error: BaseException, *, transient: bool) -> ErrorRecord:
    """An error as data: its type's name and its message, at most 2000 characters."""
    return ErrorRecord(type=type(error).__name__, message=message_of(error)[:_MESSAGE_LIMIT], transient=transient)


def message_of(error: BaseException) -> str:
    """An error's message, as text that can be kept."""
    try:
        message = str(error)
    except Exception as fault:  # noqa: BLE001  an error that cannot be printed is still an error to report
        message = f"its message cannot be read: {type(fault).__name__}"
    return keepable(message) or "no message"
