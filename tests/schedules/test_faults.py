"""The simulator finds what it is there to find."""

from __future__ import annotations

import pytest

from tests.schedules import faults, faults_between
from tests.schedules.campaign import played

SOON = 400
"""Seeds among which each fault must show."""
SELDOM = {
    "a late result counts twice": 82,
    "a piece goes out without what joins it": 60,
    "a retry does not wait for its service": 86,
    "somebody gets a branch again": 50,
    "work waits for a service that rests beyond its deadline": 267,
    "what was stopped does not wait for its service": 2214,
    "pieces take no room": 466,
    "what a late result asks for is lost": 426,
    "a question that is put off is waited for without end": 1212,
    "one that lacks cores keeps a resource from others": 291,
    "one that waits for much of a resource blocks those behind it": 291,
    "only the first of those that fit is told of a freed resource": 142,
    "a cancelled straggler is waited for": 161,
}
"""Faults that show seldom, and the seeds from which on they are looked for."""

FAULTS = {**faults.FAULTS, **faults_between.FAULTS}


@pytest.mark.parametrize("name", FAULTS)
def test_a_fault_in_the_kernel_is_found_soon(name: str, monkeypatch: pytest.MonkeyPatch) -> None:
    FAULTS[name](monkeypatch)
    first = SELDOM.get(name, 0)
    found = played(range(first, first + SOON), most_failures=1).failures
    assert found, f"{SOON} seeds, and nobody has noticed that {name}"
