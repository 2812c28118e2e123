"""The host's clock in a test's hands."""

from __future__ import annotations

from datetime import UTC, datetime

import pytest

from langgraph_quorum.nodes.reviewing import expiry


@pytest.fixture
def clock(monkeypatch: pytest.MonkeyPatch) -> list[datetime]:
    """The host's clock: its last entry is the time."""
    times = [datetime(2030, 1, 1, tzinfo=UTC)]
    monkeypatch.setattr(expiry, "wall_clock", lambda: times[-1])
    return times
