"""The wall clock of a run: moments that services name, and when they have come, follow the virtual loop's time."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, datetime, timedelta, tzinfo

from langgraph_quorum.nodes import postponing
from langgraph_quorum.nodes.branching import effort, work

EPOCH = datetime(2004, 1, 1, tzinfo=UTC)
"""What the clock on the wall says when the loop's says 0."""
_READERS = (effort, postponing, work)


class Wall(datetime):
    """Moments as ever; but it is now what the running loop says."""

    @classmethod
    def now(cls, tz: tzinfo | None = None) -> datetime:  # type: ignore[override]
        return moment(asyncio.get_running_loop().time()).astimezone(tz)


def moment(seconds: float) -> datetime:
    """When the loop's clock says this."""
    return EPOCH + timedelta(seconds=seconds)


def seconds_of(moment: str) -> float:
    """What the loop's clock says at a moment in ISO 8601."""
    return (datetime.fromisoformat(moment) - EPOCH) / timedelta(seconds=1)


@contextmanager
def on_the_wall() -> Iterator[None]:
    """Whoever asks for the time of day gets the loop's."""
    plain = {module: vars(module)["datetime"] for module in _READERS}
    for module in _READERS:
        setattr(module, "datetime", Wall)  # noqa: B010
    try:
        yield
    finally:
        for module, kept in plain.items():
            setattr(module, "datetime", kept)  # noqa: B010
