"""Until when a question is open: counted from when it was first asked, by the database's clock where there is one.

The moment stands in the timeline, written by a step of its own before the question is asked. So it survives crashes,
is the same for every complaint about an answer, and nobody needs to be running for the time to be up.
"""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable
from datetime import UTC, datetime, timedelta
from typing import Any, TypeAlias

from langgraph.config import get_config

from langgraph_quorum.nodes.journal import entry
from langgraph_quorum.nodes.reviewing.answers import Decision
from langgraph_quorum.state.policies import ReviewPolicy
from langgraph_quorum.state.workflow import QuorumState

CLOCK_KEY = "__quorum_clock"
"""Where a run's config holds its driver's clock, under `configurable`. Who gives one checks answers by it before they
reach the graph; without one the host's clock counts, and it is looked at when the answer arrives."""

Clock: TypeAlias = Callable[[], Awaitable[datetime]]

ASKS = "asks"
_LONGEST_S = 3_000_000_000.0
"""About a century: what is later has no date in every database and language."""


def begins(state: QuorumState, node: str, policy: ReviewPolicy) -> bool:
    """Whether the moment of asking is still to be written down."""
    return math.isfinite(policy.expires_s) and not _is_asking(state, node)


async def beginning(state: QuorumState, node: str, policy: ReviewPolicy) -> dict[str, Any]:
    """The update that writes it down."""
    now = await _now()
    until = now + timedelta(seconds=min(policy.expires_s, _LONGEST_S))
    why = f"a human is asked; unanswered until {until.isoformat(timespec='seconds')}: {policy.on_expiry}"
    line = entry(state, node, ASKS, why, asked_at=now.isoformat(), expires_at=until.isoformat())
    return {"timeline": [line]}


def times(state: QuorumState, node: str) -> dict[str, str]:
    """`asked_at` and `expires_at` of the question that this node asks; {} for one that does not expire."""
    if not _is_asking(state, node):
        return {}
    data = state["timeline"][-1].get("data", {})
    return {"asked_at": data["asked_at"], "expires_at": data["expires_at"]}


async def judged(decision: Decision, state: QuorumState, node: str, policy: ReviewPolicy) -> Decision | None:
    """The decision that counts, given when the answer came.

    Returns:
        None when the answer says that the time is up, and it is not.
    """
    written = times(state, node)
    if not written:
        return None if decision.kind == "expire" else decision
    up = decision.kind == "expire" or not _has_clock()
    until = datetime.fromisoformat(written["expires_at"])
    if up and await _now() >= until:
        return Decision(policy.on_expiry, f"nobody answered until {until.isoformat(timespec='seconds')}")
    return None if decision.kind == "expire" else decision


def is_asking(state: QuorumState) -> bool:
    """Whether the moment was just written down, so that the question comes next."""
    timeline = state.get("timeline") or []
    return bool(timeline) and timeline[-1]["event"] == ASKS


def _is_asking(state: QuorumState, node: str) -> bool:
    return is_asking(state) and state["timeline"][-1]["node"] == node


def _has_clock() -> bool:
    return CLOCK_KEY in get_config().get("configurable", {})


async def _now() -> datetime:
    clock: Clock | None = get_config().get("configurable", {}).get(CLOCK_KEY)
    return wall_clock() if clock is None else await clock()


def wall_clock() -> datetime:
    """This host's time."""
    return datetime.now(UTC)
