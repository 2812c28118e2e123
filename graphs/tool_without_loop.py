"""Running a workflow for an agent that is called without an event loop."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from concurrent.futures import CancelledError, wait
from typing import Any, TypeVar

from langgraph.checkpoint.base import BaseCheckpointSaver

from langgraph_quorum.state.errors import ConfigurationError

LOOK_S = 1.0
"""How often it is looked at whether the checkpointer's event loop still runs."""
_ENDED = "its event loop has ended: keep it open while agents run"

T = TypeVar("T")


def run_without_a_loop(
    name: str, saver: BaseCheckpointSaver[Any] | None, run: Callable[[], Coroutine[Any, Any, T]]
) -> T:
    """What the run gives: in the event loop of the agent's checkpointer, else in one that ends with the call.

    Args:
        name: Of the tool, for errors.
        saver: The agent's checkpointer; None where it has none.
        run: Begins the run.

    Raises:
        ConfigurationError: the checkpointer has no async methods, its loop has ended or ends meanwhile, or a loop runs
            in this thread.
        Exception: what the run raises.
    """
    if saver is not None and type(saver).aget_tuple is BaseCheckpointSaver.aget_tuple:
        mend = "it has no async methods, and branches are async: give an async saver, and await agent.ainvoke(...)"
        raise ConfigurationError("checkpointer", saver, mend)
    if _is_in_a_loop():
        raise ConfigurationError("tool", name, "an event loop is running here: await agent.ainvoke(...)")
    loop = getattr(saver, "loop", None)
    if isinstance(loop, asyncio.AbstractEventLoop):
        return _run_in(loop, saver, run)
    with asyncio.Runner() as runner:
        return runner.run(run())


def _run_in(loop: asyncio.AbstractEventLoop, saver: object, run: Callable[[], Coroutine[Any, Any, T]]) -> T:
    """The same in a loop of another thread, which may end before the run does."""
    if not loop.is_running():
        raise ConfigurationError("checkpointer", saver, _ENDED)
    running = asyncio.run_coroutine_threadsafe(run(), loop)
    try:
        while not wait([running], LOOK_S).done:
            if not loop.is_running():
                raise ConfigurationError("checkpointer", saver, _ENDED)
        return running.result()
    except CancelledError as error:
        raise ConfigurationError("checkpointer", saver, _ENDED) from error
    finally:
        if not loop.is_closed():
            running.cancel()  # when the wait was interrupted


def _is_in_a_loop() -> bool:
    try:
        asyncio.get_running_loop()
    except RuntimeError:
        return False
    return True
