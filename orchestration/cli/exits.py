"""How the command ends: its exit codes, and the one line that says what is wrong and how to mend it."""

from __future__ import annotations

import sys
from typing import assert_never

from langgraph_quorum.orchestration.cli.words import printable
from langgraph_quorum.state.errors import BlockedTypeError, DatabaseError, LeaseLostError, QuorumError
from langgraph_quorum.state.records import RunStatus

APPROVED = 0
WRONG = 2
"""Wrong usage or input."""
PARTIAL = 3
FAILED = 4
"""A critical failure, or the environment failed: the database, the disk."""
WAITING = 5
"""A human is asked."""
CANCELLED = 6
"""Somebody has cancelled the run: only `quorum resume` goes on with it."""
INTERRUPTED = 130
"""Stopped by Ctrl-C, after a drain."""

_ENVIRONMENT = (DatabaseError, LeaseLostError, BlockedTypeError)


class RefusedError(QuorumError):
    """The command cannot be done as it was given. One line for each thing that is wrong."""

    def __init__(self, *lines: str, code: int = WRONG) -> None:
        self.lines, self.code = lines, code
        super().__init__("; ".join(lines))


def code_of_status(status: RunStatus) -> int:
    """The exit code for a run that stands like this."""
    match status:
        case "approved":
            return APPROVED
        case "partial":
            return PARTIAL
        case "failed":
            return FAILED
        case "waiting":
            return WAITING
        case "cancelled":
            return CANCELLED
        case "running" | "interrupted":
            return INTERRUPTED
    assert_never(status)


def code_of_error(error: QuorumError) -> int:
    """The exit code for an error: 4 when the environment failed, else 2."""
    if isinstance(error, RefusedError):
        return error.code
    return FAILED if isinstance(error, _ENVIRONMENT) else WRONG


def complain(error: QuorumError | str) -> None:
    """Say on standard error what is wrong, one line each, whatever stands in it."""
    lines = error.lines if isinstance(error, RefusedError) else (str(error),)
    for line in lines:
        sys.stderr.write(f"quorum: {printable(line)}\n")
    sys.stderr.flush()
