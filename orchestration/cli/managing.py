"""`quorum fork`, `quorum cancel` and `quorum delete`."""

from __future__ import annotations

import sys
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import typer

from langgraph_quorum.orchestration.cli.databases import database_to_read
from langgraph_quorum.orchestration.cli.exits import APPROVED, FAILED, RefusedError, complain
from langgraph_quorum.orchestration.cli.review_answers import parsed
from langgraph_quorum.orchestration.cli.sealed import saver_of
from langgraph_quorum.orchestration.cli.thread_ids import checked_thread, command_for
from langgraph_quorum.orchestration.cli.threads import analyses, any_run, known_run, settings_of
from langgraph_quorum.orchestration.cli.words import seconds
from langgraph_quorum.orchestration.persistence.runs import get_run
from langgraph_quorum.state.errors import ConfigurationError, ThreadBusyError

_FLAGS = {"checkpoint_id": "--checkpoint", "into": "--into", "as_node": "--as-node"}


@dataclass(frozen=True, slots=True)
class Copy:
    """What was asked for on the command line.

    Attributes:
        checkpoint_id: Which state; None for the latest.
        into: The copy's thread; None for a new one.
        values: Fields of the state that are different, as they were typed.
        as_node: What they are to come from.
    """

    checkpoint_id: str | None
    into: str | None
    values: str | None
    as_node: str | None


async def fork_run(dsn: str | None, thread: str, wanted: Copy) -> int:
    """Copy the run, print the copy's thread, and return the exit code.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        RefusedError: the checkpoint does not exist, the target does, the values do not fit, or a Python program started
            the run.
        QuorumError: the database cannot be used.
    """
    thread_id = checked_thread(thread)
    target = None if wanted.into is None else checked_thread(wanted.into)
    values = _values(wanted)
    async with database_to_read(dsn) as pool:
        stored = await known_run(pool, thread_id, "fork")
        async with analyses(pool, settings_of(stored)) as orchestrator:
            try:
                copy = await orchestrator.fork(
                    thread_id, wanted.checkpoint_id, values=values, as_node=wanted.as_node, into=target
                )
                ended = (await get_run(pool, copy)).ended
            except ConfigurationError as error:
                flag = _FLAGS.get(error.field)
                told = f"--values: {error}" if flag is None else f"{flag} {error.value}: {error.mend}"
                raise RefusedError(told) from error
    sys.stdout.write(f"{copy}\n")
    sys.stdout.flush()
    if ended:
        earlier = command_for("history", thread_id, dsn_given=dsn is not None)
        complain(f"the copy stands at the run's end, nothing is left to do in it: take a --checkpoint of {earlier}")
    else:
        complain(f"nothing runs yet, go on with: {command_for('resume', copy, dsn_given=dsn is not None)}")
    return APPROVED


def _values(wanted: Copy) -> Mapping[str, Any] | None:
    if wanted.values is None:
        if wanted.as_node is not None:
            raise RefusedError("--as-node: give it together with --values")
        return None
    values = parsed(wanted.values, "--values")
    if not isinstance(values, dict) or not values:
        raise RefusedError("--values: give a JSON object of the fields that are different")
    return values


async def cancel_run(dsn: str | None, thread: str, reason: str | None, wait_s: float | None) -> int:
    """Cancel the run, say how it stands, and return the exit code: 4 when it did not stop within the wait.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        QuorumError: the database cannot be used.
    """
    from langgraph_quorum.orchestration.cancelling import cancel_thread  # noqa: PLC0415

    thread_id = checked_thread(thread)
    async with database_to_read(dsn) as pool:
        before = await any_run(pool, thread_id)
        after = await cancel_thread(pool, thread_id, reason=reason, wait_s=wait_s or 0.0)
    if after.status == "cancelled":
        words = "was cancelled before" if before.status == "cancelled" else "cancelled, what is finished is kept"
    elif after.ended:
        when = "has ended already" if before.ended else "ended before it could be cancelled"
        words = f"{when}: {after.status}"
    elif wait_s:
        raise RefusedError(
            f"thread {thread_id!r} has not stopped within {seconds(wait_s)}: it was asked to, look again with"
            f" {command_for('show', thread_id, dsn_given=dsn is not None)}",
            code=FAILED,
        )
    else:
        words = "asked to stop, its driver sees that within seconds (--wait 30s waits for it)"
    sys.stdout.write(f"{thread_id}: {words}\n")
    return APPROVED


async def drain_run(dsn: str | None, thread: str, wait_s: float | None) -> int:
    """Ask the run's driver to stop with what is finished, say how it stands, and return the exit code.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        QuorumError: the database cannot be used.
    """
    from langgraph_quorum.orchestration.cancelling import drain_thread  # noqa: PLC0415

    thread_id = checked_thread(thread)
    async with database_to_read(dsn) as pool:
        await any_run(pool, thread_id)
        after = await drain_thread(pool, thread_id, wait_s=wait_s or 0.0)
    if after.status != "running":
        sys.stdout.write(f"{thread_id}: {after.status}\n")
        return APPROVED
    if wait_s:
        raise RefusedError(
            f"thread {thread_id!r} has not stopped within {seconds(wait_s)}: it was asked to", code=FAILED
        )
    sys.stdout.write(f"{thread_id}: asked to stop, its driver sees that within seconds (--wait 30s waits for it)\n")
    return APPROVED


async def check_stored(dsn: str | None, thread: str) -> int:
    """Look for the run, and return the exit code.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        RefusedError: the thread makes no sense, or there is one with nearly this name.
        QuorumError: the database cannot be used.
    """
    thread_id = checked_thread(thread)
    async with database_to_read(dsn) as pool:
        await any_run(pool, thread_id)
    return APPROVED


def checked_deletion(thread: str, *, yes: bool) -> bool:
    """Whether the run is to be deleted, asked of the person at the terminal.

    Raises:
        RefusedError: the thread makes no sense, or there is nobody to ask.
    """
    thread_id = checked_thread(thread)
    if yes:
        return True
    if not sys.stdin.isatty():
        raise RefusedError(f"delete {thread_id}: there is no terminal to ask on: add --yes")
    return typer.confirm(f"delete all that the database holds of thread {thread_id!r}?", err=True)


async def delete_run(dsn: str | None, thread: str) -> int:
    """Delete the run, and return the exit code.

    Raises:
        ThreadNotFoundError: nothing is stored under this thread.
        RefusedError: somebody drives it.
        QuorumError: the database cannot be used.
    """
    from langgraph_quorum.orchestration.pruning import delete_thread  # noqa: PLC0415

    thread_id = checked_thread(thread)
    async with database_to_read(dsn) as pool:
        await any_run(pool, thread_id)
        try:
            await delete_thread(pool, saver_of(pool), thread_id)
        except ThreadBusyError as error:
            first = command_for("cancel", thread_id, dsn_given=dsn is not None)
            raise RefusedError(
                f"thread {thread_id!r} is being run by {error.owner}: first {first} --wait 30s"
            ) from error
    sys.stdout.write(f"{thread_id}: deleted\n")
    return APPROVED
