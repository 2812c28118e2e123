"""Writing the register of runs: what was started under which thread, how it ended, and what is asked of its driver."""

from __future__ import annotations

import json
import re
from collections.abc import Awaitable, Callable, Collection, Mapping, Sequence
from typing import Any

from langgraph_quorum.orchestration.persistence.artifacts.collecting import copy_references, refer
from langgraph_quorum.orchestration.persistence.faults import database_errors
from langgraph_quorum.orchestration.persistence.fence import hold_token
from langgraph_quorum.orchestration.persistence.pool import Connection, Pool, borrowed
from langgraph_quorum.orchestration.persistence.saving.patience import patiently
from langgraph_quorum.orchestration.persistence.sealed_register import sealed_options, sealed_task
from langgraph_quorum.orchestration.persistence.sealing import Sealer
from langgraph_quorum.orchestration.persistence.stored_run import Request, RunStatus, StoredRun, check_status
from langgraph_quorum.state.errors import ConfigurationError, ThreadNotFoundError

_TAG_CHARACTERS = 100
_TAGS = 50
_NUL = re.compile(r"(?<!\\)(?:\\\\)*\\u0000")


async def record_start(
    pool: Pool,
    thread_id: str,
    *,
    workflow: str,
    task: str,
    options: Mapping[str, Any] | None = None,
    tags: Sequence[str] | None = None,
    seen: Request | None = None,
    artifacts: Collection[str] = (),
    token: int | None = None,
    sealer: Sealer | None = None,
) -> None:
    """Enter a run as running; a thread that is entered again keeps its first start.

    Args:
        pool: A pool of the migrated database.
        thread_id: The thread it runs under.
        workflow: The workflow's name.
        task: What it is to do; what Postgres cannot keep in it (NUL, lone surrogates) becomes a question mark.
        options: JSON values needed to resume it.
        tags: What it can be found by; None keeps those it has.
        seen: What was asked of its last driver when it was looked up: that is done with. What was asked since stays.
        artifacts: Addresses that its input refers to: they are kept as long as the run is.
        token: The lease's token; with it, an overtaken driver cannot write.
        sealer: Encrypts task and options.

    Raises:
        ConfigurationError: `options` is not JSON, or `tags` are no tags.
        LeaseLostError: The thread has been taken over.
        DatabaseError: The register cannot be written.
    """
    values = {
        "thread_id": thread_id,
        "workflow": workflow,
        **_told(thread_id, task, options, sealer),
        "tags": None if tags is None else checked_tags(tags),
        "seen": seen,
    }

    async def start(connection: Connection) -> None:
        await connection.execute(pool.statements("runs")["start"], values)
        await refer(connection, pool, thread_id, artifacts)

    await _fenced(pool, f"storing run {thread_id!r}", thread_id, token, start)


async def record_end(
    pool: Pool, thread_id: str, status: RunStatus, *, reason: str | None = None, token: int | None = None
) -> None:
    """Enter how a run ended, or that it waits for answers. What its driver was asked to do is done with it.

    Args:
        pool: A pool of the migrated database.
        thread_id: The thread.
        status: How it stands now.
        reason: Why, never encrypted; None keeps what was given with a request to cancel.
        token: The lease's token; with it, an overtaken driver cannot write.

    Raises:
        ConfigurationError: Not one of the known statuses.
        ThreadNotFoundError: The thread was never entered.
        LeaseLostError: `token` is given and the thread has been taken over.
        DatabaseError: The register cannot be written.
    """
    check_status(status)
    values = {"thread_id": thread_id, "status": status, "reason": None if reason is None else _storable(reason)}

    async def end(connection: Connection) -> None:
        if await (await connection.execute(pool.statements("runs")["end"], values)).fetchone() is None:
            raise ThreadNotFoundError(thread_id)

    await _fenced(pool, f"storing the end of run {thread_id!r}", thread_id, token, end)


