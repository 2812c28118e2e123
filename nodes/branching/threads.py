"""Sync functions in daemon threads: the event loop never waits for them, and an abandoned one never holds the exit."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from langgraph_quorum.nodes.branching.thread_pool import ThreadPool

T = TypeVar("T")

shared_pool = ThreadPool()
"""The pool of everything that was not given one of its own."""


async def in_thread(function: Callable[[], T], *, name: str) -> T:
    """Run a sync function in a daemon thread of the shared pool and await its result.

    A cancelled caller abandons the thread: nothing can stop it, but nobody waits for it and its result is dropped.
    Context variables are those of the caller.
    """
    return await shared_pool.run(function, name=name)
