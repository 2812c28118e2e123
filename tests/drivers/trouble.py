"""What can be wrong in a driver's process: its heartbeat is blocked or dead, its clock jumps, it has no fence."""

from __future__ import annotations

import asyncio
import random
import time
from typing import Any

from langgraph_quorum.orchestration import driving
from langgraph_quorum.orchestration.persistence import heartbeat, lease
from langgraph_quorum.orchestration.persistence.fence import fenced_config

_JUMP_S = 3600.0


def blocked() -> None:
    """The heartbeat's statements get no answer; the driver sees that, and gives up when its lease has run out."""

    async def silent(*_: Any) -> Any:
        await asyncio.Event().wait()

    setattr(heartbeat, "_renew", silent)  # noqa: B010


def dead() -> None:
    """There is no heartbeat at all, and the driver does not see it: nothing but the fence is left."""

    async def no_beat(*_: Any) -> None:
        await asyncio.Event().wait()

    setattr(lease, "beat", no_beat)  # noqa: B010


def clock() -> None:
    """The host's clock jumps about by up to an hour each time it is read."""
    real, real_ns = time.time, time.time_ns
    jumps = random.Random(7)
    time.time = lambda: real() + jumps.uniform(-_JUMP_S, _JUMP_S)
    time.time_ns = lambda: real_ns() + int(jumps.uniform(-_JUMP_S, _JUMP_S) * 1e9)


def unfenced() -> None:
    """There is no heartbeat, and no token in what the driver writes: what the fence is there against."""
    dead()
    setattr(driving, "fenced_config", lambda thread_id, _: fenced_config(thread_id, None))  # noqa: B010


KINDS = {"blocked": blocked, "dead": dead, "clock": clock, "unfenced": unfenced}
