"""Errors of a batch that name the value that is large in it: how large it is may be all that is wrong."""

from __future__ import annotations

from collections.abc import Sequence

import psycopg

from langgraph_quorum.orchestration.persistence.faults import query_fault
from langgraph_quorum.orchestration.persistence.saving.calls import Call
from langgraph_quorum.orchestration.persistence.saving.exchange import LARGE_BYTES

_DOING = "storing checkpoints"


def doing(batch: Sequence[Call]) -> str:
    """What is attempted, as the beginning of an error.

    Args:
        batch: At least one call; one that is large is alone.
    """
    rows = batch[0].rows
    if len(batch) > 1 or rows is None or rows.size_bytes < LARGE_BYTES:
        return _DOING
    channel, size = rows.largest
    return f"storing {size} bytes of the state's field {channel!r} of thread {batch[0].thread_id!r}"


def named(error: Exception, batch: Sequence[Call]) -> Exception:
    """The error itself; for a batch that is large, a `DatabaseError` that names thread, field and size."""
    attempted = doing(batch)
    if attempted == _DOING or not isinstance(error, psycopg.Error):
        return error
    fault = query_fault(error, attempted)
    fault.__cause__ = error
    return fault