async def record_fork(
    pool: Pool,
    thread_id: str,
    status: RunStatus,
    *,
    source: StoredRun,
    checkpoint_id: str,
    token: int,
    sealer: Sealer | None = None,
) -> None:
    """Enter a copy of another run, which nobody has driven yet.

    It has that run's workflow, task, options and tags, and refers to the same artifacts.

    Args:
        pool: A pool of the migrated database.
        thread_id: The copy's thread.
        status: How it stands.
        source: The run it was copied from, opened.
        checkpoint_id: Where it was copied.
        token: The lease's token on the copy's thread.
        sealer: Encrypts task and options.

    Raises:
        LeaseLostError: The thread has been taken over.
        ThreadNotFoundError: The other run was deleted meanwhile: nobody would keep its artifacts for the copy.
        DatabaseError: The register cannot be written.
    """
    values = {
        "thread_id": thread_id,
        "status": status,
        "workflow": source.workflow,
        **_told(thread_id, source.task, source.options, sealer),
        "tags": list(source.tags),
        "forked_from": source.thread_id,
        "forked_checkpoint": checkpoint_id,
    }

    async def enter(connection: Connection) -> None:
        sql = pool.statements("runs")
        if await (await connection.execute(sql["keep"], {"thread_id": source.thread_id})).fetchone() is None:
            raise ThreadNotFoundError(source.thread_id)
        await connection.execute(sql["fork"], values)
        await copy_references(connection, pool, source.thread_id, thread_id)

    await _fenced(pool, f"storing run {thread_id!r}", thread_id, token, enter)


async def ask_driver(pool: Pool, thread_id: str, request: Request, reason: str | None = None) -> bool:
    """Leave a request for whoever drives this run, seen at the driver's next heartbeat.

    A request to cancel is not taken back by one to drain.

    Returns:
        Whether the run was entered as running. If not, there is nobody who would look.
    """
    values = {"thread_id": thread_id, "request": request, "reason": None if reason is None else _storable(reason)}
    async with borrowed(pool, f"asking for thread {thread_id!r} to stop") as connection:
        return await (await connection.execute(pool.statements("runs")["ask"], values)).fetchone() is not None


def checked_tags(tags: Collection[str]) -> list[str]:
    """Tags in their order, each once.

    Raises:
        ConfigurationError: They are no list of short texts that Postgres can keep.
    """
    mend = f"give a list of at most {_TAGS} texts of 1 to {_TAG_CHARACTERS} characters"
    if isinstance(tags, str) or not isinstance(tags, Collection) or len(tags) > _TAGS:
        raise ConfigurationError("tags", tags, mend)
    for tag in tags:
        if not isinstance(tag, str) or not 0 < len(tag) <= _TAG_CHARACTERS or _storable(tag) != tag:
            raise ConfigurationError("tags", tag, mend)
    return list(dict.fromkeys(tags))


async def _fenced(
    pool: Pool, doing: str, thread_id: str, token: int | None, write: Callable[[Connection], Awaitable[None]]
) -> None:
    """Write under the lease, and again where a broken connection left it open whether it was written."""

    async def once() -> None:
        async with pool.connection() as connection, connection.transaction():
            await hold_token(connection, pool, thread_id, token)
            await write(connection)

    with database_errors(doing):
        await patiently(doing, once)


def _told(thread_id: str, task: str, options: Mapping[str, Any] | None, sealer: Sealer | None) -> dict[str, str]:
    """What a run was told, as it is stored."""
    return {
        "task": sealed_task(sealer, thread_id, _storable(task)),
        "options": sealed_options(sealer, thread_id, _options_text(options)),
    }


def _options_text(options: Mapping[str, Any] | None) -> str:
    try:
        text = json.dumps(dict(options or {}), allow_nan=False, ensure_ascii=False)
        text.encode()  # refuses lone surrogates
    except (TypeError, ValueError) as error:
        raise ConfigurationError("options", list(options or ()), f"give JSON values only ({error})") from error
    if _NUL.search(text):
        raise ConfigurationError("options", list(options or ()), "Postgres keeps no NUL character in JSON")
    return text


def _storable(text: str) -> str:
    return text.replace("\x00", "?").encode("utf-8", "replace").decode("utf-8")
