"""A saver is of one event loop: other threads have its sync methods, another loop is refused."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from typing import Any

import pytest
from langchain_core.runnables import RunnableConfig
from langgraph.checkpoint.base import empty_checkpoint

from langgraph_quorum.orchestration.persistence.saving.group_commit import GroupCommitSaver
from langgraph_quorum.state.errors import ConfigurationError

LATEST: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": ""}}
AT: RunnableConfig = {"configurable": {"thread_id": "t", "checkpoint_ns": "", "checkpoint_id": "c"}}


async def test_the_sync_methods_serve_other_threads(saver: GroupCommitSaver) -> None:
    checkpoint = empty_checkpoint()

    def elsewhere() -> Any:
        config = saver.put(AT, checkpoint, {"step": 3}, {})
        saver.put_writes(config, [("c", [1])], "task")
        found = [saver.get_tuple(config), *saver.list(config)]
        saver.delete_thread("t")
        return found, saver.get_tuple(config)

    found, gone = await asyncio.to_thread(elsewhere)
    assert [item.pending_writes for item in found] == [[("task", "c", [1])]] * 2
    assert gone is None
    with pytest.raises(asyncio.InvalidStateError, match="different thread"):
        saver.get_tuple(AT)


async def test_a_saver_of_another_event_loop_is_refused_whatever_it_is_asked(saver: GroupCommitSaver) -> None:
    """An answer that is made in one loop wakes nobody in another."""

    async def first() -> Any:
        return await anext(saver.alist(AT))

    calls: dict[str, Callable[[], Coroutine[Any, Any, Any]]] = {
        "write": lambda: saver.aput_writes(AT, [("c", 1)], "task"),
        "read the latest": lambda: saver.aget_tuple(LATEST),
        "read one": lambda: saver.aget_tuple(AT),
        "list": first,
        "delete": lambda: saver.adelete_thread("t"),
        "prune": lambda: saver.aprune(["t"]),
    }

    def refused(call: Callable[[], Coroutine[Any, Any, Any]]) -> str:
        try:
            asyncio.run(call())
        except ConfigurationError as error:
            return str(error)
        return ""

    said = {name: await asyncio.to_thread(refused, call) for name, call in calls.items()}
    assert [name for name, error in said.items() if "belongs to the event loop it was made in" not in error] == []
