"""Telling errors that may pass from errors that stay, by type and status code, never by their text."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime

from langchain_core.exceptions import OutputParserException

from langgraph_quorum.nodes.branching.jsonable import keepable
from langgraph_quorum.state.errors import QuorumError
from langgraph_quorum.state.records import ErrorRecord

TRANSIENT_STATUS = frozenset({408, 409, 423, 425, 429, 500, 502, 503, 504, 529})
"""HTTP status codes after which trying again may help."""

_TRANSPORT_ERRORS = (
    ("httpx", ("TransportError",)),
    ("requests", ("ConnectionError", "Timeout")),
    ("aiohttp", ("ClientConnectionError", "ServerTimeoutError")),
    ("psycopg", ("OperationalError",)),
)
_MESSAGE_LIMIT = 2000


def _status_code(error: BaseException) -> int | None:
    for holder in (error, getattr(error, "response", None)):
        for name in ("status_code", "status", "code"):
            code = getattr(holder, name, None)
            if isinstance(code, int) and not isinstance(code, bool):
                return code
    return None


def _is_transport_error(error: BaseException) -> bool:
    """Whether a client library calls it a transport error. A library that was never imported cannot have raised it."""
    for module_name, names in _TRANSPORT_ERRORS:
        module = sys.modules.get(module_name)
        types = tuple(kind for name in names if isinstance(kind := getattr(module, name, None), type))
        if isinstance(error, types):
            return True
    return False


def is_transient(error: BaseException) -> bool:
    """The shipped rule: timeouts, broken connections, overloaded services and misshapen model answers pass.

    Everything else stays.
    """
    if isinstance(error, QuorumError):
        return False
    if isinstance(error, OutputParserException):
        return True
    code = _status_code(error)
    if code is not None:
        return code in TRANSIENT_STATUS
    return isinstance(error, (TimeoutError, ConnectionError)) or _is_transport_error(error)


def retry_after_s(error: BaseException, now: datetime) -> float | None:
    """Seconds a service asks to wait, from the `Retry-After` header of the error's response (RFC 9110, 10.2.3).

    Args:
        error: With `headers`, or a `response` that has them.
        now: The present, with its zone.

    Returns:
        From 0; None when there is no such header, or it holds neither seconds nor a date.
    """
    for holder in (getattr(error, "response", None), error):
        headers = getattr(holder, "headers", None)
        if not isinstance(headers, Mapping):
            continue
        said = next((str(value) for name, value in headers.items() if str(name).lower() == "retry-after"), None)
        if said is not None:
            return _seconds(said.strip(), now)
    return None


def _seconds(said: str, now: datetime) -> float | None:
    if said.isascii() and said.isdigit():
        return float(said)
    try:
        return max(0.0, (parsedate_to_datetime(said) - now).total_seconds())
    except (TypeError, ValueError):
        return None


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
