"""Tests marked `looptime` live in virtual time, of which threads know nothing.

While a thread works, a loop in virtual time has nothing to do and moves on to its next timer: how far depends on how
busy the machine is. So what such a test's loop hands to a thread is done at once, in the loop.
"""

from __future__ import annotations

import asyncio
from asyncio.base_events import BaseEventLoop
from collections.abc import Callable
from typing import Any

import pytest

from langgraph_quorum.nodes.checking import running
from langgraph_quorum.nodes.merging import merge, synthesis
from langgraph_quorum.nodes.scoring import judge, scorer, semantic


def done_at_once(
    loop: asyncio.AbstractEventLoop, _executor: Any, work: Callable[..., Any], *args: Any
) -> asyncio.Future[Any]:
    """In place of `loop.run_in_executor`."""
    future: asyncio.Future[Any] = loop.create_future()
    try:
        future.set_result(work(*args))
    except BaseException as error:  # noqa: BLE001  as a thread would hand it over
        future.set_exception(error)
    return future


async def called_at_once(function: Callable[[], Any], *, name: str) -> Any:
    """In place of `in_thread`."""
    del name
    return function()


@pytest.fixture(autouse=True)
def no_threads_in_virtual_time(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    if request.node.get_closest_marker("looptime") is not None:
        monkeypatch.setattr(BaseEventLoop, "run_in_executor", done_at_once)
        for module in (running, merge, synthesis, judge, scorer, semantic):
            monkeypatch.setattr(module, "in_thread", called_at_once)
