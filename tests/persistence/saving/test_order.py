"""What a branch has given is never stored ahead of the checkpoint that its fan-out began from."""

from __future__ import annotations

import asyncio

import pytest

from langgraph_quorum.orchestration.persistence.saving.order import HOLD_S, CheckpointOrder

PLACE = ("t", "")


async def waiting(order: CheckpointOrder, checkpoint_id: str) -> asyncio.Task[None]:
    task = asyncio.create_task(order.due(PLACE, checkpoint_id))
    await asyncio.sleep(0)
    return task


@pytest.mark.looptime
async def test_what_belongs_to_a_checkpoint_that_is_known_goes_at_once() -> None:
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
    early = await waiting(order, "3")
    order.saw(PLACE, "2")
    await asyncio.sleep(1)
    assert not early.done()
    order.saw(PLACE, "3")
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    assert early.done()


@pytest.mark.looptime
async def test_it_does_not_wait_for_one_that_failed_or_never_comes() -> None:
    order = CheckpointOrder()
    order.saw(PLACE, "1")
    early = await waiting(order, "2")
    order.failed(PLACE)
    await asyncio.sleep(0.1)
    assert early.done()

    before = asyncio.get_running_loop().time()
    await order.due(PLACE, "2")
    assert asyncio.get_running_loop().time() - before == pytest.approx(HOLD_S)


@pytest.mark.looptime
async def test_a_waiter_that_is_cancelled_leaves_nothing_behind_and_a_deleted_thread_is_forgotten() -> None:
    order = CheckpointOrder()
    order.saw(PLACE, "1")
    early = await waiting(order, "2")
    early.cancel()
    await asyncio.wait({early})
    assert not order._waiting
    order.forget("t")
    assert order.is_due(PLACE, "2")
