"""kill -9 at random moments: runs end as if nothing had happened, and nothing that was stored is done again."""

from __future__ import annotations

import itertools
import time
from collections.abc import Callable

import pytest

from tests.storm.campaign import Report, Storm, complaint, stormed
from tests.storm.scenes import SCENES
from tests.storm.trial import Plan

pytestmark = [pytest.mark.slow, pytest.mark.timeout(300), pytest.mark.xdist_group("storm")]

KILLS, FLOOR, BUDGET_S = 75, 30, 30.0
"""Of each share: what it is to come to, what it must, and after how long it may leave it at that."""
SHARES = 4
AT_ONCE = 2
"""Trials: about half of one is waiting."""
APART = 1_000_000
"""Seeds between the first ones of two shares."""


@pytest.mark.parametrize("share", range(SHARES))
def test_nothing_is_lost_and_nothing_is_done_twice(
    storm: Storm, share: int, record_property: Callable[[str, object], None]
) -> None:
    report, began = Report(), time.monotonic()

    def goes_on() -> bool:
        return report.kills < FLOOR or (report.kills < KILLS and time.monotonic() - began < BUDGET_S)

    for done in stormed([storm] * AT_ONCE, itertools.count(share * APART), goes_on):
        report.add(done)
    record_property("kills", report.kills)
    assert not report.failures, "\n".join(complaint(seed, found) for seed, found in report.failures.items())


def test_a_seed_always_stands_for_the_same_plan() -> None:
    assert Plan.of(7) == Plan.of(7)
    assert {Plan.of(seed).scene.name for seed in range(300)} == SCENES.keys()
