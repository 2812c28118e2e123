"""The simulator finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.schedules import faults, faults_between
from tests.schedules.campaign import played

SOON = 400
"""Seeds among which each fault must show."""
FAULTS = {**faults.FAULTS, **faults_between.FAULTS}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_kernel_is_found_soon(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name](monkeypatch)
    assert played(range(SOON), most_failures=1).failures, f"{SOON} seeds, and nobody has noticed that {name}"
