"""Thread ids as people may give them, and as a shell takes them back."""

from __future__ import annotations

import shlex

from langgraph_quorum.orchestration.cli.exits import RefusedError

_LONGEST = 200


def checked_thread(thread_id: str) -> str:
    """The same id, when it can be stored, printed and typed again.

    Raises:
        RefusedError: it is empty, too long, starts with a dash, or holds characters that cannot be seen.
    """
    mend = f"give 1 to {_LONGEST} visible characters, spaces inside at most"
    if not thread_id.strip() or thread_id != thread_id.strip():
        raise RefusedError(f"thread {thread_id!r} is empty, or begins or ends with a space: {mend}")
    if len(thread_id) > _LONGEST:
        raise RefusedError(f"thread {thread_id[:20] + '…'!r} has {len(thread_id)} characters: {mend}")
    if not thread_id.isprintable():
        raise RefusedError(f"thread {thread_id!r} holds characters that cannot be seen or stored: {mend}")
    if thread_id.startswith("-"):
        raise RefusedError(f"thread {thread_id!r} looks like an option: let it begin with another character")
    return thread_id


def command_for(verb: str, thread_id: str, *, dsn_given: bool) -> str:
    """The command line that does something with this thread; a DSN is not repeated, for it may hold a password."""
    return f"quorum {verb} {shlex.quote(thread_id)}" + (" --dsn ..." if dsn_given else "")
