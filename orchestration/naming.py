"""What threads may be called."""

from __future__ import annotations

import re
import secrets

from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError

NOT_STORABLE = re.compile("[\0\ud800-\udfff]")
"""Postgres keeps neither NUL nor lone surrogates."""
MOST_BYTES = 2000
"""Of a thread's id in UTF-8. An index takes 2704 for all that names a row: thread, nested graphs, field and version."""


def new_thread_id() -> str:
    """An id that no run has had: 80 random bits, since a run that began under another's id would give its result."""
    return secrets.token_hex(10)


def check_thread_id(thread_id: str, field: str = "thread_id") -> str:
    """Refuse what cannot name a thread, and what may turn out to be too long only when its run is stored.

    Raises:
        ConfigurationError: naming the field.
    """
    if not is_name(thread_id):
        raise ConfigurationError(field, thread_id, "give a string that is not empty, without NUL and lone surrogates")
    if len(thread_id.encode()) > MOST_BYTES:
        raise ConfigurationError(field, f"{thread_id[:40]}...", f"give one of at most {MOST_BYTES} bytes")
    return thread_id


def check_stored(thread_id: str) -> None:
    """Refuse an id that no thread can be stored under.

    Raises:
        ThreadNotFoundError: it is no text that Postgres keeps.
    """
    if not is_name(thread_id):
        raise ThreadNotFoundError(thread_id)


def is_name(text: object) -> bool:
    """Whether Postgres can keep it as a name: a text that is not empty and holds neither NUL nor lone surrogates."""
    return isinstance(text, str) and bool(text) and NOT_STORABLE.search(text) is None
