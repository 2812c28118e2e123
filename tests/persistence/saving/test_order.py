"""What a branch has given is never stored ahead of the checkpoint that its fan-out began from."""

from __future__ import annotations

import asyncio
from functools import partial

import pytest

from langgraph_quorum.orchestration.persistence.saving.order import HOLD_S, CheckpointOrder

PLACE = ("t", "")


class Held:
    """What was held back, until it goes."""

    def __init__(self, order: CheckpointOrder) -> None:
        self.order, self.gone = order, list[str]()

    def hold(self, checkpoint_id: str) -> None:
        self.order.hold(PLACE, checkpoint_id, partial(self.gone.append, checkpoint_id))


def test_what_belongs_to_a_checkpoint_that_is_known_goes_at_once() -> None:
    order = CheckpointOrder()
    assert order.is_due(PLACE, "2")  # of a thread that nobody knows anything is due
    order.saw(PLACE, "2")
    assert order.is_due(PLACE, "2")
    assert order.is_due(PLACE, "1")
    assert not order.is_due(PLACE, "3")
    assert order.is_due(("t", "inner"), "3")  # a nested graph has an order of its own


@pytest.mark.looptime
async def test_what_belongs_to_a_later_one_waits_until_that_is_handed_over() -> None:
    order = CheckpointOrder()
    order.saw(PLACE, "1")
    held = Held(order)
    for checkpoint_id in ("3", "2", "3"):
        held.hold(checkpoint_id)
    order.saw(PLACE, "2")
    assert held.gone == ["2"]
    await asyncio.sleep(1)
    assert held.gone == ["2"]
    order.saw(PLACE, "3")
    assert held.gone == ["2", "3", "3"]
    assert not order._timers


@pytest.mark.looptime
async def test_it_does_not_wait_for_one_that_failed_or_never_comes() -> None:
    order = CheckpointOrder()
    order.saw(PLACE, "1")
    held = Held(order)
    held.hold("2")
    order.let_go(PLACE)
    assert held.gone == ["2"]
    assert order.is_due(PLACE, "2")  # nor does what comes later

    order.saw(PLACE, "3")
    held.hold("4")
    await asyncio.sleep(HOLD_S - 0.1)
    assert held.gone == ["2"]
    await asyncio.sleep(0.2)
    assert held.gone == ["2", "4"]
    assert order.is_due(PLACE, "4")


@pytest.mark.looptime
async def test_a_thread_that_is_deleted_holds_nothing_and_is_forgotten() -> None:
    order = CheckpointOrder()
    order.saw(PLACE, "1")
    held = Held(order)
    held.hold("2")
    order.forget("t")
    assert held.gone == ["2"]
    assert order.is_due(PLACE, "2")
    assert not order._timers
