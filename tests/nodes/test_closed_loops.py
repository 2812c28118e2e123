"""An app may drive loops of its own, and close one while work goes on: the next work has what is left of it dropped."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from types import SimpleNamespace
from typing import Any, cast

import pytest

from langgraph_quorum.nodes.branching import harvest, lasting
from langgraph_quorum.nodes.branching.rendezvous import meet, open_meetings
from langgraph_quorum.nodes.branching.stopping import abandoned, stop
from langgraph_quorum.nodes.branching.ticket import Ticket
from langgraph_quorum.nodes.branching.work import Work

Leave = Callable[[int, asyncio.Task[None]], Awaitable[None]]
LAST = 4
NO_WORK = cast("Work", None)


async def abandons(_: int, task: asyncio.Task[None]) -> None:
    await stop(task, cancel=False)


async def holds(number: int, task: asyncio.Task[None]) -> None:
    lasting.keep(f"run-{number}", Ticket("b", 0, claims={"gpu": 1}), task)


async def harvests(number: int, task: asyncio.Task[None]) -> None:
    harvest.keep(f"run-{number}", "b", harvest.Straggler(task, lambda: None, NO_WORK))


async def meets(number: int, _: asyncio.Task[None]) -> None:
    info = SimpleNamespace(checkpoint_ns="", checkpoint_id=str(number))
    runtime: Any = SimpleNamespace(control=None, execution_info=info)
    bundle: Any = {"wave": {"run": f"run-{number}"}, "calls": []}
    with meet(bundle, runtime) if number == LAST else NeverLeft(bundle, runtime):
        pass


class NeverLeft(meet):
    """Whoever came is still there when the loop is closed."""

    def __exit__(self, *_: object) -> None: ...


@pytest.mark.parametrize(
    ("leave", "kept"),
    [
        (abandons, abandoned),
        (harvests, lambda: len(harvest._listed)),
        (holds, lambda: len(lasting._held)),
        (meets, open_meetings),
    ],
)
def test_what_went_on_when_its_loop_was_closed_does_not_pile_up(leave: Leave, kept: Callable[[], int]) -> None:
    async def scene(number: int, seconds: float) -> None:
        task = asyncio.create_task(asyncio.sleep(seconds))
        await asyncio.sleep(0)
        await leave(number, task)
        await asyncio.wait({task}, timeout=0.05)

    before = kept()
    for number in range(LAST):
        loop = asyncio.new_event_loop()
        loop.run_until_complete(scene(number, 600))
        loop.close()  # without cancelling what is under way
        assert kept() <= before + 1  # that of this loop
    asyncio.run(scene(LAST, 0.01))
    assert kept() <= before
