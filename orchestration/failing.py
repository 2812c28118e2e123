"""Why a graph has failed, in one line that may be kept in the register."""

from __future__ import annotations

import re

from langgraph_quorum.orchestration.persistence.dsn import scrub
from langgraph_quorum.orchestration.persistence.pool import Pool

_CHARACTERS = 300
_LOGIN = re.compile(r"://[^/\s@]+@")


def why_failed(error: BaseException, pool: Pool, *, sealed: bool) -> str:
    """The error's type and message, such as `ValueError: boom`, in at most 300 characters.

    Secrets of the database's DSN, and logins in addresses, are `***`. Of a run that is stored encrypted only the type
    is told, for reasons are not encrypted and a message may quote what was worked on.

    Args:
        error: What the graph raised.
        pool: The database.
        sealed: Whether the run is stored encrypted.
    """
    kind = type(error).__name__
    if sealed:
        return kind
    said = _LOGIN.sub("://***@", scrub(str(error), str(pool.conninfo)))
    text = f"{kind}: {said}" if said else kind
    return text if len(text) <= _CHARACTERS else f"{text[: _CHARACTERS - 3]}..."
