"""Gate, order, limits, retries, hedges, harvest and drain hold under thousands of random schedules.

`python -m tests.schedules --seeds 1000000` plays more of them.
"""

from __future__ import annotations

import pytest

from tests.schedules.campaign import played, plays_of
from tests.schedules.coverage import blind_spots

SEEDS, CHUNK = 10_000, 500
LEAST = 3
"""How often each thing must be seen in a chunk."""


@pytest.mark.parametrize("first", range(0, SEEDS, CHUNK))
def test_nothing_goes_wrong_and_everything_is_seen(first: int) -> None:
    report = played(range(first, first + CHUNK))
    assert not report.failures, str(report)
    assert not blind_spots(report.counts, LEAST)


@pytest.mark.parametrize("seed", [5, 12])
def test_a_crash_at_every_single_step_loses_nothing(seed: int) -> None:
    report = played([seed], thorough=True)
    assert not report.failures, str(report)
    assert report.counts["blow: crash"] > 100


@pytest.mark.parametrize("seed", [3, 46, 298])
def test_a_seed_plays_the_same_each_time(seed: int) -> None:
    def story() -> list[str]:
        return [
            f"{event.at:.9f} {event.kind} {event.name} {_plain(event.data)}"
            for one in plays_of(seed)
            for event in one.journal.events
        ]

    assert story() == story()


def _plain(data: object) -> object:
    """Without the moment on the wall clock that a record holds."""
    return {**data, "started_at": None} if isinstance(data, dict) and "started_at" in data else None
